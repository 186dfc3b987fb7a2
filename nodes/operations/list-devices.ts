import { withSource } from '../api/with-source';
import { NrfCloudError } from '../api/errors';
import { MAX_ITEMS, readPages, type Page } from '../api/pagination';
import type { Api } from '../api/api';
import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import { tagName } from '../api/tags';
import { parseQuery } from '../parse/query';
import { countedAtEnd, type Part } from './sequence';
import { parseTagName } from '../parse/tag-name';

/** Which devices to list. */
export interface Listing {
  /** The service's own query parameters, as text `a=b&c=d` or an object. */
  query: unknown;
  /** Only devices that carry this tag; blank text for all. */
  tag: unknown;
  /** Maximum number of devices; 0 = all. */
  limit: number;
}

/** The devices of one page that are wanted, as received. */
export interface DevicePage {
  devices: unknown[];
  statusCode: number;
  /** No page follows, or none is needed. */
  last: boolean;
}

/**
 * Lists claimed devices page by page. The next page is requested while one is being used, unless that one completes the
 * `limit`.
 * @param where names the sources of query and tag in errors
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` before anything is sent, or the service's failure
 */
export async function* listDevices(
  api: Api,
  { query, tag, limit }: Listing,
  where: { query: string; tag: string },
): AsyncGenerator<DevicePage, void> {
  const wanted = tagOf(tag, where.tag);
  const parameters = withSource('list devices', where.query, () => parseQuery(query));
  let left = limit === 0 ? Infinity : limit;
  const select = (items: unknown[]): unknown[] =>
    wanted === undefined ? items : items.filter((device) => carries(device, wanted));
  const prefetch = ({ items }: Page): boolean => limit === 0 || select(items).length < left;
  for await (const page of readPages(api, 'list devices', { query: parameters, prefetch, maxItems: Infinity })) {
    const selected = select(page.items);
    const devices = selected.length > left ? selected.slice(0, left) : selected;
    left -= devices.length;
    const last = page.last || left === 0;
    yield { devices, statusCode: page.statusCode, last };
    if (last) return;
  }
}

/** A list in pieces: one device alone, or the devices of a page. */
export interface Piece {
  payload: unknown;
  statusCode: number;
  part: Part;
}

/**
 * Each device alone. They come a page at a time, as to wait for each takes longer than to send it; only one page is held.
 * @throws {NrfCloudError} as {@link listDevices}
 */
export function eachDevice(list: AsyncIterable<DevicePage>): AsyncIterable<Piece[]> {
  return countedAtEnd(devicesOf(list));
}

async function* devicesOf(list: AsyncIterable<DevicePage>): AsyncGenerator<Piece[], void> {
  let index = 0;
  for await (const { devices, statusCode } of list) {
    yield devices.map((payload) => ({ payload, statusCode, part: { index: index++ } }));
  }
}

/**
 * The devices of each page, leaving out pages that hold no wanted device; but not the last, which ends the sequence. Only
 * one page is held.
 * @throws {NrfCloudError} as {@link listDevices}
 */
export async function* eachPage(list: AsyncIterable<DevicePage>): AsyncGenerator<Piece[], void> {
  let index = 0;
  for await (const { devices: payload, statusCode, last } of list) {
    if (payload.length === 0 && !last) continue;
    yield [{ payload, statusCode, part: { index, ...(last ? { count: index + 1 } : {}) } }];
    index++;
  }
}

/**
 * All devices at once.
 * @throws {NrfCloudError} as {@link listDevices}; `NRFCLOUD_BAD_RESPONSE` for more than {@link MAX_ITEMS} devices
 */
export async function allDevices(list: AsyncIterable<DevicePage>): Promise<Omit<Piece, 'part'>> {
  const payload: unknown[] = [];
  let last = 0;
  for await (const { devices, statusCode } of list) {
    if (payload.length + devices.length > MAX_ITEMS) throw tooManyDevices(statusCode);
    for (const device of devices) payload.push(device);
    last = statusCode;
  }
  return { payload, statusCode: last };
}

function tooManyDevices(statusCode: number): NrfCloudError {
  const operation = 'list devices';
  const message = `${operation}: the list has more than ${MAX_ITEMS} devices, which are not held at once; choose a message per device or page, or set a limit`;
  return new NrfCloudError('NRFCLOUD_BAD_RESPONSE', message, { operation, statusCode, attempts: 1 });
}

/** A source without a value is not "no filter": a list of all devices is not what was asked for. */
function tagOf(tag: unknown, source: string): string | undefined {
  if (typeof tag === 'string' && tag.trim() === '') return undefined;
  return withSource('list devices', source, () => {
    if (tag !== undefined && tag !== null) return parseTagName(tag);
    throw new InvalidValue('is missing; set it to a tag, or to empty text for all devices');
  });
}

/** Whether a device carries a tag (field: guide). The service may not know our filter, so it is applied here. */
function carries(device: unknown, tag: string): boolean {
  const tags = isObject(device) ? device['tags'] : undefined;
  return Array.isArray(tags) && tags.some((item) => tagName(item) === tag);
}
