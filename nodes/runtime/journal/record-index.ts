import type { EntryHead } from './line';
import type { Segment } from './segment';

/** Where a line is on disk. */
export interface Position {
  segment: Segment;
  offset: number;
  length: number;
}

/** The part of a record that is kept in memory: where it is on disk. */
export interface IndexedRecord {
  state: Position | undefined;
  /** Sparse until all have been read. */
  parts: (Position | undefined)[];
  /** How many parts belong to it. */
  count: number;
  /** Its removal is being written. */
  removing: boolean;
}

/** Where each record of the journal is, and how much of each segment is live. */
export class RecordIndex {
  readonly #nodes = new Map<string, Map<string, IndexedRecord>>();

  /** Ids of all nodes that have records. */
  nodes(): string[] {
    return [...this.#nodes.keys()];
  }

  /** The records of a node, by key, as they are now. */
  records(node: string): [string, IndexedRecord][] {
    return [...(this.#nodes.get(node) ?? [])];
  }

  get(node: string, key: string): IndexedRecord | undefined {
    return this.#nodes.get(node)?.get(key);
  }

  /** Takes a line into the index. */
  apply(entry: EntryHead, at: Position): void {
    if (entry.kind === 'removed') {
      this.remove(entry.node, entry.key);
      return;
    }
    const record = this.#recordOf(entry.node, entry.key);
    const replaced = entry.kind === 'state' ? record.state : record.parts[entry.index];
    if (replaced !== undefined) release(replaced);
    if (entry.kind === 'state') {
      record.state = at;
      record.count = entry.parts;
      // An array that grew holds places for more, and thousands of records have one part.
      record.parts = record.parts.slice();
    } else record.parts[entry.index] = at;
    at.segment.liveLines++;
    at.segment.liveBytes += at.length;
  }

  remove(node: string, key: string): void {
    const records = this.#nodes.get(node);
    const record = records?.get(key);
    if (record === undefined) return;
    for (const position of positionsOf(record)) release(position);
    records!.delete(key);
    if (records!.size === 0) this.#nodes.delete(node);
  }

  /** Drops records without a state, which were never accepted, and those that lack a part. */
  dropIncomplete(): void {
    for (const node of this.nodes()) {
      for (const [key, { state, parts, count }] of this.records(node)) {
        const complete = parts.filter((part) => part !== undefined).length >= count;
        if (state !== undefined && complete) continue;
        this.remove(node, key);
      }
    }
  }

  /** The live lines of a segment. */
  *in(segment: Segment): Generator<Position> {
    for (const node of this.nodes()) {
      for (const [, record] of this.records(node)) {
        for (const position of positionsOf(record)) if (position.segment === segment) yield position;
      }
    }
  }

  /** Whether a line still counts. */
  isLive(entry: EntryHead, position: Position): boolean {
    const record = this.get(entry.node, entry.key);
    return (entry.kind === 'part' ? record?.parts[entry.index] : record?.state) === position;
  }

  #recordOf(node: string, key: string): IndexedRecord {
    let records = this.#nodes.get(node);
    if (records === undefined) this.#nodes.set(node, (records = new Map<string, IndexedRecord>()));
    let record = records.get(key);
    if (record === undefined) records.set(key, (record = { state: undefined, parts: [], count: 0, removing: false }));
    return record;
  }
}

/** Parts first: a rewritten state must come after them. */
function positionsOf({ parts, state }: IndexedRecord): Position[] {
  return [...parts, state].filter((position) => position !== undefined);
}

function release({ segment, length }: Position): void {
  segment.liveLines--;
  segment.liveBytes -= length;
}
