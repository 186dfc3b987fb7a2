import type { Transform } from 'node:stream';
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  type BrotliOptions,
  type ZlibOptions,
} from 'node:zlib';

/** The content codings that responses are accepted in. */
export const ACCEPT_ENCODING = 'gzip, deflate, br';

/** Compressing more than twice has no use, and each further layer multiplies the size. */
const MAX_LAYERS = 2;

/** A body after its content codings are undone. */
export interface DecodedBody {
  bytes: Buffer;
  /** Why the bytes end early: more than `maxBytes`, or damaged. */
  truncated?: 'size' | 'encoding';
}

/** The content codings of a response in the order in which they were applied; empty for an uncompressed body. */
export function contentCodings(header: string | string[] | undefined): string[] {
  if (header === undefined) return [];
  return String(header)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
}

/**
 * Undoes the content codings of a body without ever holding more than `maxBytes` of the result.
 * @param codings see {@link contentCodings}
 */
export async function decompress(body: Buffer, codings: string[], maxBytes: number): Promise<DecodedBody> {
  if (codings.length > MAX_LAYERS) return { bytes: Buffer.alloc(0), truncated: 'encoding' };
  let decoded: DecodedBody = { bytes: body };
  for (const coding of [...codings].reverse()) {
    decoded = await decompressOnce(decoded.bytes, coding, maxBytes);
    if (decoded.truncated !== undefined) return decoded;
  }
  return decoded;
}

function decompressOnce(body: Buffer, coding: string, maxBytes: number): Promise<DecodedBody> {
  const stream = decompressor(coding, body);
  if (stream === undefined) return Promise.resolve({ bytes: Buffer.alloc(0), truncated: 'encoding' });
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const end = (truncated?: DecodedBody['truncated']): void => {
      resolve({ bytes: Buffer.concat(parts), ...(truncated === undefined ? {} : { truncated }) });
    };
    stream.on('data', (part: Buffer) => {
      const left = maxBytes - size;
      parts.push(part.subarray(0, left));
      size += part.length;
      if (size <= maxBytes) return;
      stream.destroy();
      end('size');
    });
    stream.on('end', () => end());
    stream.on('error', () => end('encoding'));
    stream.end(body);
  });
}

function decompressor(coding: string, body: Buffer): Transform | undefined {
  // What came of a body that broke off is still worth reading.
  const zlib: ZlibOptions = { finishFlush: constants.Z_SYNC_FLUSH };
  const brotli: BrotliOptions = { finishFlush: constants.BROTLI_OPERATION_FLUSH };
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip(zlib);
    case 'deflate':
      // Some servers send the raw format under this name; the zlib format begins with the method 8.
      return (body[0] ?? 0) % 16 === 8 ? createInflate(zlib) : createInflateRaw(zlib);
    case 'br':
      return createBrotliDecompress(brotli);
    default:
      return undefined;
  }
}

/** Text of a body: UTF-8, or UTF-16 if it begins with that byte order mark. The mark itself is dropped. */
export function decodeText(bytes: Buffer): string {
  const [first, second, third] = bytes;
  if (first === 0xff && second === 0xfe) return bytes.toString('utf16le', 2);
  if (first === 0xfe && second === 0xff) return swapped(bytes.subarray(2)).toString('utf16le');
  if (first === 0xef && second === 0xbb && third === 0xbf) return bytes.toString('utf8', 3);
  return bytes.toString('utf8');
}

/** Text of a document from any host, which may also be UTF-16 without a byte order mark. */
export function decodeDocument(bytes: Buffer): string {
  const [first, second] = bytes;
  if (first !== 0 && second === 0) return bytes.toString('utf16le');
  if (first === 0 && second !== 0 && second !== undefined) return swapped(bytes).toString('utf16le');
  return decodeText(bytes);
}

function swapped(bytes: Buffer): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.length - (bytes.length % 2))).swap16();
}
