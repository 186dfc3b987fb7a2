import type { Node, NodeAPI } from 'node-red';
import { Abort } from '../util/abort';
import { isObject } from '../util/json';
import { KeyedQueue, type WaitOptions } from '../util/keyed-queue';
import { toError } from '../util/to-error';
import {
  JsonText,
  type RecordParts,
  type RecordState,
  type RecordStore,
  type StoreSharing,
} from './journal/record-store';
import { LEASE_TIMING, RecordLeases } from './record-leases';

/** How long a context store may take, in milliseconds; a closing node is waited for 15 s. */
const STORE_TIMEOUT_MS = 5000;
const PREFIX = 'nrfcloud_';
/** Between a record's key and the number of a part. */
const PART = '#part';

/** How a record is kept in a context store; records of version 1 have no `version`. */
interface StoredRecord {
  version: 2;
  state: RecordState;
  parts: number;
  /** Which instance works on it; see {@link RecordLeases}. */
  owner?: string;
}

/** Nobody waits for less than the whole of a change, and each is made. */
const IN_TURN: WaitOptions<boolean> = {
  signal: new Abort(),
  onWait: () => () => undefined,
  share: (value) => value,
  isShared: () => false,
};

/** What the stores that forget with their node have kept, by node and key, until the process ends. */
const keptInProcess = new Map<string, Map<string, unknown>>();

/**
 * Keeps the records of one node in one of Node-RED's context stores. The state and each part have keys of their own, so
 * that a store that writes key by key does not write the parts again when the state changes. Where the store forgets
 * (the default one does, as soon as the node is redeployed), the records are kept in the process, so that at least a
 * redeploy loses nothing.
 */
export class ContextStore implements RecordStore {
  readonly durable: boolean;
  /** A store that forgets with the process is not shared. */
  readonly sharing: StoreSharing | undefined;
  readonly #leases: RecordLeases | undefined;
  /** Changes of a record come one after another: one that takes long must not bring back what was removed meanwhile. */
  readonly #changes = new KeyedQueue();

  /**
   * @param name of the context store
   * @param onUnreadable called for each record that cannot be read
   * @param timing of the leases
   */
  constructor(
    RED: NodeAPI,
    private readonly node: Node,
    private readonly name: string,
    private readonly onUnreadable: (error: Error) => void = () => undefined,
    timing = LEASE_TIMING,
  ) {
    this.durable = isPersistent(RED, name);
    if (!this.durable) return;
    const values = {
      get: (key: string) => this.#get(PREFIX + key),
      set: (key: string, value: unknown) => this.#set(PREFIX + key, value),
      keys: () => this.#recordKeys(),
    };
    const leases = new RecordLeases(values, timing);
    this.#leases = leases;
    this.sharing = {
      isOwn: (key) => this.#isOwn(leases, key),
      onTakenOver: (take) => leases.watch((key) => void this.#takeOver(key, take)),
      close: () => leases.close(),
    };
  }

  /** Of a shared store only the records that no other instance works on. */
  async load(): Promise<Map<string, RecordState>> {
    const states = new Map<string, RecordState>();
    const keys = (await this.#recordKeys()).filter((key) => !RecordLeases.isLease(key));
    const own = keys.filter((key) => key.startsWith('#'));
    const records = keys.filter((key) => !key.startsWith('#'));
    const claimed = this.#leases === undefined ? records : await this.#leases.claim(records, this.onUnreadable);
    await Promise.all(
      [...own, ...claimed].map(async (key) => {
        try {
          // A store may list what was removed; one for Redis does.
          const state = await this.read(key);
          if (state !== undefined) states.set(key, state);
        } catch (error) {
          // One record that cannot be read takes no other with it.
          this.#onUnread(key, error);
        }
      }),
    );
    return states;
  }

  async read(key: string): Promise<RecordState | undefined> {
    const value = await this.#get(PREFIX + key);
    return isObject(value) ? stateOf(value) : undefined;
  }

  async create(key: string, state: RecordState, parts: RecordParts = []): Promise<void> {
    const leases = key.startsWith('#') ? undefined : this.#leases;
    await leases?.hold(key);
    let count = 0;
    try {
      for await (const part of parts) {
        const value: unknown = part instanceof JsonText ? JSON.parse(part.bytes.toString()) : part;
        await this.#set(partKey(key, count++), value);
      }
      await this.#set(PREFIX + key, {
        version: 2,
        state,
        parts: count,
        ...(leases === undefined ? {} : { owner: leases.owner }),
      } satisfies StoredRecord);
    } catch (error) {
      // It may arrive all the same, and its work would be done again after a restart. The message does not wait for this.
      const keys = [PREFIX + key, ...Array.from({ length: count }, (_, index) => partKey(key, index))];
      if (leases !== undefined) for (const one of keys) void this.#set(one, undefined).catch(() => undefined);
      leases?.drop(key);
      throw error;
    }
  }

  update(key: string, state: RecordState): Promise<boolean> {
    return this.#changes.run(key, () => this.#update(key, state), IN_TURN);
  }

