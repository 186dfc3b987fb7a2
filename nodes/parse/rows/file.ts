import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
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

/** What shows that a file was changed, or replaced by another one. */
interface FileState {
  size: number;
  mtimeMs: number;
  inode: number;
}

/** What identifies a file, so that work on it can be resumed. */
export interface FileIdentity extends FileState {
  /** The path as it was resolved. */
  path: string;
  /** SHA-256, in hex, of the whole content, or of the first and the last MiB of a larger file. */
  sha256OfEnds: string;
}

/** A file is not what it was when its reading began. */
export class ChangedFile extends InvalidValue {
  /** @param line that of the last row that was read; 0 if there is none */
  constructor(line = 0) {
    const loss = line === 0 ? '' : `, so rows after line ${line} may be missing and others outdated`;
    super(`names a file that changed while it was read${loss}; send the message again when the file is complete`);
  }
}

/**
 * Identifies a file by its size, its time and its content.
 * @throws {InvalidValue} for a path that names no readable file
 */
export async function fileIdentity(path: string): Promise<FileIdentity> {
  const { file, state, resolved } = await openFile(path);
  try {
    return { path: resolved, ...state, sha256OfEnds: await hashOfEnds(file, state.size) };
  } finally {
    await file.close();
  }
}

/** @param size how many bytes of the file count, from its beginning */
function hashOfEnds(file: FileHandle, size: number): Promise<string> {
  return hashOf(file, size, Math.max(0, size - 2 * END_BYTES));
}

/** @param gap bytes that are left out after the first {@link END_BYTES} */
async function hashOf(file: FileHandle, size: number, gap = 0): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = 0; at < size;) {
    const end = at < END_BYTES && gap > 0 ? END_BYTES : size;
    const bytesRead = await read(file, buffer, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) break;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
    if (at === END_BYTES) at += gap;
  }
  return hash.digest('hex');
}

/**
 * Reads a file, piece by piece, as they are asked for. The file is closed when the reading ends, however it ends. A piece
 * is only valid until the next one is asked for. Another file that takes its place meanwhile does not matter.
 * @param was what the file must be, from the beginning of the reading to its end
 * @throws {InvalidValue} for a path that names no readable file; also later, if the disk fails
 * @throws {ChangedFile} so that the last line of a file that is being written, which may be half a line, is not used
 */
export async function* fileChunks(path: unknown, was?: FileIdentity): AsyncGenerator<Buffer> {
  const { file, state } = await openFile(path);
  try {
    // With a new time, the ends of a large file do not say enough.
    const isDoubtful = was !== undefined && state.mtimeMs !== was.mtimeMs && state.size > 2 * END_BYTES;
    if (isDoubtful || (was !== undefined && (await isOther(file, was)))) throw new ChangedFile();
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    const hash = createHash('sha256');
    let position = 0;
    for (;;) {
      const bytesRead = await read(file, buffer, buffer.length, position);
      if (bytesRead === 0) break;
      position += bytesRead;
      hash.update(buffer.subarray(0, bytesRead));
      yield buffer.subarray(0, bytesRead);
    }
    const { size, mtimeMs } = stateOf(await file.stat());
    if (position !== state.size || size !== state.size) throw new ChangedFile();
    // A new time alone is no change: programs that copy set it at their end. Then the content decides.
    if (mtimeMs !== state.mtimeMs && (await hashOf(file, size)) !== hash.digest('hex')) throw new ChangedFile();
  } finally {
    await file.close();
  }
}

/**
 * Whether a file that was read is being written: something was appended to it, or filled in. One that is gone, or that was
 * replaced by another one, was whole.
 */
export async function isBeingWritten(path: unknown, was: FileIdentity): Promise<boolean> {
  try {
    const { file, state } = await openFile(path);
    try {
      const { size, inode } = state;
      if (inode !== was.inode || size < was.size) return false;
      if (size === was.size) return await isOther(file, was);
      return (await hashOfEnds(file, was.size)) === was.sha256OfEnds;
    } finally {
      await file.close();
    }
  } catch {
    return false;
  }
}

function stateOf({ size, mtimeMs, ino }: Stats): FileState {
  return { size, mtimeMs, inode: ino };
}

/** Whether a file is another one, or was changed; with a new time its ends decide. */
async function isOther(file: FileHandle, was: FileIdentity): Promise<boolean> {
  const { size, mtimeMs, inode } = stateOf(await file.stat());
  if (size !== was.size || inode !== was.inode) return true;
  return mtimeMs !== was.mtimeMs && (await hashOfEnds(file, size)) !== was.sha256OfEnds;
}

interface OpenFile {
  file: FileHandle;
  state: FileState;
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
    if (stats.isFile()) return { file, state: stateOf(stats), resolved };
    await file.close();
    throw notRegular();
  } catch (error) {
    throw unreadable(error);
  }
}

async function isKernelFileSystem(path: string): Promise<boolean> {
  return process.platform === 'linux' && KERNEL_FILE_SYSTEMS.has((await statfs(path)).type);
}

async function read(file: FileHandle, buffer: Buffer, length: number, position: number): Promise<number> {
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
