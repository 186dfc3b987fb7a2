import { StringDecoder } from 'node:string_decoder';
import { refuseBinary } from './other-format';

type Encoding = 'utf8' | 'utf16le' | 'utf16be';

/** How many bytes are looked at to find UTF-16 that has no byte order mark. */
const LOOK = 256;

/**
 * Turns the pieces of a file into UTF-8. UTF-16 is known by its byte order mark, or, without one, by the NUL that is every
 * other byte of plain Latin text. Bytes that are not valid become U+FFFD where they are decoded.
 * @param onEncoding called once, with the encoding that was found
 * @throws {InvalidValue} for a file that is not text
 */
export async function* toUtf8(
  chunks: AsyncIterable<Buffer>,
  onEncoding?: (encoding: Encoding) => void,
): AsyncGenerator<Buffer> {
  let convert: ((chunk: Buffer) => Buffer) | undefined;
  for await (const chunk of chunks) {
    if (convert === undefined) {
      refuseBinary(chunk);
      const encoding = encodingOf(chunk);
      onEncoding?.(encoding);
      convert = converterFor(encoding);
    }
    yield convert(chunk);
  }
}

function converterFor(encoding: Encoding): (chunk: Buffer) => Buffer {
  if (encoding === 'utf8') return (chunk) => chunk;
  const decoder = new StringDecoder('utf16le');
  const order = encoding === 'utf16be' ? pairSwapper() : (chunk: Buffer) => chunk;
  return (chunk) => Buffer.from(decoder.write(order(chunk)));
}

function encodingOf(bytes: Buffer): Encoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf16be';
  const pairs = Math.floor(Math.min(bytes.length, LOOK) / 2);
  const nuls = [0, 0];
  for (let at = 0; at < pairs * 2; at++) if (bytes[at] === 0) nuls[at % 2]!++;
  const [even, odd] = nuls as [number, number];
  if (pairs < 2) return 'utf8';
  if (even === 0 && odd > pairs * 0.8) return 'utf16le';
  if (odd === 0 && even > pairs * 0.8) return 'utf16be';
  return 'utf8';
}

/** Swaps the bytes of each pair, and keeps half a pair for the next piece. */
function pairSwapper(): (chunk: Buffer) => Buffer {
  let half: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const bytes = Buffer.concat([half, chunk]);
    const even = bytes.length - (bytes.length % 2);
    half = bytes.subarray(even);
    return bytes.subarray(0, even).swap16();
  };
}
