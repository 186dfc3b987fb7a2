import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import type { Api } from './api';
import { deviceKey } from './devices';
import { hasCode, saysNotFound } from './errors';
import { readPages } from './pagination';
import { objectBody } from './parse-response';
import type { ApiResponse } from './request';

/** The types of commands whose fields are known (Nordic's tools and documentation). */
const COMMAND_TYPES = [
  'cloudAccessKeyGeneration',
  'clientPrivateKeyGeneration',
  'certificateSigningRequest',
  'serverCertificate',
  'clientCertificate',
  'finished',
] as const;

export type CommandType = (typeof COMMAND_TYPES)[number];

export function isCommandType(word: unknown): word is CommandType {
  return (COMMAND_TYPES as readonly unknown[]).includes(word);
}

/** A provisioning command as it is created (Nordic's tools). */
export interface CommandDefinition {
  description?: string;
  /** Exactly one type with its fields, e.g. `{ cloudAccessKeyGeneration: { secTag } }`. */
  request: Record<string, unknown>;
}

/** A provisioning command: the service's JSON as received. */
export interface Command extends Record<string, unknown> {
  /** `PENDING` and `IN_PROGRESS` are waited for, anything else is an end (Nordic's tools); empty if it is missing. */
  status: string;
}

/**
 * Creates a provisioning command for a claimed device. It is repeated only after 429, 503 or a connection that was never
 * made, as a repeated creation may leave two commands.
 * @returns the service's JSON, and the id in it
 * @throws {NrfCloudError} every failure; `cause.mayHaveSucceeded` if the command may have been created all the same
 */
export async function createCommand(
  api: Api,
  deviceId: string,
  { description, request }: CommandDefinition,
): Promise<ApiResponse<Record<string, unknown> & { id: string }>> {
  const work = (): Promise<ApiResponse<Record<string, unknown> & { id: string }>> =>
    api.send('create command', {
      id: deviceId,
      json: description === undefined ? { request } : { description, request },
      parse: parseCreated,
      // The contract: a command must not be created twice. After 408 it may exist.
      repeatAfterLoss: 'never',
      repeatAfterStatus: [429, 503],
    });
  return api.inOrder('create command', deviceKey(deviceId), work);
}

/**
 * Reads a command once.
 * @returns `undefined` if the device has no such command (any more)
 * @throws {NrfCloudError} every other failure; the caller decides when to ask again
 */
export async function getCommand(
  api: Api,
  deviceId: string,
  commandId: string,
): Promise<ApiResponse<Command> | undefined> {
  try {
    const parse = (body: unknown): Command => parseCommand(body, commandId);
    return await api.send('get command', { id: deviceId, commandId, parse, sendOnce: true });
  } catch (error) {
    if (saysNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Lists the commands of a device. Path and form of the list are inferred.
 * @returns `undefined` if the service has no such list
 * @throws {NrfCloudError} every other failure
 */
export async function listCommands(
  api: Api,
  deviceId: string,
  { sendOnce = false } = {},
): Promise<Command[] | undefined> {
  try {
    const commands: Command[] = [];
    let isReadable = false;
    for await (const { items, body } of readPages(api, 'list commands', { mayBeEmpty: true, sendOnce }, deviceId)) {
      isReadable ||= body !== undefined;
      for (const item of items) if (isObject(item)) commands.push(withStatus(item));
    }
    return isReadable ? commands : undefined;
  } catch (error) {
    const isMissing =
      hasCode(error, 'NRFCLOUD_NOT_FOUND') || (hasCode(error, 'NRFCLOUD_REJECTED') && error.cause.statusCode === 405);
    if (isMissing) return undefined;
    throw error;
  }
}

/** @throws {InvalidValue} if a body does not name the created command */
function parseCreated(body: unknown): Record<string, unknown> & { id: string } {
  const created = objectBody(body, 'a command');
  const { id } = created;
  if (typeof id === 'string' && id !== '') return { ...created, id };
  if (typeof id === 'number') return { ...created, id: String(id) };
  throw new InvalidValue('has no command id');
}

/** @throws {InvalidValue} if a body is not the requested command; its `id` may be missing (Nordic's tools read none) */
function parseCommand(body: unknown, commandId: string): Command {
  const command = objectBody(body, 'a command');
  const { id } = command;
  const isOther = id !== undefined && id !== commandId && JSON.stringify(id) !== commandId;
  if (isOther || typeof command['status'] !== 'string') throw new InvalidValue('is not the requested command');
  return withStatus(command);
}

function withStatus(command: Record<string, unknown>): Command {
  const { status } = command;
  return { ...command, status: typeof status === 'string' ? status : '' };
}
