import type { NodeMessage } from 'node-red';
import type { NodeStore } from './journal/node-store';
import { survivesJson } from '../util/json';
import type { JsonText, RecordParts, RecordState } from './journal/record-store';
import type { Done, Send } from './incoming-message';
import {
  countMessageParts,
  fixedFields,
  largeNames,
  readMessage,
  recordParts,
  toRecord,
  type MessageRecord,
} from './recorded-message';

/** A message whose work goes on after its handler has returned. */
export interface PendingMessage {
  readonly key: string;
  /** The message; `undefined` for one that was taken up after a restart, until it ends. */
  msg: NodeMessage | undefined;
  readonly send: Send;
  /** Ends the message; absent after a restart. */
  readonly done: Done | undefined;
  /** What its record holds beside the work; `undefined` if the work does not continue after a restart. */
  record: RecordState | undefined;
  /** Its record could not be read, which ends the message. */
  isUnreadable?: boolean;
}

/** How a message is held. */
export interface HoldOptions {
  /** Large values that belong to the work, after those of the message. */
  parts?: RecordParts;
  /** Properties of the message that the work replaces: they are not recorded, and leave a recorded message. */
  without?: readonly string[];
  /** They stay in memory all the same, so that the message of an error has them. */
  keepsReplaced?: boolean;
  /** The other properties stay in memory, because copies of the message leave while it is pending. */
  staysWhole?: boolean;
}

/** How often a record is read that cannot be read: for three minutes. */
export const MAX_READ_FAILURES = 10;
/** The time until it is read again, which doubles each time. */
const FIRST_READ_DELAY_MS = 1000;
const MAX_READ_DELAY_MS = 30_000;

/** Milliseconds until a record is read again. @param failures how often it could not be read yet */
export function readDelayMs(failures: number): number {
  return Math.min(FIRST_READ_DELAY_MS * 2 ** (failures - 1), MAX_READ_DELAY_MS);
}

/**
 * Records messages whose work outlives a request. While a message is pending its large properties are in the store only:
 * Node-RED holds the message until it ends, and ten thousand of them would fill the memory.
 */
export class PendingMessages {
  readonly #pending = new Set<PendingMessage>();

  constructor(private readonly store: NodeStore | undefined) {}

  get size(): number {
    return this.#pending.size;
  }

  /** Records a message, and takes its large properties out of it. */
  async hold(
    key: string,
    msg: NodeMessage,
    work: RecordState,
    send: Send,
    done: Done,
    { parts = [], without = [], keepsReplaced = false, staysWhole = false }: HoldOptions = {},
  ): Promise<PendingMessage> {
    const pending: PendingMessage = { key, msg, send, done, record: undefined };
    // Until it is recorded, it counts as a message that is being processed.
    if (this.store === undefined || !(await this.store.isAvailable())) {
      this.#pending.add(pending);
      return pending;
    }
    const recorded = toRecord(msg, without);
    this.store.reportTooLarge(recorded.tooLarge);
    const { record, large } = recorded;
    // Many messages may wait for the disk, so their large properties leave at once.
    const left = staysWhole ? [] : leave(msg, record.large);
    if (await this.store.create(key, { ...record, work }, recordParts(recorded, parts))) {
      pending.record = record;
      if (!keepsReplaced) for (const name of without) Reflect.deleteProperty(msg, name);
    } else for (const name of left) Object.assign(msg, { [name]: valueOf(name, record, large) });
    this.#pending.add(pending);
    return pending;
  }

  /**
   * Takes over a message whose work its handler has recorded: from now on it is pending.
   * @param record what its record holds beside the work; `undefined` if there is none
   */
  adopt(key: string, msg: NodeMessage, record: RecordState | undefined, send: Send, done: Done): PendingMessage {
    const pending: PendingMessage = { key, msg, send, done, record };
    this.#pending.add(pending);
    if (record !== undefined) leave(msg, largeNames(record));
    return pending;
  }

  /** Takes up a message that was recorded before a restart. */
  resume(key: string, state: RecordState, send: Send): PendingMessage {
    const pending: PendingMessage = { key, msg: undefined, send, done: undefined, record: fixedFields(state) };
    this.#pending.add(pending);
    return pending;
  }

  /** The parts of a record that belong to the work, after those of its message. */
  async *workParts({ key, record }: Pick<PendingMessage, 'key' | 'record'>): AsyncGenerator {
    if (this.store === undefined || record === undefined) return;
    let left = countMessageParts(record);
    for await (const part of this.store.parts(key)) {
      if (left > 0) left--;
      else yield part;
    }
  }

