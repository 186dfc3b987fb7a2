import { InvalidValue } from '../util/invalid-value';
import { describeType } from '../util/json';
import { decode, Tagged } from '@stablelib/cbor';
import { fastDeviceId } from './attestation-message';

/** What a claim token says of itself, without asking the service. */
export interface ClaimToken {
  /** The cleaned text, as the service wants it. */
  claimToken: string;
  /** The device UUID, which is also the id of the claimed device (source: Nordic's tools, by use). */
  deviceId: string;
}

/** Self-described CBOR. */
const SELF_DESCRIBED = 55799;
/** The only attestation message that can be claimed: device identity v1. */
const DEVICE_IDENTITY = 1;
/** Characters of the first part: 57 bytes; up to 61 with a device type that takes more than one byte. */
const FIRST_LENGTH = { min: 76, max: 82 };
/** The second part has 103 characters; 102 is the damaged token of the guide's own CSV sample, which the service judges. */
const SECOND_LENGTH = { min: 102, max: 103 };
const BASE64URL = /^[A-Za-z0-9_-]*$/;
/** A text that is already clean and has a token's form, which is the rule in bulk. */
const CLEAN = /^2dn3[A-Za-z0-9_-]{72,78}\.[A-Za-z0-9_-]{102,103}$/;
const MARKER = /%ATTESTTOKEN:/gi;

/**
 * Reads a claim token (an identity attestation token) from what people have: a line of the modem's serial port, quoted,
 * wrapped, or clean.
 * @param value text or Buffer
 * @throws {InvalidValue} naming what it is instead
 */
export function parseClaimToken(value: unknown): ClaimToken {
  if (value === undefined || value === null) throw new InvalidValue('is missing; give the claim token of a device');
  if (typeof value !== 'string' && !Buffer.isBuffer(value)) {
    throw new InvalidValue(`is ${describeType(value)}; give the claim token as text`);
  }
  const raw = typeof value === 'string' ? value : value.toString('utf8');
  if (CLEAN.test(raw)) return tokenOf(raw);
  // A token has 180 characters; what is far longer is not worth cleaning.
  if (raw.length > 10_000) throw new InvalidValue(`has ${raw.length} characters; a claim token has 180`);
  const answer = afterMarker(raw);
  const text = clean(answer ?? raw, answer !== undefined);
  const wrong = describeWrongInput(answer ?? raw, text);
  if (wrong !== undefined) throw new InvalidValue(wrong);
  return tokenOf(text);
}

function tokenOf(text: string): ClaimToken {
  const first = text.slice(0, text.indexOf('.'));
  return { claimToken: text, deviceId: fastDeviceId(first) ?? deviceIdOf(first) };
}

/** What follows the modem's last `%ATTESTTOKEN:`; `undefined` if there is none. */
function afterMarker(raw: string): string | undefined {
  const last = Array.from(raw.matchAll(MARKER)).at(-1);
  return last === undefined ? undefined : raw.slice(last.index + last[0].length);
}

/** Drops what surrounds a token: white space, line wraps, quotes and the modem's final `OK`. */
function clean(text: string, answered: boolean): string {
  const quoted = answered ? /^\s*"([^"]*)"/.exec(text)?.[1] : undefined;
  const bare = strip(quoted ?? text);
  if (fits(bare)) return bare;
  const short = strip(withoutOk(text));
  return fits(short) ? short : bare;
}

/** Drops an `OK` at the end that stands on a line of its own. (An expression for that would look back for each line.) */
function withoutOk(text: string): string {
  const end = text.trimEnd();
  if (!end.endsWith('OK')) return text;
  const before = end.slice(0, -2);
  const rest = before.trimEnd();
  return /[\r\n]/.test(before.slice(rest.length)) ? rest : text;
}

