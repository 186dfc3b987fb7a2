import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { decodeHead, decodeLine } from '../../nodes/runtime/journal/line';

/** Where the nodes keep their records: the journal, or Node-RED's context store `file`. */
export type CrashStore = '' | 'file';

const LF = 10;

/** A record on disk. */
export interface StoredRecord {
  node: string;
  state: Record<string, unknown>;
  /** The small properties of its message: the record's first part. */
  msg: Record<string, unknown>;
}

/**
 * What is recorded of pending work, as it is on disk while Node-RED runs or after it was killed. Once what is on disk was
 * tampered with, it takes a new one.
 */
export class RecordsOnDisk {
  readonly #journal: JournalRecords;

  constructor(
    private readonly userDir: string,
    private readonly store: CrashStore,
  ) {
    this.#journal = new JournalRecords(join(userDir, 'nrfcloud-provisioning'));
  }

  read(): StoredRecord[] {
    return this.store === '' ? this.#journal.read() : contextRecords(this.userDir);
  }
}

/**
 * The records of a journal. Each look reads only what was added since the last: the service is in this process, too, and
 * would stand still while the whole journal is read every few milliseconds.
 */
class JournalRecords {
  readonly #records = new Map<string, StoredRecord>();
  readonly #messages = new Map<string, Record<string, unknown>>();
  /** How many bytes of each file have been read. */
  readonly #done = new Map<string, number>();

  constructor(private readonly folder: string) {}

  read(): StoredRecord[] {
    const names = existsSync(this.folder) ? readdirSync(this.folder).filter((name) => name.endsWith('.jsonl')) : [];
    // The end of a file that is gone, or was cut, may not have been read.
    const isGone = ([name, done]: [string, number]): boolean =>
      !names.includes(name) || statSync(join(this.folder, name)).size < done;
    if ([...this.#done].some(isGone)) for (const map of [this.#records, this.#messages, this.#done]) map.clear();
    for (const name of names.sort()) this.#readOn(name);
    return [...this.#records.values()];
  }

  #readOn(name: string): void {
    const begin = this.#done.get(name) ?? 0;
    const file = openSync(join(this.folder, name), 'r');
    const bytes = Buffer.alloc(Math.max(0, fstatSync(file).size - begin));
    const added = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, begin));
    closeSync(file);
    let from = 0;
    // A line without its end is one that is being written.
    for (let end = added.indexOf(LF); end >= 0; end = added.indexOf(LF, from)) {
      this.#take(added.subarray(from, end));
      from = end + 1;
    }
    this.#done.set(name, begin + from);
  }

  #take(line: Buffer): void {
    const head = decodeHead(line);
    if (head === undefined || head.key.startsWith('#') || (head.kind === 'part' && head.index > 0)) return;
    const { node } = head;
    const key = `${node} ${head.key}`;
    const entry = decodeLine(line);
    if (entry?.kind === 'part') this.#messages.set(key, entry.value as Record<string, unknown>);
    else if (entry?.kind === 'state') {
      this.#records.set(key, { node, state: entry.state, msg: this.#messages.get(key) ?? {} });
    } else {
      this.#records.delete(key);
      this.#messages.delete(key);
    }
  }
}

function contextRecords(userDir: string): StoredRecord[] {
  return ['bulk', 'watch', 'command', 'onboarding'].flatMap((node) => {
    const path = join(userDir, 'context', 'tab', `${node}.json`);
    if (!existsSync(path)) return [];
    const values = JSON.parse(readFileSync(path, 'utf8')) as Record<string, any>;
    return Object.entries(values)
      .filter(([key]) => key.startsWith('nrfcloud_') && !key.includes('#'))
      .flatMap(([key, { state }]) => (state === undefined ? [] : [{ node, state, msg: values[`${key}#part0`] ?? {} }]));
  });
}
