import type { RowFailure } from '../parse/error-summary';
import { isObject } from '../util/json';
import { UUID_PATTERN } from '../util/uuid';

/** A row of an upload, as bulk claim writes it into `msg.rows`. */
export interface UploadRow {
  /** The row's line in the file, or its place in the array, from 1; absent if the message did not say. */
  line?: number;
  deviceId: string;
  claimToken: string;
  tags: string[];
}

/** Why a row was not claimed, with all that is known of the row. */
export interface RowError {
  line?: number;
  /** The row in the upload, from 1. */
  row?: number;
  deviceId?: string;
  claimToken?: string;
  message: string;
  /** The service's own entry, where it could not be matched to a row. */
  item?: unknown;
}

/** Which rows of an upload failed, and why. */
export interface RowFailures {
  /** Rows of the upload by their number, from 1, with the reason. */
  failed: Map<number, string>;
  /** Entries of the service that match no row. */
  unmatched: { message: string; item?: unknown }[];
  /** How many more of these there were, which were not kept. */
  omitted?: number;
  /** Rows that the service names as claimed. */
  claimed?: ReadonlySet<unknown>;
}

/**
 * Reads `msg.rows`, which other nodes may have changed; an item that is not a row keeps its place. Rows in the form in which
 * bulk claim writes them are not copied: a thousand uploads may end within seconds, and copies of all their rows would fill
 * the memory.
 */
export function readUploadRows(value: unknown): (UploadRow | undefined)[] {
  if (!Array.isArray(value)) return [];
  return value.map((row: unknown) => {
    if (isUploadRow(row)) return row;
    if (!isObject(row) || typeof row['claimToken'] !== 'string') return undefined;
    const { line, deviceId, claimToken, tags } = row;
    return {
      ...(typeof line === 'number' ? { line } : {}),
      deviceId: typeof deviceId === 'string' ? deviceId.toLowerCase() : '',
      claimToken,
      tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [],
    };
  });
}

/** Whether a row is exactly as bulk claim writes it. */
function isUploadRow(row: unknown): row is UploadRow {
  if (!isObject(row)) return false;
  const { line, deviceId, claimToken, tags } = row;
  return (
    (line === undefined ? !('line' in row) : typeof line === 'number') &&
    typeof deviceId === 'string' &&
    deviceId === deviceId.toLowerCase() &&
    typeof claimToken === 'string' &&
    Array.isArray(tags) &&
    tags.every((tag) => typeof tag === 'string') &&
    Object.keys(row).length === (line === undefined ? 3 : 4)
  );
}

/** Joins the failures of an error summary with the rows of its upload. */
export function matchFailures(failures: readonly RowFailure[], rows: readonly unknown[]): RowFailures {
  const result: RowFailures = { failed: new Map(), unmatched: [] };
  for (const { row, message } of failures) {
    if (row !== undefined && (rows.length === 0 || row <= rows.length)) result.failed.set(row, message);
    else result.unmatched.push({ message });
  }
  return result;
}

/** What a result that came at once says about the rows of its upload. */
export interface ResultFailures extends RowFailures {
  /** How many rows failed, also where it is not known which. */
  count: number;
}

/** Joins a result that came at once with the rows of its upload, see {@link matchResult}. */
export function matchUploadResult(
  { claimedIds, failed }: Record<string, unknown>,
  rows: readonly (UploadRow | undefined)[],
): ResultFailures {
  return matchResult(listOf(failed), Array.isArray(claimedIds) ? claimedIds : [], rows);
}

/** A list, or an object whose entries are the items; the shape is not known publicly. */
function listOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.entries(value) : [];
}

/**
 * Joins the `failed` list of a result that came at once with the rows of its upload. The shape of its items is not known
 * publicly: a token, a device UUID or an index is looked for in each; what cannot be matched is kept as it is. Rows in
 * neither list failed, unless no claimed id matches a row and both lists add up to the rows; what is listed twice counts
 * once.
 * @param claimedIds the result's list of claimed devices
 */
