import { createCommand, isCommandType, listCommands, type CommandDefinition, type CommandType } from '../api/commands';
import type { Api } from '../api/api';
import { hasCode, invalidInput, NrfCloudError } from '../api/errors';
import { readableText } from '../api/readable-text';
import type { ApiResponse } from '../api/request';
import { namedSource, withSource } from '../api/with-source';
import { parseCertificates } from '../parse/certificates';
import { parseDeviceId } from '../parse/ids';
import { NRF_CLOUD_SECURITY_TAG, parseSecurityTag } from '../parse/security-tag';
import { InvalidValue } from '../util/invalid-value';
import { describeType, isObject } from '../util/json';
import { sanitize } from '../util/sanitize';
import { hasEnded } from './command-end';

/** Which command a node sends: a known type, a raw request, or what the message says. */
export type ChosenCommand = CommandType | 'request' | 'msg';

/** The inputs that hold the fields of a command. */
export type FieldName = 'secTag' | 'content' | 'attributes' | 'keyUsage' | 'requestInput';

/** The fields of each type (Nordic's tools). */
export const COMMAND_FIELDS: Record<CommandType | 'request', readonly FieldName[]> = {
  cloudAccessKeyGeneration: ['secTag'],
  clientPrivateKeyGeneration: ['secTag'],
  certificateSigningRequest: ['secTag', 'attributes', 'keyUsage'],
  serverCertificate: ['secTag', 'content'],
  clientCertificate: ['secTag', 'content'],
  finished: [],
  request: ['requestInput'],
};

/** Values of a command, each with its source for errors. */
export interface CommandInputs {
  values: Partial<Record<FieldName | 'description' | 'command' | 'device', unknown>>;
  source: Partial<Record<FieldName | 'description' | 'command' | 'device', string>>;
}

/** A command that can be created. */
export interface CheckedCommand {
  deviceId: string;
  definition: CommandDefinition;
}

/** Key usage of `AT%KEYGEN` that Nordic's tools use: digital signature. */
const DEFAULT_KEY_USAGE = '101010000';
/** Most commands of one device (Nordic's documentation). */
const MAX_COMMANDS = 20;
/** Words of a refusal that may be about that number. */
const LIMIT = /limit|maximum|too many|at most|exceed|\b20\b/i;

/**
 * Reads the device and the command, and checks every field before anything is sent.
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function readCommand(chosen: ChosenCommand, { values, source }: CommandInputs): CheckedCommand {
  const deviceId = withSource('create command', source.device!, () => readDeviceId(values.device));
  if (chosen === 'msg') return { deviceId, definition: readMessageCommand(values.command, source.command!) };
  const read = (name: FieldName): unknown =>
    withSource('create command', source[name]!, () => readField(name, values[name]));
  const description = withSource('create command', source.description!, () => readDescription(values.description));
  return { deviceId, definition: define(chosen, read, description) };
}

/** The result of a command, such as those of this node, names its device by `deviceId`. */
function readDeviceId(value: unknown): string {
  const isBoth = isObject(value) && typeof value['id'] === 'string' && typeof value['deviceId'] === 'string';
  return parseDeviceId(isBoth ? value['deviceId'] : value);
}

/** Reads `msg.command`: `{ type, …fields, description? }`. */
function readMessageCommand(command: unknown, source: string): CommandDefinition {
  const fail = (predicate: string, field?: string): never => {
    throw namedSource('create command', source, new InvalidValue(predicate, field));
  };
  if (!isObject(command) || Buffer.isBuffer(command)) {
    return fail(`is ${describeType(command)}; enter an object { type, … }`);
  }
  const { type } = command;
  if (!isCommandType(type) && type !== 'request') {
    const what = typeof type === 'string' ? `"${sanitize(type)}"` : describeType(type);
    return fail(`is ${what}; enter one of ${Object.keys(COMMAND_FIELDS).join(', ')}`, 'type');
  }
  const defaults: Partial<Record<FieldName, unknown>> = { secTag: NRF_CLOUD_SECURITY_TAG, keyUsage: DEFAULT_KEY_USAGE };
  const read = (name: FieldName): unknown => {
    const value = name === 'requestInput' ? (command['requestInput'] ?? command['request']) : command[name];
    try {
      return readField(name, value ?? defaults[name]);
    } catch (error) {
      throw error instanceof InvalidValue ? fail(error.message, name) : error;
    }
  };
  const description = withSource('create command', `description of ${source}`, () =>
    readDescription(command['description']),
  );
  return define(type, read, description);
}

function define(
  type: CommandType | 'request',
  read: (name: FieldName) => unknown,
  description: string | undefined,
): CommandDefinition {
  const fields = Object.fromEntries(COMMAND_FIELDS[type].map((name) => [name, read(name)]));
  const request = type === 'request' ? (fields['requestInput'] as Record<string, unknown>) : { [type]: fields };
  return description === undefined ? { request } : { description, request };
}

/** @throws {InvalidValue} */
function readField(name: FieldName, value: unknown): unknown {
  if (name === 'secTag') return parseSecurityTag(value);
  if (name === 'content') return parseCertificates(value);
  if (name === 'requestInput') return readRequest(value);
  return name === 'keyUsage' ? readKeyUsage(value) : readAttributes(value);
}

function readKeyUsage(value: unknown): string {
  if (typeof value === 'string' && /^[01]{9}$/.test(value.trim())) return value.trim();
  throw new InvalidValue('is not a key usage; enter nine digits, each 0 or 1, such as 101010000');
}

