import { formatUuid } from './uuid';

/**
 * Identity attestation tokens, byte for byte as nrf-cloud-api.md §9 lists them (confirmed there by real tokens).
 * Written without the product's own parser: the simulator judges it.
 */

/** CBOR tag 55799 and an array of five: how every attestation message begins. */
const MESSAGE_HEAD = Buffer.from('d9d9f785', 'hex');
/** COSE_Sign1 up to its signature: tag 18, array of 4, {1: -7}, {4: h'21'}, nil payload, 64 bytes to come. */
const COSE_HEAD = Buffer.from('d28443a10126a1044121f65840', 'hex');
/** RFC 8152 §4.4, ["Signature1", h'a10126', h'', payload]: the bytes before the payload's. */
const SIG_STRUCTURE_HEAD = Buffer.concat([
  Buffer.from('846a', 'hex'),
  Buffer.from('Signature1'),
  Buffer.from('43a1012640', 'hex'),
]);
const DEVICE_IDENTITY_V1 = 1;
const BYTES_16 = 0x50;
const SIGNATURE_LENGTH = 64;

/** The five fields of an attestation message. */
export interface AttestationMessage {
  messageType: number;
  deviceUuid: Buffer;
  deviceType: number;
  firmwareUuid: Buffer;
  nonce: Buffer;
}

/** What a well-formed token says. */
export interface TokenFacts extends AttestationMessage {
  token: string;
  /** The device UUID as text, which is the id of the claimed device. */
  id: string;
  /** The first part's bytes, which are what is signed. */
  message: Buffer;
  signature: Buffer;
}

/** Why a text is not a claim token, as a sentence. */
export interface Malformed {
  malformed: string;
}

/** Encodes an attestation message: 57 bytes, 58 for device types from 24 on. */
export function encodeMessage(fields: AttestationMessage): Buffer {
  const type = fields.deviceType < 24 ? [fields.deviceType] : [0x18, fields.deviceType];
  return Buffer.concat([
    MESSAGE_HEAD,
    Buffer.from([fields.messageType, BYTES_16]),
    fields.deviceUuid,
    Buffer.from([...type, BYTES_16]),
    fields.firmwareUuid,
    Buffer.from([BYTES_16]),
    fields.nonce,
  ]);
}

/** What a device signs: the Sig_structure with the message as its detached payload. */
export function signedBytes(message: Uint8Array): Buffer {
  return Buffer.concat([SIG_STRUCTURE_HEAD, Buffer.from([0x58, message.length]), message]);
}

/** Puts a token together. */
export function formatToken(message: Buffer, signature: Buffer): string {
  return `${message.toString('base64url')}.${Buffer.concat([COSE_HEAD, signature]).toString('base64url')}`;
}

/** Reads a token strictly: every byte that is fixed is compared. Says nothing about the signature's truth. */
export function readToken(token: string): TokenFacts | Malformed {
  const parts = token.split('.');
  const [first = '', second = ''] = parts;
  if (parts.length !== 2) {
    return { malformed: `A claim token has two parts with one dot between them, this one has ${parts.length}.` };
  }
  const message = decodeBase64url(first);
  const cose = decodeBase64url(second);
  if (!message) return { malformed: 'The first part of the claim token is not base64url.' };
  const fields = readMessage(message);
  if ('malformed' in fields) return fields;
  if (!cose || cose.length !== COSE_HEAD.length + SIGNATURE_LENGTH || !startsWith(cose, COSE_HEAD)) {
    return {
      malformed: `The second part of the claim token is no COSE_Sign1: ${second.length} characters instead of 103, or the wrong ones.`,
    };
  }
  const signature = cose.subarray(COSE_HEAD.length);
  return { ...fields, token, id: formatUuid(fields.deviceUuid), message, signature };
}

function readMessage(bytes: Buffer): AttestationMessage | Malformed {
  if (!startsWith(bytes, MESSAGE_HEAD)) {
    return { malformed: 'The first part of the claim token is not an attestation message.' };
  }
  const messageType = bytes[4];
  if (messageType !== DEVICE_IDENTITY_V1) {
    return {
      malformed: `Only attestation messages of type 1 can be claimed, this one is of type ${messageType ?? 0}.`,
    };
  }
  const wideType = bytes[22] === 0x18;
  const afterType = wideType ? 24 : 23;
  const deviceType = bytes[afterType - 1] ?? 0;
  const sound =
    bytes.length === afterType + 34 &&
    bytes[5] === BYTES_16 &&
    bytes[afterType] === BYTES_16 &&
    bytes[afterType + 17] === BYTES_16 &&
    (wideType ? deviceType >= 24 : deviceType < 24);
  if (!sound) return { malformed: 'The attestation message in the claim token is damaged.' };
  return {
    messageType,
    deviceUuid: bytes.subarray(6, 22),
    deviceType,
    firmwareUuid: bytes.subarray(afterType + 1, afterType + 17),
    nonce: bytes.subarray(afterType + 18),
  };
}

/** node:buffer forgives foreign characters and spare bits; writing the bytes again shows both. */
function decodeBase64url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}

function startsWith(bytes: Buffer, head: Buffer): boolean {
  return bytes.length >= head.length && bytes.compare(head, 0, head.length, 0, head.length) === 0;
}
