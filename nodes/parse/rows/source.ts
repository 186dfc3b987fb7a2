import { InvalidValue } from '../../util/invalid-value';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { describeType } from '../../util/json';

/** Where rows come from: a value (CSV text, Buffer, or array), or the path of a file. */
export type RowSource = { kind: 'value'; value: unknown } | { kind: 'file'; path: string };

/** How much of a source is taken at once: bytes of a file or Buffer, characters of a text. */
const CHUNK = 256 * 1024;

/**
 * Reads a file, piece by piece, as they are asked for. The file is closed when the reading ends, however it ends.
 * A piece is only valid until the next one is asked for.
 * @throws {InvalidValue} for a path that names no readable file; also later, if the disk fails
 */
export async function* fileChunks(path: unknown): AsyncGenerator<Buffer> {
  const file = await openFile(path);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK);
    for (;;) {
      const bytesRead = await read(file, buffer);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

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

async function openFile(path: unknown): Promise<FileHandle> {
  if (typeof path !== 'string') throw new InvalidValue(`is ${describeType(path)}; give the path of a file as text`);
  if (path === '') throw new InvalidValue('is empty; give the path of a file');
  try {
    // Opening a pipe waits until somebody writes to it, which nothing could end.
    if (!(await stat(path)).isFile()) throw new InvalidValue('names something that is not a file');
    return await open(path);
  } catch (error) {
    throw unreadable(error);
  }
}

async function read(file: FileHandle, buffer: Buffer): Promise<number> {
  try {
    return (await file.read(buffer, 0, buffer.length, null)).bytesRead;
  } catch (error) {
    throw unreadable(error);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'names a file that does not exist on the computer where Node-RED runs',
  ENOTDIR: 'names a file that does not exist on the computer where Node-RED runs',
  EACCES: 'names a file that Node-RED may not read',
  EPERM: 'names a file that Node-RED may not read',
  ENAMETOOLONG: 'is too long for a path',
  ERR_INVALID_ARG_VALUE: 'is not a path: it holds a NUL character',
};

function unreadable(error: unknown): InvalidValue {
  if (error instanceof InvalidValue) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new InvalidValue(REASONS[code] ?? `names a file that cannot be read (${code || 'unknown reason'})`);
}
