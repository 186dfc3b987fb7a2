import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, realpath, stat, statfs, type FileHandle } from 'node:fs/promises';
import { InvalidValue } from '../../util/invalid-value';
import { cleanPath } from './path';

/** How much of a file is read at once, in bytes. */
const CHUNK_BYTES = 256 * 1024;
/** How much of each end of a file identifies it, in bytes; a file of at most both ends is identified by all of it. */
const END_BYTES = 1024 * 1024;

/** Folders of kernel file systems and devices. */
const KERNEL_FOLDERS = /^\/(?:proc|sys|dev)(?:\/|$)/;
/** The same file systems wherever they are mounted, by the numbers that Linux gives them (source: statfs(2)). */
const KERNEL_FILE_SYSTEMS = new Set([
  0x9fa0, 0x62656572, 0x64626720, 0x74726163, 0x1cd1, 0x27e0eb, 0x63677270, 0x73636673, 0x6165676c, 0x62656570,
  0xcafe4a11, 0x6e736673, 0xde5e81e4, 0x19800202,
]);

/** What identifies a file, so that work on it can be resumed. */
export interface FileIdentity {
  /** The path as it was resolved. */
  path: string;
  size: number;
  mtimeMs: number;
  /** SHA-256, in hex, of the whole content, or of the first and the last MiB of a larger file. */
  sha256OfEnds: string;
}

/**
 * Identifies a file by its size, its time and its content.
 * @throws {InvalidValue} for a path that names no readable file
 */
export async function fileIdentity(path: string): Promise<FileIdentity> {
  const { file, size, mtimeMs, resolved } = await openFile(path);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const gap = Math.max(0, size - 2 * END_BYTES);
    for (let at = 0; at < size;) {
      const end = at < END_BYTES && gap > 0 ? END_BYTES : size;
      const bytesRead = await read(file, buffer, Math.min(buffer.length, end - at), at);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
      if (at === END_BYTES) at += gap;
    }
    return { path: resolved, size, mtimeMs, sha256OfEnds: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

/**
 * Reads a file, piece by piece, as they are asked for. The file is closed when the reading ends, however it ends. A piece
 * is only valid until the next one is asked for.
 * @throws {InvalidValue} for a path that names no readable file; also later, if the disk fails or the file becomes shorter
 */
export async function* fileChunks(path: unknown): AsyncGenerator<Buffer> {
  const { file, size } = await openFile(path);
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let total = 0;
    for (;;) {
      const bytesRead = await read(file, buffer, buffer.length, null);
      if (bytesRead === 0) break;
      total += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    if (total < size || (await file.stat()).size < total) {
      throw new InvalidValue('names a file that became shorter while it was read; send it again when it is complete');
    }
  } finally {
    await file.close();
  }
}

interface OpenFile {
  file: FileHandle;
  size: number;
  mtimeMs: number;
  resolved: string;
}

/**
 * Opens a regular file. Reading a device or a pipe can wait for ever, and reading a file of the kernel can, too; each
 * would take one of the few threads that all of Node-RED has for files.
 */
async function openFile(value: unknown): Promise<OpenFile> {
  const path = cleanPath(value);
  try {
    if (KERNEL_FOLDERS.test(path)) throw notRegular();
    const resolved = await realpath(path);
    if (KERNEL_FOLDERS.test(resolved) || !(await stat(resolved)).isFile()) throw notRegular();
    if (await isKernelFileSystem(resolved)) throw notRegular();
    // If a pipe has taken the file's place meanwhile, opening must not wait for its other end.
    const file = await open(resolved, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (stats.isFile()) return { file, size: stats.size, mtimeMs: stats.mtimeMs, resolved };
    await file.close();
    throw notRegular();
  } catch (error) {
    throw unreadable(error);
  }
}

async function isKernelFileSystem(path: string): Promise<boolean> {
  return process.platform === 'linux' && KERNEL_FILE_SYSTEMS.has((await statfs(path)).type);
}

async function read(file: FileHandle, buffer: Buffer, length: number, position: number | null): Promise<number> {
  try {
    return (await file.read(buffer, 0, length, position)).bytesRead;
  } catch (error) {
    throw unreadable(error);
  }
}

function notRegular(): InvalidValue {
  return new InvalidValue('names something that is not a regular file; enter the path of a CSV file');
}

const MISSING = 'names a file that does not exist on the computer where Node-RED runs';
const FORBIDDEN = 'names a file that Node-RED may not read';
const REASONS: Record<string, string> = {
  ENOENT: MISSING,
  ENOTDIR: MISSING,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  ENAMETOOLONG: 'is too long for a path',
  ERR_INVALID_ARG_VALUE: 'is not a path: it holds a NUL character',
};

function unreadable(error: unknown): InvalidValue {
  if (error instanceof InvalidValue) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  return new InvalidValue(REASONS[code] ?? `names a file that cannot be read (${code || 'unknown reason'})`);
}
