import type { Api } from '../api/api';
import type { OperationName } from '../api/endpoints';
import type { ApiResponse } from '../api/request';
import {
  createTag,
  deleteTag,
  ensureTag,
  getTag,
  listTags,
  tagsOfDevice,
  updateTag,
  type TagDefinition,
} from '../api/tags';
import { withSource } from '../api/with-source';
import { parseDeviceId, parseTagId } from '../parse/ids';
import { parseTagName } from '../parse/tag-name';
import { InvalidValue } from '../util/invalid-value';
import { describeType, isObject } from '../util/json';
import { acknowledgement, type OperationResult } from './operation-table';

/** A response, and the id of what it is about, for responses without a body. */
type TagResponse = ApiResponse & { id?: unknown };

/** How an operation reads its input, and what it then requests; `read` throws {@link InvalidValue}. */
interface TagOperationDefinition<T> {
  name: OperationName;
  read: (input: unknown) => T;
  run: (api: Api, value: T) => Promise<TagResponse>;
}

const define = <T>(definition: TagOperationDefinition<T>) => ({
  name: definition.name,
  run: async (api: Api, input: unknown, source: string): Promise<TagResponse> =>
    definition.run(
      api,
      withSource(definition.name, source, () => definition.read(input)),
    ),
});

/** What can be done with tags. */
export const TAG_OPERATIONS = {
  list: define({ name: 'list tags', read: () => undefined, run: (api) => listTags(api) }),
  create: define({ name: 'create tag', read: readDefinition, run: createTag }),
  ensure: define({ name: 'create tag', read: readDefinition, run: ensureTag }),
  get: define({ name: 'get tag', read: parseTagId, run: withId(getTag) }),
  update: define({
    name: 'update tag',
    read: readChange,
    run: async (api, { id, change }) => ({ ...(await updateTag(api, id, change)), id }),
  }),
  delete: define({ name: 'delete tag', read: parseTagId, run: withId(deleteTag) }),
  device: define({ name: 'tags of device', read: parseDeviceId, run: withId(tagsOfDevice) }),
} as const;

export type TagOperation = keyof typeof TAG_OPERATIONS;

/**
 * Lists, creates, ensures, gets, updates or deletes a tag, or reads the tags of a device.
 * @param source names the input's source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` before anything is sent, or the service's error
 */
export async function runTagOperation(
  api: Api,
  { operation, input }: { operation: TagOperation; input: unknown },
  source: string,
): Promise<OperationResult> {
  const { body, statusCode, id } = await TAG_OPERATIONS[operation].run(api, input, source);
  return { payload: body ?? acknowledgement(id, operation), statusCode };
}

function withId(run: (api: Api, id: string) => Promise<ApiResponse>) {
  return async (api: Api, id: string): Promise<TagResponse> => ({ ...(await run(api, id)), id });
}

/** A tag name, or `{ tag, description? }`. */
function readDefinition(input: unknown): TagDefinition {
  if (!isPlainObject(input)) return { tag: parseTagName(input) };
  return { tag: readTagField(input), ...readDescription(input) };
}

/** `{ id, tag?, description? }`. */
function readChange(input: unknown): { id: string; change: Partial<TagDefinition> } {
  const id = parseTagId(input);
  if (!isPlainObject(input)) {
    throw new InvalidValue(`is ${describeType(input)}; enter an object { id, tag?, description? }`);
  }
  const tag = isGiven(input['tag']) ? { tag: readTagField(input) } : {};
  const change = { ...tag, ...readDescription(input) };
  if (Object.keys(change).length > 0) return { id, change };
  throw new InvalidValue('holds nothing to change; enter a tag, a description, or both');
}

function readTagField({ tag }: Record<string, unknown>): string {
  try {
    return parseTagName(tag);
  } catch (error) {
    if (error instanceof InvalidValue) throw new InvalidValue(error.message, 'tag');
    throw error;
  }
}

function readDescription({ description }: Record<string, unknown>): Pick<TagDefinition, 'description'> {
  if (!isGiven(description)) return {};
  if (typeof description === 'string') return { description };
  throw new InvalidValue(`is ${describeType(description)}; enter it as text`, 'description');
}

function isPlainObject(input: unknown): input is Record<string, unknown> {
  return isObject(input) && !Buffer.isBuffer(input);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
