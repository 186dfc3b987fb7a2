import type { NodeMessage } from 'node-red';
import type { NodeStore } from './journal/node-store';
import { JsonText, type RecordParts, type RecordState } from './journal/record-store';
import type { Done, Send } from './incoming-message';

/** Properties whose JSON is longer than this leave the message while it is pending; in characters. */
const MAX_SMALL_PROPERTY = 512;

/** A message whose work goes on after its handler has returned. */
export interface PendingMessage {
  readonly key: string;
  /** The message; `undefined` for one that was taken up after a restart, until it ends. */
  msg: NodeMessage | undefined;
  readonly send: Send;
  /** Ends the message; absent after a restart. */
  readonly done: Done | undefined;
  /** Whether the work continues after a restart. */
  recorded: boolean;
}

/** How a message is held. */
export interface HoldOptions {
  /** Large values that belong to the work, after those of the message. */
  parts?: RecordParts;
  /** Properties of the message that the work replaces: they are not recorded, and leave a recorded message. */
  without?: readonly string[];
  /** The other properties stay in memory, because copies of the message leave while it is pending. */
  staysWhole?: boolean;
}

/** What a record holds beside the work's own state. */
interface RecordedMessage extends RecordState {
  version?: 2;
  work?: RecordState;
  /** The small properties of the message. */
  msg: Record<string, unknown>;
  /** The names of its large properties, which are the record's parts; records of version 1 have none. */
  large?: string[];
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
    { parts = [], without = [], staysWhole = false }: HoldOptions = {},
  ): Promise<PendingMessage> {
    const pending: PendingMessage = { key, msg, send, done, recorded: false };
    // Until it is recorded, it counts as a message that is being processed.
    if (this.store === undefined || !(await this.store.isAvailable())) {
      this.#pending.add(pending);
      return pending;
    }
    const { small, large } = splitBySize(msg, without);
    const names = Object.keys(large);
    const state: RecordedMessage = { version: 2, work, msg: small, large: names };
    // Many messages may wait for the disk, so their large properties leave at once.
    if (!staysWhole) leave(msg, names);
    pending.recorded = await this.store.create(key, state, concat(Object.values(large), parts));
    if (pending.recorded) leave(msg, without);
    else if (!staysWhole) Object.assign(msg, valuesOf(large));
    this.#pending.add(pending);
    return pending;
  }

  /**
   * Takes over a message whose work its handler has recorded: from now on it is pending.
   * @param recorded whether there is a record with this key
   * @param names its large properties, which are in the record
   */
  adopt(
    key: string,
    msg: NodeMessage,
    recorded: boolean,
    names: readonly string[],
    send: Send,
    done: Done,
  ): PendingMessage {
    const pending: PendingMessage = { key, msg, send, done, recorded };
    this.#pending.add(pending);
    if (recorded) leave(msg, names);
    return pending;
  }

  /** Takes up a message that was recorded before a restart. */
  resume(key: string, send: Send): PendingMessage {
    const pending: PendingMessage = { key, msg: undefined, send, done: undefined, recorded: true };
    this.#pending.add(pending);
    return pending;
  }

  /** The parts of a record that belong to the work, after those of its message. */
  async *workParts({ key }: PendingMessage): AsyncGenerator {
    const state = (await this.store?.read(key)) as RecordedMessage | undefined;
    if (state === undefined) return;
    let left = state.large?.length ?? 0;
    for await (const part of this.store!.parts(key)) {
      if (left > 0) left--;
      else yield part;
    }
  }

  /** Records a new state of the work. */
  async update({ key, recorded }: PendingMessage, work: RecordState): Promise<void> {
    const record = recorded ? await this.store?.read(key) : undefined;
    if (record !== undefined) await this.store?.update(key, { ...record, work });
  }

  /** Whether a message is still pending: it has not ended, and the flow was not stopped. */
  has(pending: PendingMessage): boolean {
    return this.#pending.has(pending);
  }

  /** A message that was taken up after a restart, without its large properties. */
  async readResumed({ key }: PendingMessage): Promise<NodeMessage> {
    const state = (await this.store?.read(key)) as RecordedMessage | undefined;
    return { ...state?.msg, resumed: true };
  }

  /** The message with all its properties, ready to be sent. */
  async restore(pending: PendingMessage): Promise<NodeMessage> {
    const record = pending.recorded ? await this.#read(pending.key) : undefined;
    const resumed = pending.done === undefined;
    pending.msg ??= { ...record?.small, resumed: true } as unknown as NodeMessage;
    // Of a message that is still here only the large properties were taken.
    Object.assign(pending.msg, record?.large);
    if (resumed) Object.assign(pending.msg, { resumed: true });
    return pending.msg;
  }

  /** Takes a message that ends now. @returns false if it has ended already, as the flow was stopped */
  take(pending: PendingMessage): boolean {
    return this.#pending.delete(pending);
  }

  /** Removes the record of a message that has ended. */
  async remove(pending: PendingMessage): Promise<void> {
    if (pending.recorded) await this.store?.remove(pending.key);
  }

  /** Stops: the messages that are here are given up, and their records are kept. */
  takeAll(): PendingMessage[] {
    const all = [...this.#pending];
    this.#pending.clear();
    return all;
  }

  async #read(key: string): Promise<{ small: Record<string, unknown>; large: Record<string, unknown> } | undefined> {
    const state = (await this.store?.read(key)) as RecordedMessage | undefined;
    if (state === undefined) return undefined;
    const large: Record<string, unknown> = {};
    let index = 0;
    for await (const part of this.store!.parts(key)) {
      const name = (state.large ?? [])[index++];
      if (name !== undefined) large[name] = part;
    }
    return { small: state.msg, large };
  }
}

/** Values one after another. */
export async function* concat(values: Iterable<unknown>, parts: RecordParts): AsyncGenerator {
  yield* values;
  yield* parts;
}

function valuesOf(large: Record<string, JsonText>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(large).map(([name, { bytes }]) => [name, JSON.parse(bytes.toString())]));
}

function leave(msg: NodeMessage, names: readonly string[]): void {
  for (const name of names) Reflect.deleteProperty(msg, name);
}

/**
 * A message as JSON can hold it, without the HTTP request and response: the properties that stay with its record's state,
 * and the large ones, which become its parts.
 */
export function splitBySize(
  msg: NodeMessage,
  without: readonly string[] = [],
): { small: Record<string, unknown>; large: Record<string, JsonText> } {
  const small: Record<string, unknown> = {};
  const large: Record<string, JsonText> = {};
  for (const name of Object.keys(msg)) {
    if (name === 'req' || name === 'res' || without.includes(name)) continue;
    try {
      const json = JSON.stringify((msg as unknown as Record<string, unknown>)[name]) as string | undefined;
      if (json === undefined) continue;
      if (name !== '_msgid' && json.length > MAX_SMALL_PROPERTY) large[name] = new JsonText(json);
      else small[name] = JSON.parse(json) as unknown;
    } catch {
      // A property that JSON cannot hold stays behind; the work can be finished without it.
    }
  }
  return { small, large };
}
