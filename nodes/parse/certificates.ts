import { X509Certificate } from 'node:crypto';
import { InvalidValue } from '../util/invalid-value';
import { describeType } from '../util/json';

const BLOCK = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;
/** Longer than any chain of certificates that a modem can store (our choice). */
const MAX_LENGTH = 65_536;

/**
 * Reads one or more certificates in PEM from text or a Buffer. In the value of an environment variable a line end may be
 * written as `\n`.
 * @returns the text with LF as line end, without white space before it and without blank lines after it
 * @throws {InvalidValue} for anything else than whole X.509 certificates; it never quotes the text
 */
export function parseCertificates(value: unknown): string {
  const raw = Buffer.isBuffer(value) ? value.toString('utf8') : value;
  if (raw === undefined || raw === null) throw new InvalidValue('is missing; enter certificates in PEM');
  if (typeof raw !== 'string') throw new InvalidValue(`is ${describeType(raw)}; enter certificates in PEM as text`);
  if (raw.length > MAX_LENGTH) {
    throw new InvalidValue(`has ${raw.length} characters; enter only the certificates that the device needs`);
  }
  const text = withLineEnds(raw);
  let rest = text;
  let count = 0;
  for (const [block, label] of text.matchAll(BLOCK)) {
    rest = rest.replace(block, '');
    count++;
    checkBlock(block, label!, count);
  }
  if (/-----(BEGIN|END)/.test(rest)) {
    throw new InvalidValue('holds a certificate without its BEGIN or END line; copy the whole certificate');
  }
  if (count === 0)
    throw new InvalidValue('holds no certificate; enter certificates in PEM, with their BEGIN and END lines');
  if (rest.trim() !== '') {
    throw new InvalidValue('holds text outside of the certificates; enter only the certificates');
  }
  return text;
}

function withLineEnds(raw: string): string {
  const text = raw.replaceAll('\\r', '').replaceAll('\\n', '\n').replace(/\r\n?/g, '\n');
  // A byte order mark is white space to trim().
  return /\n\s*$/.test(text) ? `${text.trim()}\n` : text.trim();
}

function checkBlock(block: string, label: string, place: number): void {
  if (label.includes('PRIVATE KEY')) {
    throw new InvalidValue(
      'holds a private key where a certificate belongs; enter the certificate, and keep the key secret',
    );
  }
  if (label !== 'CERTIFICATE') {
    throw new InvalidValue(`holds a ${label} where a certificate belongs; enter certificates`);
  }
  try {
    new X509Certificate(block);
  } catch {
    throw new InvalidValue(`holds a certificate that cannot be read (number ${place}); copy the whole certificate`);
  }
}
