import { createHash, createPublicKey, sign, type KeyObject } from 'node:crypto';

import { signedBytes } from '../identity/claim-token';
import type { DeviceKeys } from '../identity/device-keys';
import { derive } from '../identity/seeded';
import { der, derBitString, derOid, derSequence, derSet } from '../util/der';
import type { DeviceBehaviour } from './behaviour';

/** What a certificate signing request says, and who signs it. */
export interface CsrOptions {
  deviceUuid: Buffer;
  secTag: number;
  /** Attributes as a command has them and {@link areAttributes} accepts: `O=Nordic Semiconductor,CN=0123456789`. */
  attributes: string;
  /** Nine digits 0 or 1, from digitalSignature to decipherOnly; empty = no extension. */
  keyUsage: string;
  key: KeyObject;
  identityKeys: DeviceKeys;
  variant: Pick<DeviceBehaviour, 'csrAttestation' | 'csrDamage' | 'csrNullParameter'>;
}

/** Object identifiers of the attributes of a name (X.520; emailAddress: PKCS#9). */
const NAME_OIDS: Readonly<Record<string, string>> = {
  CN: '2.5.4.3',
  SERIALNUMBER: '2.5.4.5',
  C: '2.5.4.6',
  L: '2.5.4.7',
  ST: '2.5.4.8',
  O: '2.5.4.10',
  OU: '2.5.4.11',
};
const ECDSA_WITH_SHA256 = derOid('1.2.840.10045.4.3.2');
const EXTENSION_REQUEST = derOid('1.2.840.113549.1.9.14');
const KEY_USAGE = derOid('2.5.29.15');
const NULL = Buffer.from([0x05, 0x00]);
const VERSION_1 = Buffer.from([0x02, 0x01, 0x00]);
const PRINTABLE_STRING = 0x13;
const UTF8_STRING = 0x0c;

/** Tag 55799, array of 5, message type 9, 16 bytes to come (nrf-cloud-onboarding.md, A4). */
const PAYLOAD_HEAD = Buffer.from('d9d9f7850950', 'hex');
/** COSE_Sign1 up to its payload: tag 18, array of 4, {1: -7}, {4: h'21'}. */
const COSE_HEAD = Buffer.from('d28443a10126a1044121', 'hex');

/**
 * The text of a CSR as the service returns it: `Base64url(PKCS#10 DER) "." Base64url(COSE_Sign1)`, the second part
 * optional (confirmed).
 */
export function createCsr(options: CsrOptions): string {
  const { csrAttestation, csrDamage } = options.variant;
  const request = encodeRequest(options);
  const first = request.toString('base64url');
  if (csrDamage === 'cut') return first.slice(0, Math.floor(first.length / 2));
  return csrAttestation ? `${first}.${encodeAttestation(options, request).toString('base64url')}` : first;
}

/** Whether every attribute is one that a modem knows, and has a value. */
export function areAttributes(text: string): boolean {
  return text.split(',').every((part) => {
    const [, name = ''] = /^\s*(\w+)=.+$/.exec(part) ?? [];
    return Object.hasOwn(NAME_OIDS, name.toUpperCase());
  });
}

/** The PKCS#10 request in DER. */
function encodeRequest({ attributes, keyUsage, key, variant }: CsrOptions): Buffer {
  const subject = variant.csrDamage === 'commonName' ? 'CN=another-device' : attributes;
  const info = derSequence(
    VERSION_1,
    encodeName(subject),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(0xa0, ...(keyUsage === '' ? [] : [encodeKeyUsage(keyUsage)])),
  );
  const algorithm = derSequence(ECDSA_WITH_SHA256, ...(variant.csrNullParameter ? [NULL] : []));
  const signed = variant.csrDamage === 'signature' ? Buffer.concat([info, NULL]) : info;
  return derSequence(info, algorithm, derBitString(sign('sha256', signed, key)));
}

function encodeName(attributes: string): Buffer {
  return derSequence(
    ...attributes.split(',').map((part) => {
      const [name = '', ...value] = part.trim().split('=');
      const type = name.toUpperCase();
      const text = der(type === 'C' ? PRINTABLE_STRING : UTF8_STRING, Buffer.from(value.join('=')));
      return derSet(derSequence(derOid(NAME_OIDS[type] ?? ''), text));
    }),
  );
}

/** The attribute extensionRequest with the one extension keyUsage. */
function encodeKeyUsage(keyUsage: string): Buffer {
  const used = keyUsage.replace(/0+$/, '');
  const bytes = Buffer.alloc(Math.ceil(used.length / 8));
  for (let index = 0; index < used.length; index++) {
    if (used[index] === '1') bytes[index >> 3]! |= 0x80 >> (index & 7);
  }
  const bits = derBitString(bytes, bytes.length * 8 - used.length);
  const extension = derSequence(KEY_USAGE, der(0x04, bits));
  return derSequence(EXTENSION_REQUEST, derSet(derSequence(extension)));
}

/** COSE_Sign1 of message type, device UUID, security tag, SHA-256 of the request and a nonce. */
function encodeAttestation({ deviceUuid, secTag, identityKeys, variant }: CsrOptions, request: Buffer): Buffer {
  const { csrDamage } = variant;
  const digest = createHash('sha256').update(request).digest();
  if (csrDamage === 'digest') digest[0]! ^= 0xff;
  const uuid = csrDamage === 'device' ? derive('another device', 'csr').subarray(0, 16) : deviceUuid;
  const tag = encodeInteger(csrDamage === 'secTag' ? secTag ^ 1 : secTag);
  const payload = Buffer.concat([
    PAYLOAD_HEAD,
    uuid,
    Buffer.from([0x40 + tag.length]),
    tag,
    Buffer.from([0x58, 0x20]),
    digest,
    Buffer.from([0x50]),
    derive('nonce', 'csr', request).subarray(0, 16),
  ]);
  const signature = identityKeys.sign(deviceUuid, signedBytes(payload));
  return Buffer.concat([
    COSE_HEAD,
    Buffer.from([0x58, payload.length]),
    payload,
    Buffer.from([0x58, signature.length]),
    signature,
  ]);
}

/** A security tag as a CBOR integer. The modem takes it for a signed one: from 2^31 on it is negative (confirmed). */
function encodeInteger(secTag: number): Buffer {
  const signed = secTag | 0;
  const major = signed < 0 ? 0x20 : 0x00;
  const value = signed < 0 ? -1 - signed : signed;
  if (value < 24) return Buffer.from([major | value]);
  if (value < 0x100) return Buffer.from([major | 0x18, value]);
  if (value < 0x10000) return Buffer.from([major | 0x19, value >> 8, value & 0xff]);
  const bytes = Buffer.from([major | 0x1a, 0, 0, 0, 0]);
  bytes.writeUInt32BE(value, 1);
  return bytes;
}
