import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import type { Api } from './api';
import { confirm, parseDevice, removed } from './devices';
import {
  hasCode,
  isClosed,
  isUnusableSuccess,
  NrfCloudError,
  saysNotFound,
  withEarlierDoubt,
  withMayHaveSucceeded,
} from './errors';
import { readPages } from './pagination';
import type { ApiResponse } from './request';

/** A tag as it is defined or changed (field names: guide). */
export interface TagDefinition {
  tag: string;
  description?: string;
}

/** The response to a creation; with the tag's id, if the service responded without a body. */
export type CreatedTag = ApiResponse & { id?: unknown };

/**
 * Reads all tags. The response is the service's as received; if it comes in pages, the last one with the items of all.
 * @throws {NrfCloudError} every failure
 */
export async function listTags(api: Api): Promise<ApiResponse> {
  const items: unknown[] = [];
  let count = 0;
  let body: unknown;
  let statusCode = 0;
  for await (const page of readPages(api, 'list tags', { mayBeEmpty: 204 })) {
    ({ body, statusCode } = page);
    for (const item of page.items) items.push(item);
    count++;
  }
  if (count > 1) body = isObject(body) ? { ...body, items } : items;
  return { statusCode, body };
}

/** The names of all tags, as far as a list shows them. */
export interface TagNames {
  names: string[];
  /** False if an item shows no name, so that a tag may be there although its name is not. */
  areAllShown: boolean;
}

/**
 * Reads the names of all tags, each page requested once: a person is waiting in front of a dialog.
 * @throws {NrfCloudError} every failure
 */
export async function readTagNames(api: Api): Promise<TagNames> {
  const names = new Set<string>();
  let areAllShown = true;
  for await (const { items } of readPages(api, 'list tags', { mayBeEmpty: 204, sendOnce: true })) {
    for (const item of items) {
      const name = tagName(item);
      if (name === undefined) areAllShown = false;
      else names.add(name);
    }
  }
  return { names: [...names], areAllShown };
}

/** The name of a tag as a list shows it: an object (as the guide defines tags), or bare text (as devices carry them). */
export function tagName(item: unknown): string | undefined {
  const name = isObject(item) ? item['tag'] : item;
  return typeof name === 'string' ? name : undefined;
}

/**
 * Defines a tag. A 409 after a lost response means that the first attempt did it; the response is then the tag as listed, or
 * has no body if the list cannot be read or does not show the tag.
 * @throws {NrfCloudError} every failure; `NRFCLOUD_CONFLICT` if there is a tag of this name
 */
export async function createTag(api: Api, definition: TagDefinition): Promise<CreatedTag> {
  const work = (): Promise<CreatedTag> => createInOrder(api, definition, false);
  return api.inOrder('create tag', nameKey(definition.tag), work);
}

/**
 * Returns the tag of this name as it is, or defines it. Two flows may do so at once: the second gets a 409, and the tag of
 * the first.
 * @throws {NrfCloudError} every failure
 */
export async function ensureTag(api: Api, definition: TagDefinition): Promise<CreatedTag> {
  const work = async (): Promise<CreatedTag> =>
    (await findByName(api, definition.tag)) ?? (await createInOrder(api, definition, true));
  return api.inOrder('create tag', nameKey(definition.tag), work);
}

/** @param mayExist whether a tag that exists already is a success */
async function createInOrder(api: Api, definition: TagDefinition, mayExist: boolean): Promise<CreatedTag> {
  const { tag } = definition;
  const find = (): Promise<ApiResponse | undefined> => findByName(api, tag);
  let created: CreatedTag;
  try {
    const parse = (body: unknown): unknown => parseTagChange(body, (item) => tagName(item) === tag);
    created = await api.send('create tag', { json: definition, parse });
  } catch (error) {
    if (isUnusableSuccess(error)) return orThrow(error, await confirm(error, find));
    const mayBeOurs = hasCode(error, 'NRFCLOUD_CONFLICT') && (mayExist || error.mayHaveSucceeded);
    if (!mayBeOurs) throw error;
    const found = await api.repeatLookUp('create tag', find).catch((failure: unknown) => {
      if (error.mayHaveSucceeded && failure instanceof NrfCloudError && !isClosed(failure)) return undefined;
      throw withEarlierDoubt(failure, error);
    });
    return found === undefined && error.mayHaveSucceeded ? { statusCode: 409, body: undefined } : orThrow(error, found);
  }
  return created.body === undefined ? withFoundId(created, find) : created;
}

/**
 * The guide shows no body of a creation, but without its id the tag cannot be changed later. The tag is there all the same
 * if the list cannot be read.
 */
async function withFoundId(created: CreatedTag, find: () => Promise<ApiResponse | undefined>): Promise<CreatedTag> {
  try {
    const found = await find();
    return isObject(found?.body) ? { ...created, id: found.body['id'] } : created;
  } catch (error) {
    if (!(error instanceof NrfCloudError)) throw error;
    if (isClosed(error)) throw withMayHaveSucceeded(error);
    return created;
  }
}

/** Reads a tag. @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for a body that cannot be one */
export function getTag(api: Api, id: string): Promise<ApiResponse> {
  return api.send('get tag', { id, parse: (body) => parseTagOrTags(body, id) });
}

/**
 * Changes a tag, on all devices that carry it (guide). The service wants both fields (our reading of the guide's PUT),
 * so omitted ones are read first.
 * @throws {NrfCloudError} every failure
 */
