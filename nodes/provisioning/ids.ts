import { invalidInput } from '../service/errors';
import type { OperationName } from '../service/paths';
import { isObject } from '../service/session';
import { InvalidToken, kindOf, parseClaimToken } from './claim-token';

/**
 * Reads which device is meant: its id as text or Buffer, an object with `id` or `deviceId`, or a claim token, whose
 * device UUID is the id.
 * @param where names the source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function readDeviceId(input: unknown, where: string, operation: OperationName): string {
  const { value, place } = fieldOf(input, where, ['id', 'deviceId']);
  const text = (
    Buffer.isBuffer(value) ? value.toString('utf8') : textOf(value, place, operation, 'a device id')
  ).trim();
  if (!looksLikeToken(text)) return text;
  try {
    return parseClaimToken(text).deviceId;
  } catch (error) {
    if (error instanceof InvalidToken) throw invalidInput(operation, `${place} ${error.message}`);
    throw error;
  }
}

/**
 * Reads which tag is meant: its id as text, or an object with `id`.
 * @param where names the source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function readTagId(input: unknown, where: string, operation: OperationName): string {
  const { value, place } = fieldOf(input, where, ['id']);
  return textOf(value, place, operation, 'a tag id').trim();
}

/** Far longer than any id is our choice; a damaged claim token must not be sent as one. */
const LONGEST_ID = 100;

function looksLikeToken(text: string): boolean {
  return text.length > LONGEST_ID || /2dn3|%ATTESTTOKEN/i.test(text);
}

/** The first field that is there, or the value itself if it is no object. */
function fieldOf(input: unknown, where: string, fields: string[]): { value: unknown; place: string } {
  if (!isObject(input) || Buffer.isBuffer(input)) return { value: input, place: where };
  const field = fields.find((name) => input[name] !== undefined) ?? fields[0]!;
  return { value: input[field], place: `${field} of ${where}` };
}

function textOf(value: unknown, place: string, operation: OperationName, wanted: string): string {
  if (typeof value === 'string') return value;
  const what = value === undefined || value === null ? 'missing' : kindOf(value);
  throw invalidInput(operation, `${place} is ${what}; give ${wanted} as text`);
}
