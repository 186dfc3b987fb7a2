import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { NodeStore } from '../../nodes/runtime/journal/node-store';
import { stopClock, type Clock } from './clock';

/** Settings of context stores that forget, and of one that lasts. */
export const MEMORY = { default: 'memory', second: 'memory' };
export const FILE = { default: 'memory', file: { module: 'localfilesystem' } };

/** Longest time that a journal takes to close, in milliseconds. */
const MAX_CLOSE_MS = 5000;

/** The file that the journal of a user directory holds its folder with. */
function lockOf(userDir: string): string {
  return join(userDir, 'nrfcloud-provisioning', 'lock');
}

/** Removes a user directory when its journal, which nobody uses any more, has been closed. */
export async function removeUserDir(userDir: string, clock: Clock): Promise<void> {
  await clock.jump(2000);
  // A journal that is closed later would take a timer from the clock of the next test; a slow disk takes a while.
  const end = Date.now() + MAX_CLOSE_MS;
  while (existsSync(lockOf(userDir)) && Date.now() < end) await setImmediate();
  rmSync(userDir, { recursive: true, force: true });
}

/** A run of the test's node. */
export interface Deployed {
  store: NodeStore;
  /** Closes the node, as Node-RED does. */
  close: () => Promise<void>;
  warnings: string[];
  /** How often the status said that records cannot be kept. */
  unavailable: number;
}

/** The parts of Node-RED's settings that decide where records are kept. */
interface Settings {
  userDir?: string;
  contextStorage?: object;
}

type Done = (error?: unknown, value?: unknown) => void;

/** The stores of one node, with a user directory, a stopped clock and context stores of their own. */
export class NodeStoreRig {
  static #nodes = 0;
  readonly userDir = mkdtempSync(join(tmpdir(), 'node-store-'));
  readonly events = new EventEmitter();
  readonly clock: Clock = stopClock();
  /** The errors that context stores fail with. */
  fails: { set?: Error; get?: Error; keys?: Error } = {};
  /** How often a context store was to write something. */
  writes = 0;
  readonly deployed: Deployed[] = [];
  readonly #id = `node ${NodeStoreRig.#nodes++}`;
  /** What the context stores hold, by their name. */
  readonly #kept = new Map<string, Map<string, unknown>>();

  /** The file that a journal holds its folder with. */
  get lock(): string {
    return lockOf(this.userDir);
  }

  /** What a context store holds. */
  valuesOf(name: string): Map<string, unknown> {
    let values = this.#kept.get(name);
    if (values === undefined) this.#kept.set(name, (values = new Map()));
    return values;
  }

  /** Deploys the node. @param name its property `store` */
  deploy(name: string, settings?: Settings, isReported = true): Deployed {
    const closing = new AbortController();
    const seen = { warnings: [] as string[], unavailable: 0 };
    const RED = {
      events: this.events,
      settings: settings ?? { userDir: this.userDir, contextStorage: FILE },
      log: { warn: () => undefined },
    };
    const warn = (words: string): void => void seen.warnings.push(words);
    const node = { id: this.#id, warn, context: () => this.#context };
    const onUnavailable = isReported ? (): number => seen.unavailable++ : undefined;
    const store = new NodeStore(RED as never, node as never, name, onUnavailable, closing.signal);
    const one: Deployed = Object.assign(seen, { store, close: () => this.#close(store, closing) });
    this.deployed.push(one);
    return one;
  }

  /** Lets time pass until a call ends: claims of shared records wait a while. */
  async ended<R>(call: Promise<R>): Promise<R> {
    const state = { isEnded: false };
    const mark = (): void => {
      state.isEnded = true;
    };
    call.then(mark, mark);
    while (!state.isEnded) await this.clock.jump(50);
    return call;
  }

  async close(): Promise<void> {
    this.fails = {};
    for (const { close } of this.deployed.splice(0)) await close();
    await removeUserDir(this.userDir, this.clock);
    this.clock.restore();
  }

  async #close(store: NodeStore, closing: AbortController): Promise<void> {
    closing.abort();
    await store.close();
  }

  readonly #context = {
    set: (key: string, value: unknown, name: string, done: Done): void => {
      this.writes++;
      if (this.fails.set !== undefined) {
        done(this.fails.set);
        return;
      }
      if (value === undefined) this.valuesOf(name).delete(key);
      else this.valuesOf(name).set(key, value);
      done();
    },
    get: (key: string, name: string, done: Done): void => done(this.fails.get, this.valuesOf(name).get(key)),
    keys: (name: string, done: Done): void => done(this.fails.keys, [...this.valuesOf(name).keys()]),
  };
}

/** All values of the parts of a record. */
export async function valuesIn(parts: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of parts) values.push(value);
  return values;
}