export async function updateTag(api: Api, id: string, change: Partial<TagDefinition>): Promise<ApiResponse> {
  const work = async (): Promise<ApiResponse> => {
    const isComplete = change.tag !== undefined && change.description !== undefined;
    const { tag, description } = isComplete ? change : { ...(await definitionOf(api, id)), ...change };
    const isNamed = (item: unknown): item is Record<string, unknown> =>
      isObject(item) && (item['id'] === undefined || hasId(item, id)) && item['tag'] === tag;
    try {
      const parse = (body: unknown): unknown => parseTagChange(body, (item) => isNamed(item) || hasId(item, id));
      return await api.send('update tag', { id, json: { tag, description }, parse });
    } catch (error) {
      if (!isUnusableSuccess(error)) throw error;
      const found = await confirm(error, () => getTag(api, id));
      // Most changes are of the description only, so the name alone confirms nothing.
      if (!isNamed(found.body) || (found.body['description'] ?? '') !== (description ?? '')) throw error;
      return found;
    }
  };
  return api.inOrder('update tag', idKey(id), work);
}

/** Deletes a tag, also from all devices (guide). @throws {NrfCloudError} every failure */
export async function deleteTag(api: Api, id: string): Promise<ApiResponse> {
  const work = async (): Promise<ApiResponse> => {
    try {
      const parse = (body: unknown): unknown => parseTagChange(body, (item) => hasId(item, id));
      return await api.send('delete tag', { id, parse });
    } catch (error) {
      if (saysNotFound(error) && error.mayHaveSucceeded) return removed();
      if (!isUnusableSuccess(error)) throw error;
      const gone = await confirm(error, () => isGone(api, id));
      if (!gone) throw error;
      return removed();
    }
  };
  return api.inOrder('delete tag', idKey(id), work);
}

/**
 * The tags of a device: in `guide` the service's response as received, in `current` the `tags` of the device.
 * @throws {NrfCloudError} every failure
 */
export async function tagsOfDevice(api: Api, id: string): Promise<ApiResponse> {
  if (api.version === 'guide') return api.send('tags of device', { id, parse: (body) => parseTagOrTags(body, id) });
  const parse = (value: unknown): unknown => (value === undefined ? undefined : (parseDevice(value, id)['tags'] ?? []));
  return api.send('tags of device', { id, parse });
}

async function isGone(api: Api, id: string): Promise<boolean> {
  try {
    await getTag(api, id);
    return false;
  } catch (error) {
    if (saysNotFound(error)) return true;
    throw error;
  }
}

/**
 * What a tag is now. A service whose path by id means a device's id (the guide says both) responds with something else or
 * with nothing; then the list of all tags is read.
 */
async function definitionOf(api: Api, id: string): Promise<Partial<TagDefinition>> {
  try {
    const { body } = await api.send('get tag', { id, parse: (value) => parseTag(value, id) });
    return definitionIn(body);
  } catch (error) {
    if (!hasCode(error, 'NRFCLOUD_NOT_FOUND', 'NRFCLOUD_BAD_RESPONSE')) throw error;
    const found = await find(api, (item) => isObject(item) && hasId(item, id) && typeof item['tag'] === 'string');
    return definitionIn(orThrow(error, found).body as Record<string, unknown>);
  }
}

function definitionIn({ tag, description }: Record<string, unknown>): Partial<TagDefinition> {
  return { tag: tag as string, ...(typeof description === 'string' ? { description } : {}) };
}

/** @throws {InvalidValue} if a body is not the tag with this id */
function parseTag(body: unknown, id: string): Record<string, unknown> {
  const isAbout = isObject(body) && (body['id'] === undefined || hasId(body, id));
  if (isAbout && typeof body['tag'] === 'string') return body;
  throw new InvalidValue('is not the requested tag');
}

/** The form of a tag's id is not known; a UUID may come in another case than it was sent in. */
function hasId(item: unknown, id: string): boolean {
  const actual = isObject(item) ? item['id'] : undefined;
  if (typeof actual === 'number') return String(actual) === id;
  return typeof actual === 'string' && actual.toLowerCase() === id.toLowerCase();
}

/** Whether a body names a device or tag that was not asked for. */
function isAboutOther(body: Record<string, unknown>, id: string): boolean {
  const actual = body['id'] ?? body['deviceId'];
  return actual !== undefined && actual !== null && !hasId({ id: actual }, id);
}

/** The guide's path by id may give a tag or a list of tags; no body is an acknowledgement. */
function parseTagOrTags(body: unknown, id: string): unknown {
  if (body === undefined) return undefined;
  if (isObject(body) && isAboutOther(body, id)) throw new InvalidValue('is about another device or tag');
  const items = isObject(body) ? body['items'] : body;
  if (Array.isArray(items) && items.every((item) => tagName(item) !== undefined)) return body;
  if (isObject(body) && Array.isArray(body['tags'])) return body;
  return parseTag(body, id);
}

/** @throws {InvalidValue} if the body of a change is neither empty nor about the tag */
function parseTagChange(body: unknown, isTarget: (body: unknown) => boolean): unknown {
  if (body === undefined || isTarget(body)) return body;
  throw new InvalidValue('is not about the tag');
}

function findByName(api: Api, name: string): Promise<ApiResponse | undefined> {
  return find(api, (item) => tagName(item) === name);
}

async function find(api: Api, isWanted: (item: unknown) => boolean): Promise<ApiResponse | undefined> {
  for await (const { items, statusCode } of readPages(api, 'list tags', { mayBeEmpty: 204 })) {
    const index = items.findIndex(isWanted);
    if (index >= 0) return { statusCode, body: items[index] };
  }
  return undefined;
}

function nameKey(name: string): string {
  return `tag name ${name}`;
}

function idKey(id: string): string {
  return `tag ${id.toLowerCase()}`;
}

/** @throws {NrfCloudError} the error, if nothing was found */
function orThrow(error: NrfCloudError, found: ApiResponse | undefined): ApiResponse {
  if (found === undefined) throw error;
  return found;
}
