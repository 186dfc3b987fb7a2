import { InvalidValue } from '../../util/invalid-value';
import { looksLikePath } from './path';

const CSV = 'save it as CSV UTF-8';
/** The first bytes of files that are not text, also after they were decoded as UTF-8, which loses some (`efbfbd`). */
const SIGNATURES: readonly [hex: string, kind: string][] = [
  ['d0cf11e0a1b11ae1', `is an Excel workbook (.xls); ${CSV}`],
  ['efbfbdefbfbd11e0a1b1', `is an Excel workbook (.xls); ${CSV}`],
  ['1f8b', 'is compressed (gzip); decompress it first'],
  ['1fefbfbd', 'is compressed (gzip); decompress it first'],
  ['425a6839314159265359', 'is compressed (bzip2); decompress it first'],
  ['fd377a585a00', 'is compressed (xz); decompress it first'],
  ['28b52ffd', 'is compressed (Zstandard); decompress it first'],
  ['377abcaf271c', 'is an archive (7z); unpack it first'],
  ['25504446', 'is a PDF document; export the table as CSV'],
  ['89504e47', 'is a picture; enter CSV text'],
  ['efbfbd504e47', 'is a picture; enter CSV text'],
  ['ffd8ff', 'is a picture; enter CSV text'],
];
const ZIP = '504b0304';

/**
 * Refuses a file that is not text by its first bytes.
 * @throws {InvalidValue} that names what it is
 */
export function refuseBinary(start: Buffer): void {
  const hex = start.toString('hex', 0, 16);
  if (hex.startsWith(ZIP)) {
    const workbook = /\[Content_Types\]|_rels\/|xl\//.test(start.toString('latin1', 0, 4096));
    throw new InvalidValue(
      workbook ? `is an Excel workbook (.xlsx); ${CSV}` : `is an Excel workbook (.xlsx) or a ZIP archive; ${CSV}`,
    );
  }
  const found = SIGNATURES.find(([signature]) => hex.startsWith(signature));
  if (found !== undefined) throw new InvalidValue(found[1]);
}

/**
 * Refuses text in another format.
 * @throws {InvalidValue} that names what it is
 */
export function refuseOtherText(sample: string): void {
  refuseBinary(Buffer.from(sample.slice(0, 4096)));
  const start = sample.slice(0, 1024).replace(/^[\s\ufeff]+/, '');
  if (/^<(?:!doctype|\?xml|html|head|body|table|svg|div|!--)/i.test(start)) {
    throw new InvalidValue('is HTML or XML, perhaps the web page of an error; enter CSV text');
  }
  if (/^(?:\[\s*(?:["{[\]]|$)|\{\s*["}])/.test(start)) {
    throw new InvalidValue('is JSON text; parse it with a json node first, and send the array');
  }
}

/** Names text that has no claim token and is not CSV; `undefined` if it may be CSV. */
export function describeTextWithoutTokens(sample: string): string | undefined {
  if (sample.includes('\0') || (sample.match(/\ufffd/g)?.length ?? 0) > sample.length / 20) {
    return 'is binary data and not text; enter CSV text';
  }
  if (looksLikePath(sample)) return 'is the path of a file and not its content; choose "file" as the input of the node';
  return undefined;
}
