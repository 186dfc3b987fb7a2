import { checkDevice, type Device } from './claims';
import type { ApiResponse } from './parse-response';
import { NrfCloudError } from './errors';
import { readPages } from './pagination';
import { acceptAlreadyRemoved } from './removal';
import type { Api } from './api';
import { isObject } from '../util/json';

/** A tag as it is defined or changed (field names: guide). */
export interface TagDefinition {
  tag: string;
  description?: string;
}

/** The answer to a creation; with the tag's id, if the service answered without a body. */
export type CreatedTag = ApiResponse & { id?: unknown };

/**
 * Reads all tags. The answer is the service's as received; if it comes in pages, the last one with the items of all.
 * @throws {NrfCloudError} every failure
 */
export async function listTags(api: Api): Promise<ApiResponse> {
  const items: unknown[] = [];
  let count = 0;
  let body: unknown;
  let statusCode = 0;
  for await (const page of readPages(api, 'list tags')) {
    ({ body, statusCode } = page);
    for (const item of page.items) items.push(item);
    count++;
  }
  if (count > 1) body = isObject(body) ? { ...body, items } : items;
  return { statusCode, body };
}

/**
 * The names of all tags, each page asked for once: somebody is waiting in front of a dialog.
 * @throws {NrfCloudError} every failure
 */
export async function tagNames(api: Api): Promise<string[]> {
  const names = new Set<string>();
  for await (const { items } of readPages(api, 'list tags', { retries: 0 })) {
    for (const item of items) {
      const name = tagName(item);
      if (name !== undefined) names.add(name);
    }
  }
  return [...names];
}

/** The name of a tag as a list shows it: an object (as the guide defines tags), or bare text (as devices carry them). */
export function tagName(item: unknown): string | undefined {
  const name = isObject(item) ? item['tag'] : item;
  return typeof name === 'string' ? name : undefined;
}

/**
 * Defines a tag. A 409 after a lost response means that the first attempt did it.
 * @throws {NrfCloudError} every failure; `NRFCLOUD_CONFLICT` if there is a tag of this name
 */
export async function createTag(api: Api, definition: TagDefinition): Promise<CreatedTag> {
  try {
    return await create(api, definition);
  } catch (error) {
    if (!isConflict(error) || !error.mayHaveSucceeded) throw error;
    return foundOr(error, await findByName(api, definition.tag));
  }
}

/**
 * Gives the tag of this name as it is, or defines it. Two flows may do so at once: who comes second gets a 409, and the
 * tag of the first.
 * @throws {NrfCloudError} every failure
 */
export async function ensureTag(api: Api, definition: TagDefinition): Promise<CreatedTag> {
  const existing = await findByName(api, definition.tag);
  if (existing !== undefined) return existing;
  try {
    return await create(api, definition);
  } catch (error) {
    if (!isConflict(error)) throw error;
    return foundOr(error, await findByName(api, definition.tag));
  }
}

/** Reads a tag. @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for a body that can't be one */
export function getTag(api: Api, id: string): Promise<ApiResponse> {
  return api.send('get tag', { id, checkBody: isScalar });
}

/**
 * Changes a tag, on all devices that carry it (guide). The service wants both fields (our reading of the guide's PUT),
 * so what is left out is read first.
 * @throws {NrfCloudError} every failure
 */
export async function updateTag(api: Api, id: string, change: Partial<TagDefinition>): Promise<ApiResponse> {
  const whole = change.tag !== undefined && change.description !== undefined;
  const { tag, description } = whole ? change : { ...(await definitionOf(api, id)), ...change };
  return api.send('update tag', { id, json: { tag, description } });
}

/** Deletes a tag, also from all devices (guide). @throws {NrfCloudError} every failure */
export function deleteTag(api: Api, id: string): Promise<ApiResponse> {
  return acceptAlreadyRemoved(api.send('delete tag', { id }));
}

/**
 * The tags of a device: in `guide` the service's answer as received, in `current` the `tags` of the device.
 * @throws {NrfCloudError} every failure
 */
export async function tagsOfDevice(api: Api, id: string): Promise<ApiResponse> {
  if (api.version === 'guide') return api.send('tags of device', { id, checkBody: isScalar });
  const { statusCode, body } = await api.send('tags of device', { id, checkBody: checkDevice });
  return { statusCode, body: (body as Device)['tags'] ?? [] };
}

/** After an answer without a body (the guide shows none) the id is looked up: without it the tag can't be changed. */
async function create(api: Api, definition: TagDefinition): Promise<CreatedTag> {
  const created = await api.send('create tag', { json: definition });
  if (created.body !== undefined) return created;
  const found = await findByName(api, definition.tag);
  return isObject(found?.body) ? { ...created, id: found.body['id'] } : created;
}

/**
 * What a tag is now. A service whose path by id means a device's id (the guide says both) answers with something else or
 * with nothing; then the list of all tags is read.
 */
async function definitionOf(api: Api, id: string): Promise<Partial<TagDefinition>> {
  try {
    const { body } = await api.send('get tag', { id, checkBody: notATag });
    return known(body);
  } catch (error) {
    if (!(error instanceof NrfCloudError) || !/_(NOT_FOUND|BAD_RESPONSE)$/.test(error.code)) throw error;
    const found = await find(api, (item) => isObject(item) && item['id'] === id && notATag(item) === undefined);
    return known(foundOr(error, found).body);
  }
}

function known(body: unknown): Partial<TagDefinition> {
  const { tag, description } = body as Record<string, unknown>;
  return { tag: tag as string, ...(typeof description === 'string' ? { description } : {}) };
}

/** The guide's path by id may answer with a tag or with a list of tags, and whatever else comes is nothing to work with. */
function isScalar(body: unknown): string | undefined {
  return body == null || typeof body === 'object' ? undefined : 'its body is neither a tag nor a list of tags';
}

function notATag(body: unknown): string | undefined {
  return isObject(body) && typeof body['tag'] === 'string' ? undefined : 'its body is not a tag';
}

function findByName(api: Api, name: string): Promise<ApiResponse | undefined> {
  return find(api, (item) => tagName(item) === name);
}

async function find(api: Api, wanted: (item: unknown) => boolean): Promise<ApiResponse | undefined> {
  for await (const { items, statusCode } of readPages(api, 'list tags')) {
    const at = items.findIndex(wanted);
    if (at >= 0) return { statusCode, body: items[at] };
  }
  return undefined;
}

function isConflict(error: unknown): error is NrfCloudError {
  return error instanceof NrfCloudError && error.code === 'NRFCLOUD_CONFLICT';
}

/** @throws the error, if nothing was found */
function foundOr(error: NrfCloudError, found: ApiResponse | undefined): ApiResponse {
  if (found === undefined) throw error;
  return found;
}
