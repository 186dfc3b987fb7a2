import { InvalidValue } from '../util/invalid-value';

/** Bytes of an attestation message whose device type takes one byte, and characters of it in Base64. */
const LENGTH = 57;
const TEXT_LENGTH = 76;
/** Self-described CBOR, then an array of five fields. */
const ENVELOPE = Buffer.from('d9d9f785', 'hex');
/** The envelope, type 1, and the head of a field of 16 bytes: the device UUID follows. */
const HEAD = Buffer.from('d9d9f7850150', 'hex');
/** Index of the device type, and of the heads of the two 16-byte fields after it: firmware UUID and nonce. */
const DEVICE_TYPE = 22;
const SIXTEEN_BYTES = 0x50;
const FIELDS = [23, 40];
/** Greatest number that CBOR writes into the head byte itself. */
const LARGEST_SHORT = 23;
/** The only attestation message that can be claimed: device identity v1 (inferred). */
const DEVICE_IDENTITY = 1;

const DIGITS = Buffer.from('0123456789abcdef');
/** Index of each byte's two digits in the text of a UUID. */
const PLACES = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];

/** Reused for each message (hot path: no Buffer per token). */
const message = Buffer.alloc(LENGTH);
const uuid = Buffer.from('00000000-0000-0000-0000-000000000000');

/**
 * Reads the device UUID of an attestation message:
 * `55799([type, device UUID, device type, firmware UUID, nonce])` (source: sdk-nrf and decoded tokens). Device types that
 * are not known yet are accepted.
 * @param first the first part of a claim token: base64url, already checked for its alphabet
 * @throws {InvalidValue} if it is anything else
 */
export function readDeviceId(first: string): string {
  return fastDeviceId(first) ?? strictDeviceId(first);
}

/** Compares bytes with the message that modems write; `undefined` for anything else (hot path). */
function fastDeviceId(first: string): string | undefined {
  if (first.length !== TEXT_LENGTH || message.write(first, 'base64url') !== LENGTH) return undefined;
  for (let at = 0; at < HEAD.length; at++) if (message[at] !== HEAD[at]) return undefined;
  if (message[DEVICE_TYPE]! > LARGEST_SHORT) return undefined;
  for (const at of FIELDS) if (message[at] !== SIXTEEN_BYTES) return undefined;
  return formatUuid(message, HEAD.length);
}

/** Reads the same five fields in any encoding that CBOR allows for them, and nothing else. */
function strictDeviceId(first: string): string {
  const bytes = Buffer.from(first, 'base64url');
  if (!bytes.subarray(0, ENVELOPE.length).equals(ENVELOPE)) {
    throw new InvalidValue('is not a claim token: its first part is not an attestation message; read it again');
  }
  const fields = new FieldReader(bytes, ENVELOPE.length);
  const type = fields.number();
  if (type !== undefined && type !== DEVICE_IDENTITY) {
    throw new InvalidValue(
      `is an attestation message of type ${type}, which cannot be claimed; enter the answer to AT%ATTESTTOKEN`,
    );
  }
  const device = fields.sixteenBytes();
  const others = [fields.number(), fields.sixteenBytes(), fields.sixteenBytes()];
  // A character that does not fill a byte is not part of the message, and must not be dropped.
  const whole = fields.ended && bytes.toString('base64url') === first;
  if (type === undefined || device === undefined || others.includes(undefined) || !whole) {
    throw new InvalidValue('is damaged: its attestation message has another form; read it from the device again');
  }
  return formatUuid(bytes, device);
}

/** Reads the two kinds of CBOR fields that an attestation message has. */
class FieldReader {
  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  get ended(): boolean {
    return this.at === this.bytes.length;
  }

  /** An unsigned number of at most 32 bits. */
  number(): number | undefined {
    return this.#head(0);
  }

  /** The index of a byte string of 16 bytes. */
  sixteenBytes(): number | undefined {
    if (this.#head(2) !== 16 || this.at + 16 > this.bytes.length) return undefined;
    const start = this.at;
    this.at += 16;
    return start;
  }

  /** The argument of a head of this major type. */
  #head(majorType: number): number | undefined {
    const head = this.bytes[this.at];
    if (head === undefined || head >> 5 !== majorType) return undefined;
    this.at++;
    const short = head & 31;
    if (short <= LARGEST_SHORT) return short;
    const length = { 24: 1, 25: 2, 26: 4 }[short];
    if (length === undefined || this.at + length > this.bytes.length) return undefined;
    const value = this.bytes.readUIntBE(this.at, length);
    this.at += length;
    return value;
  }
}

function formatUuid(bytes: Buffer, from: number): string {
  for (let at = 0; at < PLACES.length; at++) {
    const byte = bytes[from + at]!;
    const place = PLACES[at]!;
    uuid[place] = DIGITS[byte >> 4]!;
    uuid[place + 1] = DIGITS[byte & 15]!;
  }
  return uuid.toString('latin1');
}
