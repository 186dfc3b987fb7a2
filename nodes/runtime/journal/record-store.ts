/** What a node keeps of one piece of pending work: small, and written again whenever it changes. */
export type RecordState = Record<string, unknown>;

/**
 * A value that is JSON text already, so that it need not be written as JSON again. It is kept as bytes, which are not on the
 * JavaScript heap: a long text that waits there for the disk stays until V8 collects all of the heap.
 */
export class JsonText {
  readonly bytes: Buffer;

  constructor(json: string) {
    this.bytes = Buffer.from(json);
  }
}

/** Large values of a record, written once. Any of them may be a {@link JsonText}. */
export type RecordParts = Iterable<unknown> | AsyncIterable<unknown>;

/**
 * Where a node records pending work. Each record has a small state, and parts: large values that are written once and
 * read only when the work ends. All values are JSON.
 */
export interface RecordStore {
  /** Whether the records survive a restart of the process. */
  readonly durable: boolean;
  /** The states of all records of the node, by key. What cannot be read is reported once and left out. */
  load(): Promise<Map<string, RecordState>>;
  /** The state of one record; `undefined` if there is none. */
  read(key: string): Promise<RecordState | undefined>;
  /**
   * Writes a new record.
   * @returns when all of it is on disk
   */
  create(key: string, state: RecordState, parts?: RecordParts): Promise<void>;
  /**
   * Writes the new state of a record; one that was removed stays removed.
   * @returns when it is on disk; false if there is none, or another instance has taken it over
   */
  update(key: string, state: RecordState): Promise<boolean>;
  /** Reads the parts of a record, in the order in which they were written. */
  parts(key: string): AsyncIterable<unknown>;
  /** Removes a record; one that does not exist is ignored. @returns when the removal is on disk */
  remove(key: string): Promise<void>;
  /** Of a store that several instances may share: whose record is whose. */
  readonly sharing?: StoreSharing | undefined;
}

/** What a store that several instances share can say beside. */
export interface StoreSharing {
  /** Whether a record is still this instance's to report. */
  isOwn(key: string): Promise<boolean>;
  /** Calls back for each record that this instance takes over later, because its owner is gone. */
  onTakenOver(take: (key: string, state: RecordState) => void): void;
  /** Gives the records back: other instances may take them over. */
  close(): Promise<void>;
}
