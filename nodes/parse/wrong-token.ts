import { UUID_PATTERN } from '../util/uuid';
import { FIRST_LENGTH, isTerminalOutput, SECOND_LENGTH } from './token-text';

const ASK = 'enter the answer to AT%ATTESTTOKEN';
const KEYGEN = `is a result of AT%KEYGEN (a public key or CSR), which cannot be claimed; ${ASK}`;
const TOKEN_IN_CELL = /(?:^|[,;\t"])2dn3[\w-]{20,}/;
const UUID = new RegExp(`^\\{?${UUID_PATTERN}\\}?$`, 'i');
/** Length of a token that was typed by a scanner, give or take what a keyboard layout changes. */
const SCANNED_LENGTH = { min: 150, max: 240 };

/**
 * Names what a text is when it is not a claim token.
 * @param raw as it came
 * @param text what is left of it after cleaning
 * @returns the predicate of a sentence
 */
export function describeWrongToken(raw: string, text: string): string {
  if (text === '') return 'is empty; enter the claim token of a device';
  return describeOtherKind(raw.trim(), text) ?? describeCharacters(text) ?? describeParts(text);
}

/** A text that is something else altogether. */
function describeOtherKind(raw: string, text: string): string | undefined {
  if (/^(?:\{\s*["}]|\[\s*["{[\]])/.test(raw)) return 'is JSON text; parse it with a json node first';
  if (/^(?:[a-z][a-z\d+.-]{1,20}:\/\/|www\.)/i.test(raw)) return `is a URL; ${ASK}`;
  if (/^[^\s@,;]{1,64}@[^\s@,;]{1,255}$/.test(raw)) return `is an e-mail address; ${ASK}`;
  if (/%KEYGEN/i.test(raw) || /^MF[kw]|^MI[A-I]/.test(text)) return KEYGEN;
  if (/%CLAIMTOKEN/i.test(raw)) return 'is an answer to AT%CLAIMTOKEN, which cannot be claimed; use AT%ATTESTTOKEN';
  if (!raw.includes('2dn3') && /(?:^|[\s"])ERROR\b/.test(raw)) {
    return "is the modem's error answer; the modem needs firmware 2.0.0 or newer on an nRF91x1";
  }
  if (UUID.test(text)) return `is a UUID; ${ASK}`;
  if (/^\d{14,17}$/.test(text)) return `is an IMEI; ${ASK}`;
  if (text.startsWith('eyJ')) return `is a JWT; ${ASK}`;
  if (!raw.includes('2dn3') && isTerminalOutput(raw)) return `is terminal output without a claim token; ${ASK}`;
  if (isCsvRow(raw)) return 'is a row of a CSV; enter the claim token alone, or use a bulk claim node for the CSV';
  return undefined;
}

function isCsvRow(raw: string): boolean {
  const cells = raw.split(/[,;\t]/);
  return cells.length > 1 && (TOKEN_IN_CELL.test(raw) || cells.some((cell) => UUID.test(cell.trim())));
}

/** A text with characters that no claim token has. */
function describeCharacters(text: string): string | undefined {
  const scanned = text.length >= SCANNED_LENGTH.min && text.length <= SCANNED_LENGTH.max;
  if (scanned && text.startsWith('2DN3')) {
    return 'has small and capital letters exchanged (caps lock); scan or type the claim token again';
  }
  if (/^[\w.-]*$/.test(text)) return undefined;
  if (/^[\w\-+/=.]*$/.test(text)) {
    return 'is in standard Base64 (it holds +, / or =); claim tokens are base64url without padding';
  }
  // eslint-disable-next-line no-control-regex -- what is named here
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) {
    return 'holds control characters within the claim token; read it from the device again';
  }
  return scanned || text.startsWith('2dn3')
    ? 'holds characters that no claim token has, as after a changed keyboard layout; check the layout of the scanner, and enter the token again'
    : `holds characters that no claim token has; ${ASK} as it is`;
}

/** A text in the right alphabet whose parts are too many, too short or too long. */
function describeParts(text: string): string {
  const [first = '', second, ...more] = text.split('.');
  if (more.length > 0) return 'has more than one dot; enter one claim token';
  if (second === undefined) {
    return first.startsWith('2dn3')
      ? 'is a truncated claim token: it ends before the dot; copy the whole text'
      : `is not a claim token: it has no dot between two parts; ${ASK}`;
  }
  const { min, max } = FIRST_LENGTH;
  if (first.length < min) return truncated('first', first.length, min);
  if (first.length > max) return tooLong('first', first.length, min);
  if (second.length < SECOND_LENGTH) return truncated('second', second.length, SECOND_LENGTH);
  if (second.length > SECOND_LENGTH) return tooLong('second', second.length, SECOND_LENGTH);
  return `is not a claim token: its first part is not an attestation message; ${ASK}`;
}

function truncated(part: string, length: number, expected: number): string {
  return `is a truncated claim token: its ${part} part has ${length} characters instead of ${expected}; copy the whole text`;
}

function tooLong(part: string, length: number, expected: number): string {
  return `is not a claim token: its ${part} part has ${length} characters instead of ${expected}; ${ASK}`;
}