function strip(text: string): string {
  return text.replace(/[\s"'`\u2018\u2019\u201c\u201d\u200b\ufeff]+/g, '');
}

function fits(text: string): boolean {
  const second = text.length - text.indexOf('.') - 1;
  return second >= SECOND_LENGTH.min && second <= SECOND_LENGTH.max;
}

/** Names what a text is when it is no claim token; `undefined` if it has a token's form. */
function describeWrongInput(raw: string, text: string): string | undefined {
  if (text === '') return 'is empty; give the claim token of a device';
  const parts = text.split('.');
  const [first, second] = parts;
  if (text.startsWith('{') || text.startsWith('[')) return 'is JSON text; parse it with a json node first';
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) {
    return 'is a UUID; give the claim token, which the modem answers to AT%ATTESTTOKEN';
  }
  if (/^\d{14,17}$/.test(text)) return 'is an IMEI; give the claim token, which the modem answers to AT%ATTESTTOKEN';
  if (/%KEYGEN/i.test(raw) || /^MF[kw]|^MI[A-I]/.test(text)) {
    return 'is a result of AT%KEYGEN (a public key or CSR), which cannot be claimed; give the answer to AT%ATTESTTOKEN';
  }
  if (/%CLAIMTOKEN/i.test(raw)) return 'is an answer to AT%CLAIMTOKEN, which cannot be claimed; use AT%ATTESTTOKEN';
  if (/^(AT%ATTESTTOKEN)?(\+CM[ES])?ERROR/i.test(text)) {
    return "is the modem's error answer; the modem needs firmware 2.0.0 or newer on an nRF91x1";
  }
  if (text.startsWith('eyJ') || parts.length === 3) {
    return 'is a JWT (three parts); give the claim token, which the modem answers to AT%ATTESTTOKEN';
  }
  if (parts.length > 2) return 'has more than one dot; give one claim token';
  if (second === undefined) {
    return text.startsWith('2dn3')
      ? 'is a cut claim token: it ends before the dot; copy the whole text'
      : 'is not a claim token: it has no dot between two parts; give the answer to AT%ATTESTTOKEN';
  }
  if (!BASE64URL.test(first!) || !BASE64URL.test(second)) {
    return /^[A-Za-z0-9_\-+/=.]*$/.test(text)
      ? 'is in standard Base64 (it holds +, / or =); claim tokens are base64url without padding'
      : 'holds characters that no claim token has; give the answer to AT%ATTESTTOKEN as it is';
  }
  if (first!.length < FIRST_LENGTH.min) {
    return `is a cut claim token: its first part has ${first!.length} characters instead of ${FIRST_LENGTH.min}; copy the whole text`;
  }
  if (first!.length > FIRST_LENGTH.max) {
    return `is not a claim token: its first part has ${first!.length} characters instead of ${FIRST_LENGTH.min}`;
  }
  if (second.length < SECOND_LENGTH.min) {
    return `is a cut claim token: its second part has ${second.length} characters instead of ${SECOND_LENGTH.max}; copy the whole text`;
  }
  if (second.length > SECOND_LENGTH.max) {
    return `is not a claim token: its second part has ${second.length} characters instead of ${SECOND_LENGTH.max}`;
  }
  return undefined;
}

/**
 * Decodes the attestation message: `55799([type, device UUID, device type, firmware UUID, nonce])`
 * (source: sdk-nrf and decoded samples). Device types that are not known yet are let through.
 */
function deviceIdOf(first: string): string {
  let message: unknown;
  try {
    message = decode(Buffer.from(first, 'base64url'));
  } catch {
    throw new InvalidValue('is damaged: its first part is not a CBOR message; read it from the device again');
  }
  const fields: unknown = message instanceof Tagged && message.tag === SELF_DESCRIBED ? message.value : undefined;
  if (!Array.isArray(fields)) {
    throw new InvalidValue('is not a claim token: its first part is not an attestation message');
  }
  const [type, device, deviceType, firmware, nonce] = fields as unknown[];
  if (typeof type === 'number' && type !== DEVICE_IDENTITY) {
    throw new InvalidValue(
      `is an attestation message of type ${type}, which cannot be claimed; give the answer to AT%ATTESTTOKEN`,
    );
  }
  const whole = fields.length === 5 && type === DEVICE_IDENTITY && typeof deviceType === 'number' && deviceType >= 0;
  if (!whole || !isId(device) || !isId(firmware) || !isId(nonce)) {
    throw new InvalidValue('is damaged: its attestation message lacks a field; read it from the device again');
  }
  const hex = Buffer.from(device.buffer, device.byteOffset, device.length).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function isId(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 16;
}
