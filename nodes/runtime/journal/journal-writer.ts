import { decodeHead, encodeLine, headOf, type Entry, type EntryHead } from './line';
import type { Position, RecordIndex } from './record-index';
import { MAX_LINE_BYTES, type Segment } from './segment';
import type { SegmentFolder } from './segment-folder';

/** Most bytes that one write and one flush take. */
const MAX_WRITE_BYTES = 4 * 2 ** 20;
/** Bytes on disk beside twice the live ones before the oldest segment is written anew. */
const MAX_DEAD_BYTES = 32 * 2 ** 20;
/** Lines that move at once: what is written meanwhile waits for them. */
const MOVE_AT_ONCE = 256;

/** A line, with its line break. */
interface Line {
  head: EntryHead;
  bytes: Buffer;
}

interface QueuedWrite extends Line {
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Writes the lines of a journal one batch after another, and takes them into its index. All that comes while a batch is
 * flushed shares the next one.
 */
export class JournalWriter {
  readonly #queue: QueuedWrite[] = [];
  #writing: Promise<void> | undefined;
  /** Lines that are still to be written again at the end, if they are live then. */
  #moving: Position[] = [];
  /** The segment whose lines move or have moved: those that cannot be read stay in it. */
  #moved: Segment | undefined;

  /** @param isOurs whether the folder is still this process's */
  constructor(
    private readonly folder: SegmentFolder,
    private readonly index: RecordIndex,
    private readonly isOurs: () => Promise<boolean>,
  ) {}

  /** Queues an entry. @returns when it is on disk @throws {Error} if it could not be read back */
  write(entry: Entry): Promise<void> {
    const line = { head: headOf(entry), bytes: encodeLine(entry) };
    if (line.bytes.length > MAX_LINE_BYTES) return Promise.reject(new Error('the record is too large'));
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...line, resolve, reject });
      this.#writing ??= this.#drain();
    });
  }

  /** Writes the live lines of segments again at the end; those that cannot be read or written stay where they are. */
  async move(segments: readonly Segment[]): Promise<void> {
    this.#moving = segments.flatMap((segment) => [...this.index.in(segment)]);
    await (this.#writing ??= this.#drain());
  }

  /** Waits until all that came has been written. */
  async finish(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    do {
      await this.#writeQueued(takeBatch(this.#queue, ({ bytes }) => bytes.length));
      await this.#makeRoom();
    } while (this.#queue.length > 0 || this.#moving.length > 0);
    this.#writing = undefined;
  }

  async #writeQueued(batch: readonly QueuedWrite[]): Promise<void> {
    try {
      await this.#append(batch);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error as Error);
    }
  }

  async #append(lines: readonly Line[]): Promise<void> {
    if (lines.length === 0) return;
    if (!(await this.isOurs())) throw new Error('another process has taken it over');
    const segment = await this.folder.current();
    let offset = await segment.append(Buffer.concat(lines.map(({ bytes }) => bytes)));
    for (const { head, bytes } of lines) {
      this.index.apply(head, { segment, offset, length: bytes.length - 1 });
      offset += bytes.length;
    }
  }

  /** Deletes what is not needed any more, and moves lines for it, some at a time so that no write waits long. */
  async #makeRoom(): Promise<void> {
    try {
      if (this.#moving.length > 0) await this.#moveSome();
      await this.#removeDeadSegments();
    } catch {
      // The lines that have not moved stay where they are; the next write tries again.
      this.#moving = [];
      this.#moved = undefined;
    }
  }

  /**
   * Deletes segments that hold nothing live, oldest first: a removal must not disappear before what it removes. If much
   * more is on disk than is live, the live lines of the oldest segment move to the end.
   */
  async #removeDeadSegments(): Promise<void> {
    while (this.folder.oldest?.liveLines === 0) await this.folder.removeOldest();
    const { oldest, segments } = this.folder;
    if (this.#moving.length > 0 || oldest === undefined || oldest === this.#moved) return;
    const bytes = segments.reduce((sum, { size }) => sum + size, 0);
    const live = segments.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
    if (bytes <= 2 * live + MAX_DEAD_BYTES) return;
    this.#moved = oldest;
    this.#moving = [...this.index.in(oldest)];
  }

  /**
   * Writes lines again at the end. Nothing else is written from the moment when they are found to be live until they
   * are there, so that an old line never follows a newer one of its record.
   */
  async #moveSome(): Promise<void> {
    const positions = takeBatch(this.#moving, ({ length }) => length, MOVE_AT_ONCE);
    const lines = await Promise.all(positions.map(readLine));
    await this.#append(
      lines.flatMap((bytes, index) => {
        const head = decodeHead(bytes.subarray(0, -1));
        return head !== undefined && this.index.isLive(head, positions[index]!) ? [{ head, bytes }] : [];
      }),
    );
  }
}

/** Reads a line, with its line break. */
export function readLine({ segment, offset, length }: Position): Promise<Buffer> {
  return segment.read(offset, length + 1);
}

/** Takes as many of the first items as one write may have; at least one, if there is one. */
function takeBatch<T>(items: T[], bytesOf: (item: T) => number, most = Infinity): T[] {
  let bytes = 0;
  let count = 0;
  while (count < Math.min(items.length, most)) {
    bytes += bytesOf(items[count]!);
    if (count > 0 && bytes > MAX_WRITE_BYTES) break;
    count++;
  }
  return items.splice(0, count);
}
