import { generateKeyPairSync } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import fc from 'fast-check';
import { anyRecipe, type Recipe } from './hostile';
import { oddText } from './texts';

const KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const PRIVATE_KEYS = (['pkcs8', 'sec1'] as const).map((type) => KEY.export({ type, format: 'pem' }) as string);
/** A line of a private key, which no error and no request may show. */
export const SECRET = new RegExp(
  PRIVATE_KEYS.map((pem) => pem.split('\n')[1]!.slice(0, 40).replace(/[+/]/g, '\\$&')).join('|'),
);

/** Whole certificates; the shortest, so that several fit. */
const CERTIFICATES = [...rootCertificates].sort((a, b) => a.length - b.length).slice(0, 5);
/** What is no certificate, but looks like one. */
const DAMAGED = [
  ...PRIVATE_KEYS,
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
  '-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----',
  '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n',
  '-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n',
  CERTIFICATES[0]!.slice(0, 200),
  CERTIFICATES[0]!.slice(100),
  CERTIFICATES[0]!.replace(/[a-z]/g, 'A'),
  'MIIB',
  '-----BEGIN CERTIFICATE-----',
  '-----END CERTIFICATE-----',
];

/** A text that holds certificates, other things, or both. */
export interface PemText {
  text: string;
  /** How many certificates it holds; `undefined` if there is something else, too. */
  certificates: number | undefined;
}

/** How line ends are written in files, dialogs and environment variables. */
const LINE_ENDS = ['\n', '\r\n', '\r', '\\n', '\\r\\n'];

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...CERTIFICATES).map((text) => ({ text, isWhole: true })) },
  {
    weight: 2,
    arbitrary: fc.oneof(fc.constantFrom(...DAMAGED), oddText).map((text) => ({ text, isWhole: text.trim() === '' })),
  },
);

/** Certificates in PEM as people paste them, and what they paste instead. */
export const pemText: fc.Arbitrary<PemText> = fc
  .record({
    pieces: fc.array(piece, { maxLength: 4 }),
    lineEnd: fc.constantFrom(...LINE_ENDS),
    before: fc.constantFrom('', '\ufeff', ' ', '\n'),
  })
  .map(({ pieces, lineEnd, before }) => {
    const text = before + pieces.map((one) => one.text.trimEnd()).join('\n');
    const count = pieces.filter(({ text: one }) => CERTIFICATES.includes(one)).length;
    const isSound = count > 0 && pieces.every(({ isWhole }) => isWhole);
    return { text: text.replaceAll('\n', lineEnd), certificates: isSound ? count : undefined };
  });

/** A security tag, or what stands in its place. */
export const securityTag: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(16842753, '16842753', 0, 2 ** 32 - 1, ' 7 ', -1, '-1', 2 ** 32, '4294967296', 1.5, '1e3'),
  fc.constantFrom<unknown>('0x10', '１２', '', ' ', null, undefined, NaN, Infinity, -0, true, [1], { secTag: 1 }),
  fc.integer(),
  fc.double(),
  oddText,
);

const credential: fc.Arbitrary<unknown> = fc.oneof(
  pemText.map(({ text }) => text),
  securityTag,
);

/** What may be given where a node wants a certificate or a security tag. */
export const credentialRecipe: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 3, arbitrary: credential.map((value) => ({ value })) },
  { weight: 1, arbitrary: pemText.map(({ text }) => ({ buffer: text })) },
  { weight: 1, arbitrary: anyRecipe },
);

const TYPES = [
  'cloudAccessKeyGeneration',
  'clientPrivateKeyGeneration',
  'certificateSigningRequest',
  'serverCertificate',
  'clientCertificate',
  'finished',
  'request',
  'toString',
  '__proto__',
];

/** A value of `msg.command`. */
export const commandMessage: fc.Arbitrary<Record<string, unknown>> = fc.record(
  {
    type: fc.constantFrom<unknown>(...TYPES, 1, null),
    secTag: securityTag,
    content: credential,
    attributes: fc.oneof(fc.constant('CN=x'), oddText),
    keyUsage: fc.oneof(fc.constant('101010000'), oddText),
    description: fc.oneof(fc.constant('x'), oddText, fc.integer()),
    requestInput: fc.oneof(fc.constant('{"finished":{}}'), fc.jsonValue({ maxDepth: 2 })),
  },
  { requiredKeys: ['type'] },
);
