import { appendFile, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FILE_MODE, Segment } from './segment';

/** A segment of this size is full, and the next one begins. */
const MAX_SEGMENT_BYTES = 16 * 2 ** 20;
/** Owner only, as for the files. */
const FOLDER_MODE = 0o700;
const SEGMENT_NAME = /^journal-(\d{8})\.jsonl$/;
const LF = Buffer.from('\n');

/** Makes the folder of a journal if it does not exist. @throws the system's error */
export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
}

/** The files of a journal, oldest first. Their names survive a power loss. */
export class SegmentFolder {
  readonly #segments: Segment[] = [];
  #nextNumber = 1;
  #closed = false;

  constructor(readonly path: string) {}

  /** Opens the segments that exist. */
  async open(): Promise<void> {
    const numbers = (await readdir(this.path))
      .map((name) => Number(SEGMENT_NAME.exec(name)?.[1]))
      .filter((number) => !Number.isNaN(number))
      .sort((a, b) => a - b);
    for (const number of numbers) {
      this.#nextNumber = number;
      this.#segments.push(await this.#openNext());
    }
  }

  /** All segments, oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** The oldest segment, if it is not the one that is written to. */
  get oldest(): Segment | undefined {
    return this.#segments.length > 1 ? this.#segments[0] : undefined;
  }

  /** The segment that is written to; a new one if the last is full. */
  async current(): Promise<Segment> {
    const last = this.#segments.at(-1);
    return last !== undefined && last.size < MAX_SEGMENT_BYTES ? last : this.begin();
  }

  /** Begins a new segment. @throws {Error} if the folder was closed, as it may be another journal's by now */
  async begin(): Promise<Segment> {
    if (this.#closed) throw new Error('the journal is closed');
    const segment = await this.#openNext();
    try {
      await this.#sync();
    } catch (error) {
      await segment.close();
      throw error;
    }
    this.#segments.push(segment);
    return segment;
  }

  /** Deletes the oldest segment. */
  async removeOldest(): Promise<void> {
    const [segment] = this.#segments.splice(0, 1);
    await segment!.close();
    await rm(segment!.path, { force: true });
    await this.#sync();
  }

  /** Writes damaged lines to a file of their own. @returns its name @throws the system's error; then there is no file */
  async setAside(lines: readonly Buffer[]): Promise<string> {
    const name = `damaged-${new Date().toISOString().replace(/[:.]/g, '-')}.txt`;
    const bytes = Buffer.concat(lines.flatMap((line) => [line, LF]));
    const path = join(this.path, name);
    try {
      await appendFile(path, bytes, { mode: FILE_MODE });
    } catch (error) {
      // A full disk leaves half a file behind.
      await rm(path, { force: true }).catch(() => undefined);
      throw error;
    }
    return name;
  }

  /** Closes all segments. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#segments.map((segment) => segment.close()));
  }

  #openNext(): Promise<Segment> {
    const name = `journal-${String(this.#nextNumber++).padStart(8, '0')}.jsonl`;
    return Segment.open(join(this.path, name));
  }

  /** Makes the names of new and removed files survive a power loss; Windows cannot do that, and need not. */
  async #sync(): Promise<void> {
    if (process.platform === 'win32') return;
    const folder = await open(this.path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}
