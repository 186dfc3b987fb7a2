import { setImmediate } from 'node:timers/promises';
import type { FileIdentity } from './file';

export { ChangedFile, fileChunks, fileIdentity, isBeingWritten, type FileIdentity } from './file';
export { cleanPath } from './path';

/** Where rows come from: a value (CSV text, Buffer, or array), or the path of a file, and what the file must still be. */
export type RowSource = { kind: 'value'; value: unknown } | { kind: 'file'; path: string; was?: FileIdentity };

/** How much of a value is taken at once: bytes of a Buffer, characters of a text. */
const CHUNK = 256 * 1024;

/** Takes a Buffer piece by piece, without copying it, and lets other work run in between. */
export async function* bufferChunks(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK) {
    yield bytes.subarray(at, at + CHUNK);
    await setImmediate();
  }
}

/**
 * Takes a text piece by piece as UTF-8, and lets other work run in between. A piece is only valid until the next one is
 * asked for.
 */
export async function* textChunks(text: string): AsyncGenerator<Buffer> {
  // At most three bytes for each of JavaScript's characters.
  const buffer = Buffer.allocUnsafe(3 * (CHUNK + 1));
  for (let at = 0; at < text.length;) {
    let end = Math.min(at + CHUNK, text.length);
    // The two halves of a character outside the basic plane stay together.
    if (isHighSurrogate(text.charCodeAt(end - 1))) end++;
    yield buffer.subarray(0, buffer.write(text.slice(at, end)));
    at = end;
    await setImmediate();
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
