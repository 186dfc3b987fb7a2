import { StringDecoder } from 'node:string_decoder';

type Encoding = 'utf8' | 'utf16le' | 'utf16be';

/** How many bytes are looked at to find UTF-16 that has no byte order mark. */
const LOOK = 256;

/**
 * Turns the pieces of a file into UTF-8 without byte order mark. UTF-16 is known by its mark, or, without one, by the NUL
 * that is every other byte of plain Latin text. What is not valid becomes U+FFFD where it is decoded.
 */
export async function* toUtf8(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let convert: ((chunk: Buffer) => Buffer) | undefined;
  for await (const chunk of chunks) {
    convert ??= converterFor(chunk);
    yield convert(chunk);
  }
}

function converterFor(first: Buffer): (chunk: Buffer) => Buffer {
  const encoding = encodingOf(first);
  if (encoding === 'utf8') return withoutMark();
  const decoder = new StringDecoder('utf16le');
  const order = encoding === 'utf16be' ? pairSwapper() : (chunk: Buffer) => chunk;
  const strip = withoutMark();
  return (chunk) => strip(Buffer.from(decoder.write(order(chunk))));
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

/** Drops U+FEFF from the first piece. */
function withoutMark(): (chunk: Buffer) => Buffer {
  let first = true;
  return (chunk) => {
    const marked = first && chunk[0] === 0xef && chunk[1] === 0xbb && chunk[2] === 0xbf;
    first = false;
    return marked ? chunk.subarray(3) : chunk;
  };
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
