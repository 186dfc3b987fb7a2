import { InvalidValue } from '../util/invalid-value';
import { describeType } from '../util/json';
import { readDeviceId } from './attestation-message';
import { textOfBytes } from './bytes';
import { findToken, hasTokenForm } from './token-text';
import { describeWrongToken } from './wrong-token';

/** What a claim token says without asking the service. */
export interface ClaimToken {
  /** The cleaned text, as the service wants it. */
  claimToken: string;
  /** The device UUID, which is also the id of the claimed device (source: Nordic's tools, by use). */
  deviceId: string;
}

/** Most characters of a text that may hold a token: a boot log fits, a file does not (our choice). */
const MAX_TEXT_LENGTH = 10_000;

/**
 * Reads a claim token (an identity attestation token) from what people have: a line of the modem's serial port, log
 * lines, quoted, wrapped, or clean.
 * @param value text, Buffer or typed array
 * @throws {InvalidValue} naming what it is instead
 */
export function parseClaimToken(value: unknown): ClaimToken {
  const raw = typeof value === 'string' ? value : textOfBytes(value);
  if (raw === undefined) {
    throw new InvalidValue(
      value === undefined || value === null
        ? 'is missing; enter the claim token of a device'
        : `is ${describeType(value)}; enter the claim token as text`,
    );
  }
  if (hasTokenForm(raw)) return readToken(raw);
  if (raw.length > MAX_TEXT_LENGTH) {
    throw new InvalidValue(`has ${raw.length} characters; enter one claim token, which has 180`);
  }
  const text = findToken(raw);
  if (!hasTokenForm(text)) throw new InvalidValue(describeWrongToken(raw, text));
  return readToken(text);
}

/** Characters of the COSE header that every token has, as a keyboard layout with Y and Z exchanged types them. */
const EXCHANGED = 'QEmoQRBIfYZQ';

function readToken(text: string): ClaimToken {
  if (text.includes(EXCHANGED)) {
    throw new InvalidValue('has Y and Z exchanged by a changed keyboard layout; correct the layout, and scan it again');
  }
  return { claimToken: text, deviceId: deviceIdOf(text) };
}

/** The device UUID of a claim token that {@link parseClaimToken} read. */
export function deviceIdOf(claimToken: string): string {
  return readDeviceId(claimToken.slice(0, claimToken.indexOf('.')));
}
