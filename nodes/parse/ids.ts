import { InvalidValue } from '../util/invalid-value';
import { describeType, isObject } from '../util/json';
import { parseClaimToken } from './claim-token';

/**
 * Reads which device is meant: its id as text or Buffer, an object with `id` or `deviceId`, or a claim token, whose
 * device UUID is the id.
 * @throws {InvalidValue} for anything else
 */
export function parseDeviceId(input: unknown): string {
  const { value, field } = fieldOf(input, ['id', 'deviceId']);
  const text = (Buffer.isBuffer(value) ? value.toString('utf8') : textOf(value, field, 'a device id')).trim();
  if (!looksLikeToken(text)) return text;
  try {
    return parseClaimToken(text).deviceId;
  } catch (error) {
    if (error instanceof InvalidValue) throw new InvalidValue(error.message, field);
    throw error;
  }
}

/**
 * Reads which tag is meant: its id as text, or an object with `id`.
 * @throws {InvalidValue} for anything else
 */
export function parseTagId(input: unknown): string {
  const { value, field } = fieldOf(input, ['id']);
  return textOf(value, field, 'a tag id').trim();
}

/** Far longer than any id is our choice; a damaged claim token must not be sent as one. */
const MAX_PLAIN_ID_LENGTH = 100;

function looksLikeToken(text: string): boolean {
  return text.length > MAX_PLAIN_ID_LENGTH || /2dn3|%ATTESTTOKEN/i.test(text);
}

/** The first field that is there, or the value itself if it is not an object. */
function fieldOf(input: unknown, fields: string[]): { value: unknown; field: string | undefined } {
  if (!isObject(input) || Buffer.isBuffer(input)) return { value: input, field: undefined };
  const field = fields.find((name) => input[name] !== undefined) ?? fields[0]!;
  return { value: input[field], field };
}

function textOf(value: unknown, field: string | undefined, wanted: string): string {
  if (typeof value === 'string') return value;
  const what = value === undefined || value === null ? 'missing' : describeType(value);
  throw new InvalidValue(`is ${what}; enter ${wanted} as text`, field);
}