  async #update(key: string, state: RecordState): Promise<boolean> {
    const value = await this.#readOwn(key);
    if (value === undefined) return false;
    const parts = typeof value['parts'] === 'number' ? value['parts'] : 0;
    const { owner } = value as Partial<StoredRecord>;
    await this.#set(PREFIX + key, {
      version: 2,
      state,
      parts,
      ...(owner === undefined ? {} : { owner }),
    } satisfies StoredRecord);
    return true;
  }

  /** @throws {Error} if a part is missing: content without it would be taken for the whole */
  async *parts(key: string): AsyncGenerator {
    const value = await this.#get(PREFIX + key);
    const count = isObject(value) && typeof value['parts'] === 'number' ? value['parts'] : 0;
    for (let index = 0; index < count; index++) {
      const part = await this.#get(partKey(key, index));
      if (part === undefined || part === null) throw new Error('a part of the record is damaged');
      yield part;
    }
  }

  /** Of a shared store only if no other instance works on it. */
  async remove(key: string): Promise<void> {
    await this.#changes.run(key, () => this.#remove(key), IN_TURN);
  }

  /** @returns whether it was there */
  async #remove(key: string): Promise<boolean> {
    const value = await this.#readOwn(key);
    if (value === undefined) {
      this.#leases?.drop(key);
      return false;
    }
    const count = typeof value['parts'] === 'number' ? value['parts'] : 0;
    await this.#set(PREFIX + key, undefined);
    this.#leases?.drop(key);
    for (let index = 0; index < count; index++) await this.#set(partKey(key, index), undefined);
    return true;
  }

  async #isOwn(leases: RecordLeases, key: string): Promise<boolean> {
    const isOwn = (await leases.readOwn(key)) !== undefined;
    if (!isOwn) leases.drop(key);
    return isOwn;
  }

  /** The record as it is stored; `undefined` if there is none, or another instance works on it. */
  async #readOwn(key: string): Promise<Record<string, unknown> | undefined> {
    if (this.#leases !== undefined && !key.startsWith('#')) return this.#leases.readOwn(key);
    const value = await this.#get(PREFIX + key);
    return isObject(value) ? value : undefined;
  }

  async #takeOver(key: string, take: (key: string, state: RecordState) => void): Promise<void> {
    try {
      const state = await this.read(key);
      if (state !== undefined) take(key, state);
    } catch (error) {
      this.#onUnread(key, error);
    }
  }

  /** A claimed record that cannot be read now stays for the next turn. */
  #onUnread(key: string, error: unknown): void {
    this.onUnreadable(toError(error));
    if (!key.startsWith('#')) this.#leases?.postpone(key);
  }

  /** Keys of records and leases, without those of parts. */
  async #recordKeys(): Promise<string[]> {
    const keys = (await this.#keys()).filter((key) => key.startsWith(PREFIX) && !key.includes(PART));
    return keys.map((key) => key.slice(PREFIX.length));
  }

  async #set(key: string, value: unknown): Promise<void> {
    if (this.durable) {
      await this.#call((done) => this.node.context().set(key, value, this.name, done));
      return;
    }
    let kept = keptInProcess.get(this.node.id);
    if (kept === undefined) keptInProcess.set(this.node.id, (kept = new Map<string, unknown>()));
    if (value === undefined) kept.delete(key);
    else kept.set(key, value);
  }

  async #get(key: string): Promise<unknown> {
    if (!this.durable) return keptInProcess.get(this.node.id)?.get(key);
    return this.#call((done) => this.node.context().get(key, this.name, done));
  }

  async #keys(): Promise<string[]> {
    if (!this.durable) return [...(keptInProcess.get(this.node.id)?.keys() ?? [])];
    return this.#call((done) => this.node.context().keys(this.name, done));
  }

  #call<R>(call: (done: (error: unknown, result?: unknown) => void) => void): Promise<R> {
    return new Promise((resolve, reject) => {
      // A store that never responds must not keep a message from ending.
      const limit = setTimeout(() => reject(new Error('it does not respond')), STORE_TIMEOUT_MS);
      call((error, result) => {
        clearTimeout(limit);
        if (error) reject(error instanceof Error ? error : new Error('no reason given', { cause: error }));
        else resolve(result as R);
      });
    });
  }
}

/**
 * Forgets what the process keeps for nodes that were deleted from the flows; Node-RED cleans its stores by itself.
 * @param isDeployed whether the flows have the node with an id
 */
export function forgetDeleted(isDeployed: (node: string) => boolean): void {
  for (const node of keptInProcess.keys()) if (!isDeployed(node)) keptInProcess.delete(node);
}

function partKey(key: string, index: number): string {
  return `${PREFIX}${key}${PART}${index}`;
}

/** A record of version 1 is its own state. */
function stateOf(value: Record<string, unknown>): RecordState {
  if (value['version'] === 2 && isObject(value['state'])) return value['state'];
  const state = { ...value };
  delete state['owner'];
  return state;
}

/** Names of the context stores of the settings; `default` is the default one. */
export function contextStores(RED: NodeAPI): string[] {
  return [...new Set(['default', ...Object.keys(storesOf(RED))])];
}

/**
 * The name under which the settings define a context store: `default` may be an alias of another one, and so is a name that
 * they do not have. Two names of one store must not be taken for two.
 */
export function storeName(RED: NodeAPI, name: string): string {
  const stores = storesOf(RED);
  const { default: own } = stores;
  if (name !== 'default' && name in stores) return name;
  if (typeof own === 'string') return own;
  return own !== undefined ? 'default' : (Object.keys(stores)[0] ?? 'default');
}

function storesOf(RED: NodeAPI): Record<string, unknown> {
  const { contextStorage } = RED.settings as { contextStorage?: Record<string, unknown> };
  return isObject(contextStorage) ? contextStorage : {};
}

/** Whether a context store is still there after a restart, as far as the settings say. */
export function isPersistent(RED: NodeAPI, store: string): boolean {
  const stores = storesOf(RED);
  if (Object.keys(stores).length === 0) return false;
  const name = storeName(RED, store);
  let entry: unknown = stores[name] ?? name;
  if (isObject(entry) && 'module' in entry) entry = entry['module'];
  return entry !== 'memory';
}
