import { open, type FileHandle } from 'node:fs/promises';
import { decodeHead, type EntryHead } from './line';

/** Owner only: the journal holds claim tokens. */
export const FILE_MODE = 0o600;
/** Bytes read at once while a segment is scanned. */
const SCAN_BYTES = 256 * 1024;
/** Most bytes of a line; a longer one is not written, and is damage, which must not fill memory. */
export const MAX_LINE_BYTES = 64 * 2 ** 20;
const LF = 10;

/** A line that was found while a segment was scanned; `head` is `undefined` if it is damaged. */
export interface ScannedLine {
  offset: number;
  length: number;
  head: EntryHead | undefined;
  /** The line has no end: a write that was cut off. */
  torn: boolean;
}

/** One file of the journal: lines are only ever added at its end. */
export class Segment {
  /** How many live records or parts of records it holds, and their bytes; counted by the journal. */
  liveLines = 0;
  liveBytes = 0;
  #size: number;

  private constructor(
    readonly path: string,
    private readonly file: FileHandle,
    size: number,
  ) {
    this.#size = size;
  }

  /** Opens a segment for reading and writing; a new file is made if there is none. */
  static async open(path: string): Promise<Segment> {
    const file = await open(path, 'a+', FILE_MODE);
    return new Segment(path, file, (await file.stat()).size);
  }

  /** Bytes written so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds bytes at the end and flushes them to disk. @returns where they begin */
  async append(bytes: Buffer): Promise<number> {
    const offset = this.#size;
    try {
      await this.file.appendFile(bytes);
      await this.file.datasync();
    } catch (error) {
      // A full disk leaves half a line behind, and the next line must not begin within it.
      await this.truncate(offset).catch(() => undefined);
      throw error;
    }
    this.#size = offset + bytes.length;
    return offset;
  }

  /** Cuts off everything after `size`. */
  async truncate(size: number): Promise<void> {
    await this.file.truncate(size);
    await this.file.datasync();
    this.#size = size;
  }

  /** Reads some bytes; fewer if the file ends before. */
  async read(offset: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.file.read(bytes, done, length - done, offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  }

  /** Reads what all lines are about, one after another. */
  async *scan(): AsyncGenerator<ScannedLine> {
    let pending: Buffer[] = [];
    let lineStart = 0;
    for (let position = 0; position < this.#size;) {
      const chunk = await this.read(position, SCAN_BYTES);
      if (chunk.length === 0) break;
      let from = 0;
      for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
        const length = position + end - lineStart;
        const line =
          pending.length === 0 ? chunk.subarray(from, end) : Buffer.concat([...pending, chunk.subarray(from, end)]);
        yield { offset: lineStart, length, head: line.length === length ? decodeHead(line) : undefined, torn: false };
        pending = [];
        lineStart = position + end + 1;
        from = end + 1;
      }
      position += chunk.length;
      if (from < chunk.length && position - lineStart <= MAX_LINE_BYTES) pending.push(chunk.subarray(from));
    }
    if (lineStart < this.#size)
      yield { offset: lineStart, length: this.#size - lineStart, head: undefined, torn: true };
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}
