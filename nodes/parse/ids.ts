import { InvalidValue } from '../util/invalid-value';
import { describeType, isObject } from '../util/json';
import { UUID_PATTERN } from '../util/uuid';
import { bytesOf, textOfBytes } from './bytes';
import { parseClaimToken } from './claim-token';
import { dropInvisible, trimFrame } from './visible-text';

const UUID = new RegExp(`^(?:urn:uuid:)?\\{?(${UUID_PATTERN})\\}?$`, 'i');
const IMEI = /^\d{14,17}$/;

/**
 * Reads a device id: text or bytes, an object with `id` or `deviceId`, or a claim token, whose device UUID is the id. A
 * UUID in any usual form becomes canonical (lower case); other ids are only trimmed.
 * @throws {InvalidValue} for anything else
 */
export function parseDeviceId(input: unknown): string {
  const { value, field } = fieldOf(input, ['id', 'deviceId']);
  const text = textOf(value, field, 'a device id');
  if (IMEI.test(trimFrame(text))) {
    throw new InvalidValue('is an IMEI; enter the device UUID, which is in the claim token', field);
  }
  if (!looksLikeToken(text)) return canonical(cleanId(text, field, 'a device id'));
  try {
    return parseClaimToken(text).deviceId;
  } catch (error) {
    if (error instanceof InvalidValue) throw new InvalidValue(error.message, field);
    throw error;
  }
}

/**
 * Reads a tag id: text, or an object with `id`, which may be a number: the form of these ids is not known, and a tag that the
 * service returned can be fed back.
 * @throws {InvalidValue} for anything else
 */
export function parseTagId(input: unknown): string {
  const { value, field } = fieldOf(input, ['id']);
  if (field !== undefined && Number.isSafeInteger(value) && (value as number) >= 0) return String(value);
  return cleanId(textOf(value, field, 'a tag id'), field, 'a tag id');
}

/** A UUID in lower case; any other id as it is. */
function canonical(id: string): string {
  return UUID.test(id) ? id.toLowerCase() : id;
}

/**
 * Cleans an id: white space, NUL padding and invisible characters around it go, and a UUID loses its braces and quotes.
 * Its case stays, as only the service knows whether that matters.
 * @throws {InvalidValue} if it is empty, `.` or `..`, which no path can carry
 */
export function cleanId(text: string, field?: string, wanted = 'an id'): string {
  const visible = dropInvisible(text);
  const uuid = UUID.exec(trimFrame(visible))?.[1];
  if (uuid !== undefined) return uuid;
  const id = trimFrame(visible) === '' ? '' : visible.trim();
  if (id === '') throw new InvalidValue(`is empty; enter ${wanted} as text`, field);
  if (id === '.' || id === '..') throw new InvalidValue(`is "${id}", which is not an id; enter ${wanted}`, field);
  return id;
}

/** Longer than any id (our choice); a damaged claim token must not be sent as one. */
const MAX_PLAIN_ID_LENGTH = 100;

function looksLikeToken(text: string): boolean {
  return text.length > MAX_PLAIN_ID_LENGTH || /2dn3|%ATTESTTOKEN/i.test(text);
}

/** The first field that has a value, or the value itself if it is not an object. */
function fieldOf(input: unknown, fields: string[]): { value: unknown; field: string | undefined } {
  if (!isObject(input) || bytesOf(input) !== undefined) return { value: input, field: undefined };
  const field = fields.find((name) => input[name] !== undefined && input[name] !== null) ?? fields[0]!;
  return { value: input[field], field };
}

function textOf(value: unknown, field: string | undefined, wanted: string): string {
  const text = typeof value === 'string' ? value : textOfBytes(value);
  if (text !== undefined) return text;
  if (typeof value === 'number' && IMEI.test(String(value))) {
    throw new InvalidValue(`is a number, perhaps an IMEI; enter ${wanted} as text`, field);
  }
  const what = value === undefined || value === null ? 'missing' : describeType(value);
  throw new InvalidValue(`is ${what}; enter ${wanted} as text`, field);
}