  /** Records a new state of the work. */
  async update({ key, record }: PendingMessage, work: RecordState): Promise<void> {
    if (record !== undefined) await this.store?.update(key, { ...record, work });
  }

  /** Whether a message is still pending: it has not ended, and the flow was not stopped. */
  has(pending: PendingMessage): boolean {
    return this.#pending.has(pending);
  }

  /** A message that was taken up after a restart, without its large properties. */
  async readResumed(pending: PendingMessage): Promise<NodeMessage> {
    return { ...(await this.#read(pending, false)), resumed: true };
  }

  /** Gives the message all its properties back while it is pending. */
  async restore(pending: PendingMessage): Promise<void> {
    const { msg } = pending;
    if (msg === undefined) pending.msg = await this.readWhole(pending);
    else Object.assign(msg, await this.#readMissing(pending, msg));
  }

  /**
   * The message with all its properties, ready to be sent. It is not the message that Node-RED holds if that gave its large
   * ones away: what it holds would stay in memory until a full garbage collection, as V8 has moved it to where only that
   * looks.
   */
  async readWhole(pending: PendingMessage): Promise<NodeMessage> {
    const { msg } = pending;
    if (msg === undefined) return { ...(await this.#read(pending, true)), resumed: true };
    const missing = await this.#readMissing(pending, msg);
    return Object.keys(missing).length === 0 ? msg : Object.assign(cloneShallow(msg), missing);
  }

  /** Takes a message that ends now. @returns false if it has ended already, as the flow was stopped */
  take(pending: PendingMessage): boolean {
    return this.#pending.delete(pending);
  }

  /** Removes the record of a message that has ended; one that could not be read is set aside. */
  async remove({ key, record, isUnreadable }: Pick<PendingMessage, 'key' | 'record' | 'isUnreadable'>): Promise<void> {
    if (record === undefined || this.store === undefined) return;
    if (isUnreadable !== true) return this.store.remove(key);
    const state = await this.store.read(key);
    if (state !== undefined) await this.store.setAside(key, state);
  }

  /** Stops: the messages that are here are given up, and their records are kept. */
  takeAll(): PendingMessage[] {
    const all = [...this.#pending];
    this.#pending.clear();
    return all;
  }

  /** The large properties that a message gave away. */
  async #readMissing(pending: PendingMessage, msg: NodeMessage): Promise<Record<string, unknown>> {
    const names = pending.record === undefined ? [] : largeNames(pending.record).filter((name) => !(name in msg));
    if (names.length === 0) return {};
    const recorded = await this.#read(pending, true);
    return Object.fromEntries(names.filter((name) => name in recorded).map((name) => [name, recorded[name]]));
  }

  async #read({ key, record }: PendingMessage, whole: boolean): Promise<Record<string, unknown>> {
    if (this.store === undefined || record === undefined) return {};
    return readMessage(record, this.store.parts(key), whole);
  }
}

/**
 * Tells Node-RED that the message which it holds has ended. For Complete and Catch it is the message that left; afterwards
 * it is as it was while it was pending.
 * @param whole what left
 */
export function endHeld(held: NodeMessage, whole: NodeMessage, done: Done): Done {
  if (held === whole) return done;
  return (error) => {
    const before = Object.getOwnPropertyDescriptors(held);
    setProperties(held, Object.getOwnPropertyDescriptors(whole));
    try {
      done(error);
    } finally {
      setProperties(held, before);
    }
  };
}

/** A copy that shares the values; no getter is called. */
function cloneShallow(msg: NodeMessage): NodeMessage {
  return Object.create(Object.getPrototypeOf(msg) as object, Object.getOwnPropertyDescriptors(msg)) as NodeMessage;
}

/** Gives a message these properties and no others; one that is read-only stays as it is. */
function setProperties(msg: NodeMessage, properties: PropertyDescriptorMap): void {
  for (const name of Object.keys(msg)) if (!(name in properties)) Reflect.deleteProperty(msg, name);
  for (const [name, property] of Object.entries(properties)) Reflect.defineProperty(msg, name, property);
}

function valueOf(name: string, { large: names }: MessageRecord, texts: readonly JsonText[]): unknown {
  return JSON.parse(texts[names.indexOf(name)]!.bytes.toString()) as unknown;
}

/**
 * Takes properties out of a message, but none that would come back as something else.
 * @returns the names of those that left
 */
function leave(msg: NodeMessage, names: readonly string[]): string[] {
  const properties = msg as unknown as Record<string, unknown>;
  const left = names.filter((name) => survivesJson(properties[name]));
  for (const name of left) Reflect.deleteProperty(msg, name);
  return left;
}
