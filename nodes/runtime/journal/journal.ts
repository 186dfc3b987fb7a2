import { join } from 'node:path';
import { JournalWriter, readLine } from './journal-writer';
import { decodeLine, type Entry } from './line';
import { FolderLock, type TakeOptions } from './lock';
import type { RecordParts, RecordState, RecordStore } from './record-store';
import { RecordIndex, type Position } from './record-index';
import type { Segment } from './segment';
import { makeFolder, SegmentFolder } from './segment-folder';

/** States that are read at once when a node loads its records: one after another, ten thousand take half a second more. */
const READ_AT_ONCE = 64;

/** A line that cannot be read, and where it is. */
interface DamagedLine {
  segment: Segment;
  bytes: Buffer;
}

/**
 * The package's journal of pending work: lines of JSON in files that are only added to. A write counts when it has been
 * flushed to disk; all writes that come while one is being flushed share the next flush, so that thousands of records
 * need few. What a record holds stays on disk, and only its place is in memory.
 *
 * Our own, as a store that survives a power loss and loads from CommonJS on every Node.js that is supported, without an
 * install script, is not published.
 */
export class Journal {
  readonly #index = new RecordIndex();
  readonly #writer: JournalWriter;
  #closed = false;

  private constructor(
    private readonly folder: SegmentFolder,
    private readonly lock: FolderLock,
  ) {
    this.#writer = new JournalWriter(folder, this.#index, () => lock.isOurs());
  }

  /**
   * Opens the journal in a folder, which is made if it does not exist.
   * @param report called with a sentence about damaged records
   * @param options what to do if it takes a while to find out whether another process has it open
   * @returns `undefined` if another process has it open
   * @throws the system's error if the folder cannot be used
   */
  static async open(
    folder: string,
    report: (sentence: string) => void,
    options?: TakeOptions,
  ): Promise<Journal | undefined> {
    await makeFolder(folder);
    const lock = await FolderLock.take(join(folder, 'lock'), options);
    if (lock === undefined) return undefined;
    const journal = new Journal(new SegmentFolder(folder), lock);
    try {
      await journal.#load(report);
    } catch (error) {
      await journal.close();
      throw error;
    }
    return journal;
  }

  /** Ids of all nodes that have records. */
  nodes(): string[] {
    return this.#index.nodes();
  }

  /** The records of one node. */
  store(node: string): RecordStore {
    return {
      durable: true,
      load: () => this.#loadStates(node),
      create: (key, state, parts = []) => this.#create(node, key, state, parts),
      read: (key) => this.#read(node, key),
      update: (key, state) => this.#update(node, key, state),
      parts: (key) => this.#readParts(node, key),
      remove: (key) => this.#remove(node, key),
    };
  }

  /** Removes all records of a node. */
  async forget(node: string): Promise<void> {
    await Promise.all(this.#index.records(node).map(([key]) => this.#remove(node, key)));
  }

  /** The folder that it is in. */
  get path(): string {
    return this.folder.path;
  }

  /** Whether the journal was closed. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Waits for what is being written, and gives the folder back. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#writer.finish();
    await this.folder.close();
    await this.lock.release();
  }

  async #loadStates(node: string): Promise<Map<string, RecordState>> {
    const states = new Map<string, RecordState>();
    const records = this.#index.records(node).filter(([, { removing }]) => !removing);
    for (let start = 0; start < records.length; start += READ_AT_ONCE) {
      const batch = records.slice(start, start + READ_AT_ONCE);
      const entries = await Promise.all(batch.map(([, { state }]) => readEntry(state)));
      for (const [index, entry] of entries.entries()) {
        if (entry?.kind === 'state') states.set(batch[index]![0], entry.state);
      }
    }
    return states;
  }

  async #read(node: string, key: string): Promise<RecordState | undefined> {
    const entry = await readEntry(this.#index.get(node, key)?.state);
    return entry?.kind === 'state' ? entry.state : undefined;
  }

  async #create(node: string, key: string, state: RecordState, parts: RecordParts): Promise<void> {
    await this.#remove(node, key);
    let index = 0;
    let written: Promise<void> = Promise.resolve();
    for await (const value of parts) {
      const entry: Entry = { kind: 'part', node, key, index: index++, value };
      await written;
      written = this.#writer.write(entry);
      // Reported by the next wait for it; until then the rejection must not count as unhandled.
      written.catch(() => undefined);
    }
    // The state comes last: a record without it does not count, whatever happens before.
    await Promise.all([written, this.#writeState(node, key, state, index)]);
  }

  #writeState(node: string, key: string, state: RecordState, parts: number): Promise<void> {
    return this.#writer.write({ kind: 'state', node, key, parts, state });
  }

  async #update(node: string, key: string, state: RecordState): Promise<boolean> {
    const record = this.#index.get(node, key);
    // Written after the removal, it would bring back a record without parts.
    if (record === undefined || record.removing) return false;
    await this.#writeState(node, key, state, record.count);
    return true;
  }

  async #remove(node: string, key: string): Promise<void> {
    const record = this.#index.get(node, key);
    if (record === undefined) return;
    record.removing = true;
    await this.#writer.write({ kind: 'removed', node, key });
  }

  async *#readParts(node: string, key: string): AsyncGenerator {
    const { parts = [], count = 0 } = this.#index.get(node, key) ?? {};
    for (let index = 0; index < count; index++) {
      const entry = await readEntry(parts[index]);
      if (entry?.kind !== 'part') throw new Error('a part of the record is damaged');
      yield entry.value;
    }
  }

  async #load(report: (sentence: string) => void): Promise<void> {
    await this.folder.open();
    const { segments } = this.folder;
    const last = segments.at(-1);
    const damaged: DamagedLine[] = [];
    for (const segment of segments) {
      for await (const { offset, length, head, torn } of segment.scan()) {
        if (head !== undefined) this.#index.apply(head, { segment, offset, length });
        else if (torn && segment === last) await segment.truncate(offset);
        else damaged.push({ segment, bytes: await segment.read(offset, length) });
      }
    }
    this.#index.dropIncomplete();
    if (damaged.length > 0) await this.#setAside(damaged, report);
  }

  /**
   * Keeps damaged lines in a file of their own, and moves the others to new segments, so that this is said once. If that
   * cannot be written, they stay where they are, and the next start tries again.
   */
  async #setAside(damaged: DamagedLine[], report: (sentence: string) => void): Promise<void> {
    const lines = `${damaged.length} damaged lines of the journal of pending work`;
    const advice = 'look up in nRF Cloud what became of the work that they record';
    try {
      const name = await this.folder.setAside(damaged.map(({ bytes }) => bytes));
      const old = [...this.folder.segments];
      await this.folder.begin();
      await this.#writer.move(old);
      report(`${lines} were set aside in ${name}; ${advice}`);
    } catch (error) {
      // A segment without live lines would be deleted.
      for (const { segment } of damaged) segment.liveLines++;
      const { code = 'unknown error' } = error as NodeJS.ErrnoException;
      report(`${lines} cannot be set aside (${code}) and stay where they are; make room on the disk, and ${advice}`);
    }
  }
}

/** `undefined` if there is no position, or the line is damaged. */
async function readEntry(position: Position | undefined): Promise<Entry | undefined> {
  return position === undefined ? undefined : decodeLine((await readLine(position)).subarray(0, position.length));
}