function readAttributes(value: unknown): string {
  const todo = 'enter the attributes of the request, such as CN=0123456789';
  if (typeof value !== 'string') throw new InvalidValue(`is ${describeType(value)}; ${todo}`);
  const text = value.trim();
  // eslint-disable-next-line no-control-regex -- they would end the AT command
  if (text === '' || /[\u0000-\u001f"]/.test(text)) {
    throw new InvalidValue(`is ${text === '' ? 'empty' : 'not on one line without quotes'}; ${todo}`);
  }
  return text;
}

/** A raw request: an object, or its JSON text. */
function readRequest(value: unknown): Record<string, unknown> {
  const todo = 'enter the object of the command, such as { "finished": {} }';
  let request = value;
  if (typeof value === 'string' && value.trim() !== '') {
    try {
      request = JSON.parse(value);
    } catch {
      throw new InvalidValue(`is not JSON; ${todo}`);
    }
  }
  if (!isObject(request) || Buffer.isBuffer(request)) throw new InvalidValue(`is ${describeType(request)}; ${todo}`);
  const sent = asJson(request, todo);
  const types = Object.keys(sent);
  if (types.length !== 1) throw new InvalidValue(`holds ${types.length} commands; enter an object with one command`);
  return sent;
}

/** An object as JSON holds it: a Function node may make a circular one. */
function asJson(value: Record<string, unknown>, todo: string): Record<string, unknown> {
  let read: unknown;
  try {
    read = JSON.parse(JSON.stringify(value));
  } catch {
    throw new InvalidValue(`cannot be written as JSON; ${todo}`);
  }
  if (isObject(read)) return read;
  throw new InvalidValue(`is ${describeType(read)}; ${todo}`);
}

function readDescription(value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw new InvalidValue(`is ${describeType(value)}; enter the description as text`);
}

/**
 * Creates a command, and says so if the service refuses it because the device has too many.
 * @throws {NrfCloudError} every failure; `cause.mayHaveSucceeded` if the command may exist
 */
export async function sendCommand(
  api: Api,
  { deviceId, definition }: CheckedCommand,
): Promise<ApiResponse<Record<string, unknown> & { id: string }>> {
  try {
    return await createCommand(api, deviceId, definition);
  } catch (thrown) {
    const error = thrown instanceof NrfCloudError ? withoutEcho(thrown, definition) : thrown;
    const isRefused = hasCode(error, 'NRFCLOUD_REJECTED', 'NRFCLOUD_CONFLICT', 'NRFCLOUD_FORBIDDEN');
    // After 408 the command may exist.
    if (!isRefused || error.mayHaveSucceeded) throw error;
    throw (await isLimit(api, deviceId, error)) ? tooManyCommands(error) : error;
  }
}

/** Shorter values are no secrets, and may be part of any word (our choice). */
const MIN_SECRET_LENGTH = 4;

/** A raw request may hold a pre-shared key or a private key, which must not reach the log if the service echoes it. */
function withoutEcho(error: NrfCloudError, { request }: CommandDefinition): NrfCloudError {
  const said = readableText(error.cause.body);
  if (said === '' || isCommandType(Object.keys(request)[0])) return error;
  const isEchoed = textsIn(request).some(
    (text) =>
      text.length >= MIN_SECRET_LENGTH && [text, JSON.stringify(text).slice(1, -1)].some((form) => said.includes(form)),
  );
  if (!isEchoed) return error;
  return new NrfCloudError(error.code, error.message.replace(`: ${sanitize(said)}`, ''), error.cause);
}

/** All texts within a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/**
 * Which response a 21st command gets is not known: its text may say so, or the list of commands. Words about a limit may
 * also be about a field of the command that is too long.
 */
async function isLimit(api: Api, deviceId: string, { cause }: NrfCloudError): Promise<boolean> {
  const words = readableText(cause.body);
  if (LIMIT.test(words) && /\bcommands\b/i.test(words)) return true;
  try {
    const commands = await listCommands(api, deviceId, { sendOnce: true });
    if (commands !== undefined) return commands.filter((command) => !hasEnded(command)).length >= MAX_COMMANDS;
  } catch (failure) {
    if (!(failure instanceof NrfCloudError) || failure.code === 'NRFCLOUD_CLOSED') throw failure;
  }
  return LIMIT.test(words);
}

function tooManyCommands({ cause }: NrfCloudError): NrfCloudError {
  const message =
    `create command: the service refuses the command (HTTP ${cause.statusCode ?? 0}), as a device can have at most ${MAX_COMMANDS} commands; ` +
    'wait until the device has run some, or remove them in the nRF Cloud portal';
  return new NrfCloudError('NRFCLOUD_REJECTED', message, cause);
}

/** The error of a command whose creation was interrupted before its id was known. */
export function interruptedCreation(deviceId: string): NrfCloudError {
  const message = `create command: Node-RED stopped before the service's response came, so the command for ${sanitize(deviceId)} may exist; look before you send it again`;
  return new NrfCloudError('NRFCLOUD_UNAVAILABLE', message, {
    operation: 'create command',
    attempts: 1,
    mayHaveSucceeded: true,
  });
}

/**
 * The ids of commands that a message may mean: text, or the `id` of an object.
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` if there is none
 */
export function readCommandIds(...values: unknown[]): string[] {
  const ids = values.flatMap((value) => {
    const id = isObject(value) ? (value['id'] ?? value['commandId']) : value;
    return typeof id === 'string' && id.trim() !== '' ? [id.trim()] : [];
  });
  if (ids.length > 0) return ids;
  throw invalidInput('get command', 'msg.payload has no id of a command; to cancel, send what this node sent');
}
