import type { Reply } from '../service/usable';
import { invalidInput } from '../service/errors';
import type { OperationName } from '../service/paths';
import { isObject, type Session } from '../service/session';
import {
  createTag,
  deleteTag,
  ensureTag,
  getTag,
  listTags,
  tagsOfDevice,
  updateTag,
  type TagDefinition,
} from '../service/tags';
import { kindOf } from './claim-token';
import { readDeviceId, readTagId } from './ids';
import { acknowledged, type OperationResult, type OperationTable } from './operation';
import { parseTagName } from './tag-name';

/** What can be done with tags. */
export type TagOperation = 'list' | 'create' | 'ensure' | 'get' | 'update' | 'delete' | 'device';

export const TAG_OPERATIONS: OperationTable<TagOperation> = {
  list: 'list tags',
  create: 'create tag',
  ensure: 'create tag',
  get: 'get tag',
  update: 'update tag',
  delete: 'delete tag',
  device: 'tags of device',
};

/** What an operation works on, and where that comes from, in words for an error. */
interface TagInput {
  input: unknown;
  where: string;
  name: OperationName;
}

/** An answer, and the id of what it is about, for answers without a body. */
type Answer = Reply & { id?: unknown };

const RUN: Readonly<Record<TagOperation, (session: Session, order: TagInput) => Promise<Answer>>> = {
  list: (session) => listTags(session),
  create: async (session, order) => createTag(session, definitionOf(order)),
  ensure: async (session, order) => ensureTag(session, definitionOf(order)),
  get: (session, order) => withId(tagId(order), (id) => getTag(session, id)),
  update: async (session, order) => {
    const change = changeOf(order);
    return withId(tagId(order), (id) => updateTag(session, id, change));
  },
  delete: (session, order) => withId(tagId(order), (id) => deleteTag(session, id)),
  device: (session, order) => withId(deviceId(order), (id) => tagsOfDevice(session, id)),
};

/**
 * Lists, creates, ensures, gets, updates or deletes a tag, or reads the tags of a device.
 * @param order the operation, and what it works on (the contract's table says what each takes)
 * @param where names the input's source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` before anything is sent, or the service's failure
 */
export async function runTagOperation(
  session: Session,
  { operation, input }: { operation: TagOperation; input: unknown },
  where: string,
): Promise<OperationResult> {
  const { body, statusCode, id } = await RUN[operation](session, { input, where, name: TAG_OPERATIONS[operation] });
  return { payload: body ?? acknowledged(id, operation), statusCode };
}

async function withId(id: string, run: (id: string) => Promise<Reply>): Promise<Answer> {
  return { ...(await run(id)), id };
}

function tagId({ input, where, name }: TagInput): string {
  return readTagId(input, where, name);
}

function deviceId({ input, where, name }: TagInput): string {
  return readDeviceId(input, where, name);
}

/** A tag name, or `{ tag, description? }`. */
function definitionOf(order: TagInput): TagDefinition {
  const { input, where, name } = order;
  if (!isObject(input) || Buffer.isBuffer(input)) return { tag: parseTagName(input, where, name) };
  return { tag: parseTagName(input['tag'], `tag of ${where}`, name), ...descriptionOf(input, order) };
}

/** `{ id, tag?, description? }` without the id. */
function changeOf(order: TagInput): Partial<TagDefinition> {
  const { input, where, name } = order;
  if (!isObject(input) || Buffer.isBuffer(input)) {
    throw invalidInput(name, `${where} is ${kindOf(input)}; give an object { id, tag?, description? }`);
  }
  const change = {
    ...(isGiven(input['tag']) ? { tag: parseTagName(input['tag'], `tag of ${where}`, name) } : {}),
    ...descriptionOf(input, order),
  };
  if (Object.keys(change).length > 0) return change;
  throw invalidInput(name, `${where} holds nothing to change; give a tag, a description, or both`);
}

function descriptionOf(
  { description }: Record<string, unknown>,
  { where, name }: TagInput,
): Pick<TagDefinition, 'description'> {
  if (!isGiven(description)) return {};
  if (typeof description === 'string') return { description };
  throw invalidInput(name, `description of ${where} is ${kindOf(description)}; give it as text`);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