export function matchResult(
  items: readonly unknown[],
  claimedIds: readonly unknown[],
  rows: readonly (UploadRow | undefined)[],
): ResultFailures {
  const places = placesOf(rows);
  const ids = new Set(claimedIds.map((id) => String(isObject(id) ? (id['id'] ?? '') : id)));
  const claimed = new Set([...ids].map((id) => placeIn(id, places)));
  claimed.delete(undefined);
  const result: RowFailures = { failed: new Map(), unmatched: [], claimed };
  for (const item of items) {
    const texts = textsOf(item);
    const place =
      texts.map((text) => placeIn(text, places)).find((found) => found !== undefined) ?? indexOf(item, rows.length);
    const message = messageOf(item, texts);
    if (place === undefined) result.unmatched.push({ message, item });
    else if (!result.failed.has(place)) result.failed.set(place, message);
  }
  const named = result.failed.size + result.unmatched.length;
  const addsUp = claimed.size === 0 && ids.size + named === rows.length;
  if (rows.length === 0 || (addsUp && result.unmatched.length === 0)) return { ...result, count: named };
  for (const index of rows.keys()) {
    const row = index + 1;
    if (!claimed.has(row) && !result.failed.has(row)) {
      result.failed.set(row, 'the service names the device neither as claimed nor as failed');
    }
  }
  return { ...result, count: addsUp ? named : result.failed.size };
}

/** What is known of a failed row, for `errors`. */
export function rowError(row: number, message: string, source: UploadRow | undefined): RowError {
  return {
    ...(source?.line === undefined ? {} : { line: source.line }),
    row,
    ...(source === undefined ? {} : { deviceId: source.deviceId, claimToken: source.claimToken }),
    message,
  };
}

function placesOf(rows: readonly (UploadRow | undefined)[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    if (row === undefined) continue;
    places.set(row.claimToken, index + 1);
    if (row.deviceId !== '') places.set(row.deviceId, index + 1);
  }
  return places;
}

/** Begins where a word does: else each character of a long word would be tried as the first one. */
const TOKEN = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{76,82}\.[A-Za-z0-9_-]{102,103}/;
const UUID = new RegExp(UUID_PATTERN, 'i');

function placeIn(text: string, places: Map<string, number>): number | undefined {
  const token = TOKEN.exec(text)?.[0];
  const uuid = UUID.exec(text)?.[0].toLowerCase();
  return (token === undefined ? undefined : places.get(token)) ?? (uuid === undefined ? undefined : places.get(uuid));
}

/** Numbers count from 0, as in the service's newer error summary, except in a field called row (our choice). */
function indexOf(item: unknown, length: number): number | undefined {
  const index = typeof item === 'string' ? /^\s*\[(\d{1,9})\]/.exec(item)?.[1] : isObject(item) ? item['index'] : item;
  const row = isObject(item) && typeof item['row'] === 'number' ? item['row'] : toNumber(index) + 1;
  return Number.isInteger(row) && row >= 1 && row <= length ? row : undefined;
}

function toNumber(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}

/** The texts in an item, itself or one level down. */
function textsOf(item: unknown): string[] {
  if (typeof item === 'string') return [item];
  if (typeof item !== 'object' || item === null) return [];
  return Object.values(item).filter((value): value is string => typeof value === 'string');
}

function messageOf(item: unknown, texts: string[]): string {
  const named = isObject(item)
    ? ['message', 'error', 'reason', 'detail', 'description'].map((field) => item[field])
    : texts.map((text) =>
        text
          .replace(/^\s*\[\d+\]\s*:/, '')
          .replace(TOKEN, '')
          .replace(UUID, ''),
      );
  const found = named.find((text): text is string => typeof text === 'string' && /\p{L}/u.test(text));
  return found?.trim() ?? 'refused by the service';
}
