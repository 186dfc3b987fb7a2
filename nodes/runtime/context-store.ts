import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { sanitize } from '../util/sanitize';

/** What stores that forget with their node have kept, by node and key, until the process ends. */
const KEPT = new Map<string, Map<string, unknown>>();

/**
 * Keeps records of one node over restarts, each under a key of its own in one of Node-RED's context stores. Where the
 * store forgets (the default one does, as soon as the node is redeployed), they are kept in the process, so that at least
 * a redeploy loses nothing.
 */
export class ContextStore {
  /** Whether a restart finds the records again. */
  readonly survivesRestart: boolean;
  readonly #kept: Map<string, unknown>;
  #warned = false;

  /**
   * @param store name of the context store, `''` = the default one
   * @param warning what to say, once, when something is kept in a store that forgets
   */
  constructor(
    RED: NodeAPI,
    private readonly node: Node,
    private readonly store: string,
    private readonly warning: string,
  ) {
    this.survivesRestart = isPersistent(RED, store);
    this.#kept = KEPT.get(node.id) ?? new Map<string, unknown>();
  }

  /**
   * All records by key. What can't be read is reported once and left out, so that it takes no other record with it: a
   * store may even list what was dropped (one for Redis does).
   */
  async load(): Promise<Map<string, unknown>> {
    if (!this.survivesRestart) return new Map(this.#kept);
    const keys = (await this.#try(() => this.#keys())) ?? [];
    const records = new Map<string, unknown>();
    const read = async (key: string): Promise<void> => {
      const value = await this.#try(() => this.#get(key));
      if (typeof value === 'object' && value !== null) records.set(key.slice(PREFIX.length), value);
    };
    await Promise.all(keys.filter((key) => key.startsWith(PREFIX)).map(read));
    return records;
  }

  /** Keeps a record. A store that fails is reported once; the work goes on without it. */
  async put(key: string, value: object): Promise<void> {
    if (!this.survivesRestart) this.#warn(this.warning);
    await this.#try(() => this.#set(key, value));
  }

  /** Drops a record. */
  async drop(key: string): Promise<void> {
    await this.#try(() => this.#set(key, undefined));
  }

  /** Drops everything that the process keeps, because the node is gone; Node-RED cleans its stores by itself. */
  forget(): void {
    KEPT.delete(this.node.id);
  }

  /** @returns `undefined` if the store fails, which is reported once */
  async #try<R>(call: () => Promise<R>): Promise<R | undefined> {
    try {
      return await call();
    } catch (error) {
      this.#warn(`the context store failed (${sanitize(error instanceof Error ? error.message : String(error))})`);
    }
  }

  #warn(words: string): void {
    if (this.#warned) return;
    this.#warned = true;
    this.node.warn(words);
  }

  #set(key: string, value: unknown): Promise<void> {
    if (!this.survivesRestart) {
      if (value === undefined) this.#kept.delete(key);
      else this.#kept.set(key, value);
      KEPT.set(this.node.id, this.#kept);
      return Promise.resolve();
    }
    return this.#ask((done) => this.node.context().set(PREFIX + key, value, this.#name, done));
  }

  #get(key: string): Promise<unknown> {
    return this.#ask((done) => this.node.context().get(key, this.#name, done));
  }

  #keys(): Promise<string[]> {
    return this.#ask((done) => this.node.context().keys(this.#name, done));
  }

  /** Node-RED takes `undefined` for the default store. */
  get #name(): string {
    return this.store === '' ? (undefined as unknown as string) : this.store;
  }

  #ask<R>(call: (done: (error: unknown, result?: unknown) => void) => void): Promise<R> {
    return new Promise((resolve, reject) => {
      // A store that never answers must not keep a message from ending.
      const limit = setTimeout(() => reject(new Error('it does not answer')), STORE_TIMEOUT_MS);
      call((error, result) => {
        clearTimeout(limit);
        if (error) reject(error instanceof Error ? error : new Error('no reason given', { cause: error }));
        else resolve(result as R);
      });
    });
  }
}

/** How long a context store may take, in milliseconds; a closing node is waited for 15 s. */
const STORE_TIMEOUT_MS = 5000;
const PREFIX = 'nrfcloud_';

/**
 * Serves the dialog's list of stores: `GET <admin>/nrfcloud-bulk-status/stores` gives `{ stores: { name: survives } }`,
 * with `''` for the default one.
 */
export function serveStores(RED: NodeAPI): void {
  const permission = RED.auth.needsPermission('nrfcloud-bulk-status.read');
  RED.httpAdmin.get('/nrfcloud-bulk-status/stores', permission, (_request, response) => {
    const { contextStorage = {} } = RED.settings as { contextStorage?: Record<string, unknown> };
    const names = ['', ...Object.keys(contextStorage).filter((name) => name !== 'default')];
    response.json({ stores: Object.fromEntries(names.map((name) => [name, isPersistent(RED, name)])) });
  });
}

/** Whether a context store is still there after a restart, as far as the settings tell. */
export function isPersistent(RED: NodeAPI, store: string): boolean {
  const stores = (RED.settings as { contextStorage?: Record<string, unknown> }).contextStorage;
  if (typeof stores !== 'object') return false;
  let entry: unknown = stores[store === '' ? 'default' : store] ?? Object.values(stores)[0];
  if (typeof entry === 'string') entry = stores[entry] ?? entry;
  const module: unknown = typeof entry === 'object' && entry !== null && 'module' in entry ? entry.module : entry;
  return module !== undefined && module !== 'memory';
}

/** A message as a store can keep it: plain JSON, without the HTTP request and response. */
export function toStorable(msg: NodeMessage): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const name of Object.keys(msg)) {
    if (name === 'req' || name === 'res') continue;
    try {
      const json = JSON.stringify((msg as unknown as Record<string, unknown>)[name]) as string | undefined;
      if (json !== undefined) kept[name] = JSON.parse(json) as unknown;
    } catch {
      // A property that JSON can't hold stays behind; the operation can be finished without it.
    }
  }
  return kept;
}
