import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeHead, decodeLine } from '../../nodes/runtime/journal/line';

/** Where the nodes keep their records: the journal, or Node-RED's context store `file`. */
export type CrashStore = '' | 'file';

/** A record on disk. */
export interface StoredRecord {
  node: string;
  state: Record<string, unknown>;
  /** The small properties of its message: the record's first part. */
  msg: Record<string, unknown>;
}

/** What is recorded of pending work, as it is on disk while Node-RED runs or after it was killed. */
export function recordsIn(userDir: string, store: CrashStore): StoredRecord[] {
  return store === '' ? journalRecords(join(userDir, 'nrfcloud-provisioning')) : contextRecords(userDir);
}

/** A line without its end is one that is being written. */
function journalRecords(folder: string): StoredRecord[] {
  const records = new Map<string, StoredRecord>();
  const messages = new Map<string, Record<string, unknown>>();
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jsonl')) : [];
  for (const name of names.sort()) {
    const lines = readFileSync(join(folder, name)).toString('latin1').split('\n').slice(0, -1);
    for (const line of lines) {
      const bytes = Buffer.from(line, 'latin1');
      const head = decodeHead(bytes);
      if (head === undefined || head.key.startsWith('#') || (head.kind === 'part' && head.index > 0)) continue;
      const { node } = head;
      const key = `${node} ${head.key}`;
      const entry = decodeLine(bytes);
      if (entry?.kind === 'part') messages.set(key, entry.value as Record<string, unknown>);
      else if (entry?.kind === 'state') records.set(key, { node, state: entry.state, msg: messages.get(key) ?? {} });
      else records.delete(key);
    }
  }
  return [...records.values()];
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
