import type { Node, NodeAPI } from 'node-red';
import { sanitize } from '../../util/sanitize';
import { toError } from '../../util/to-error';
import { ContextStore, contextStores, isPersistent, storeName } from '../context-store';
import { asSetAside, isSetAside } from './damaged-record';
import { watchDeployedNodes, watchFlows } from './deployed-nodes';
import type { RecordParts, RecordState, RecordStore } from './record-store';
import { acquireJournal, JournalUnavailable, releaseJournal } from './shared-journal';

/** Where the records of one deployed node are: the journal, or the context store that its `store` property names. */
export class NodeStore {
  readonly #opened: Promise<RecordStore | undefined>;
  #journalUser: string | undefined;
  #closed = false;
  #warned = false;
  #warnedTooLarge = false;
  /** Records of messages that came before the older ones were loaded: they are being worked on already. */
  #createdEarly: Set<string> | undefined = new Set();

  /**
   * @param name the node's `store` property: empty for the journal
   * @param onUnavailable called once when records cannot be kept, so that the status says so; without it that is not
   *   reported at all
   * @param signal aborted when the node begins to close: it does not wait for another process then
   */
  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly name: string,
    private readonly onUnavailable?: () => void,
    private readonly signal?: AbortSignal,
  ) {
    this.#opened = this.#open();
  }

  /** All records of earlier runs of this node, wherever they are: those in another store move to this one. */
  async load(): Promise<Map<string, RecordState>> {
    const store = await this.#opened;
    if (store === undefined) return new Map();
    await this.#takeOver(store);
    const records = (await this.#try(() => store.load())) ?? new Map<string, RecordState>();
    for (const key of this.#createdEarly ?? []) records.delete(key);
    this.#createdEarly = undefined;
    return records;
  }

  /** Whether there is a store to write to. */
  async isAvailable(): Promise<boolean> {
    return (await this.#opened) !== undefined;
  }

  /** The state of one record. */
  async read(key: string): Promise<RecordState | undefined> {
    const store = await this.#opened;
    return store && this.#try(() => store.read(key));
  }

  /** Writes a new record. @returns whether the work survives a restart now */
  async create(key: string, state: RecordState, parts?: RecordParts): Promise<boolean> {
    this.#createdEarly?.add(key);
    const store = await this.#opened;
    if (store === undefined) return false;
    const done = await this.#try(async () => {
      await store.create(key, state, parts);
      return true;
    });
    return done === true;
  }

  /** Reports once that a message has properties that are not recorded. @param names those that are too large */
  reportTooLarge(names: readonly string[]): void {
    if (names.length === 0 || this.#warnedTooLarge) return;
    this.#warnedTooLarge = true;
    const properties = names.map((name) => `msg.${sanitize(name)}`).join(', ');
    this.node.warn(
      `properties of the message are too large to be recorded, and are missing after a restart (${properties}); ` +
        'remove them before this node if they are not needed',
    );
  }

  /** Writes a new state. @returns false if another instance has taken the record over */
  async update(key: string, state: RecordState): Promise<boolean> {
    const store = await this.#opened;
    return (store && (await this.#try(() => store.update(key, state)))) ?? true;
  }

  /** Keeps a record that can never be continued, so that no start takes it up again. @param state as it was read */
  async setAside(key: string, state: RecordState): Promise<void> {
    await this.update(key, asSetAside(state));
  }

  /** Whether a record is still this instance's to report; another one may have taken it over. */
  async isOwn(key: string): Promise<boolean> {
    const sharing = (await this.#opened)?.sharing;
    // If the store fails now, a result that is reported twice is better than one that is lost.
    return (sharing && (await this.#try(() => sharing.isOwn(key)))) ?? true;
  }

  /** Calls back for each record that this node takes over later, because the instance that worked on it is gone. */
  async onTakenOver(take: (key: string, state: RecordState) => void): Promise<void> {
    (await this.#opened)?.sharing?.onTakenOver(take);
  }

  /** Reads the parts of a record. @throws the store's error */
  async *parts(key: string): AsyncGenerator {
    const store = await this.#opened;
    if (store !== undefined) yield* store.parts(key);
  }

  /** Removes a record. */
  async remove(key: string): Promise<void> {
    const store = await this.#opened;
    if (store !== undefined) await this.#try(() => store.remove(key));
  }

  /** Removes all records of the node, wherever they are. @returns how many there were */
  async giveUp(): Promise<number> {
    let count = 0;
    for (const store of await this.#allStores()) {
      const keys = [...((await this.#try(() => store.load()))?.keys() ?? [])];
      for (const key of keys) await this.#try(() => store.remove(key));
      count += keys.filter((key) => !key.startsWith('#')).length;
      await this.#try(async () => store.sharing?.close());
    }
    return count;
  }

  /** The node is closed. */
  async close(): Promise<void> {
    this.#closed = true;
    const store = await this.#opened;
    await this.#try(async () => store?.sharing?.close());
    if (this.#journalUser !== undefined) releaseJournal(this.#journalUser);
  }

  async #open(): Promise<RecordStore | undefined> {
    if (this.name !== '') {
      if (!isPersistent(this.RED, this.name)) {
        watchFlows(this.RED);
        this.#warn(
          `the context store ${sanitize(this.name)} does not survive a restart of Node-RED, and pending work is lost then; ` +
            'choose another one in the dialog of the node',
        );
      }
      return this.#contextStore(storeName(this.RED, this.name));
    }
    return this.#openJournal();
  }

  #contextStore(name: string): ContextStore {
    return new ContextStore(this.RED, this.node, name, (error) => this.#unavailable(reasonOf(error)));
  }

  async #openJournal(): Promise<RecordStore | undefined> {
    const userDir = userDirOf(this.RED);
    const flows = watchFlows(this.RED);
    try {
      const journal = await acquireJournal(userDir, (sentence) => this.node.warn(sentence), this.signal);
      if (journal === undefined) return undefined;
      if (this.#closed) {
        releaseJournal(userDir!);
        return undefined;
      }
      this.#journalUser = userDir;
      watchDeployedNodes(this.RED, journal, this.node.id, flows);
      return journal.store(this.node.id);
    } catch (error) {
      if (!(error instanceof JournalUnavailable)) throw error;
      this.#unavailable(error.message);
      return undefined;
    }
  }

  async #allStores(): Promise<RecordStore[]> {
    const stores: RecordStore[] = [...storeNames(this.RED)].map((name) => this.#contextStore(name));
    const own = await this.#opened;
    const journal = this.name === '' ? own : await this.#openJournal();
    if (journal !== undefined) stores.push(journal);
    return stores;
  }

  /** Moves records that are in another store, after `store` was changed in the dialog or the package was updated. */
  async #takeOver(own: RecordStore): Promise<void> {
    const isOther = (name: string): boolean => this.name === '' || name !== storeName(this.RED, this.name);
    const others: RecordStore[] = [...storeNames(this.RED)]
      .filter(isOther)
      // All stores that forget share what this process keeps for them.
      .filter((name) => own.durable || isPersistent(this.RED, name))
      .map((name) => this.#contextStore(name));
    const journal = this.name === '' || userDirOf(this.RED) === undefined ? undefined : await this.#openJournal();
    for (const other of [...others, ...(journal === undefined ? [] : [journal])]) {
      const states = (await this.#try(() => other.load())) ?? new Map<string, RecordState>();
      let works = true;
      for (const [key, state] of states) {
        works = await this.#move(key, state, other, own);
        // One that takes 5 s to fail would keep all messages waiting, as they wait for the load.
        if (!works) break;
      }
      await this.#try(async () => other.sharing?.close());
      if (!works) return;
    }
  }

  /** Moves one record, unless it cannot be read. @returns false if it cannot be written */
  async #move(key: string, state: RecordState, from: RecordStore, own: RecordStore): Promise<boolean> {
    const damage: { error?: Error } = {};
    const parts = async function* (): AsyncGenerator {
      try {
        yield* from.parts(key);
      } catch (error) {
        damage.error = toError(error);
        throw error;
      }
    };
    try {
      await own.create(key, state, parts());
    } catch (error) {
      if (damage.error === undefined) {
        this.#unavailable(reasonOf(toError(error)));
        return false;
      }
      // One that was set aside has been reported.
      if (isSetAside(state)) return true;
      this.node.warn(`a record of pending work cannot be moved (${reasonOf(damage.error)}) and stays in its store`);
      return true;
    }
    await this.#try(() => from.remove(key));
    return true;
  }

  /** @returns `undefined` if the store fails, which is reported once */
  async #try<R>(call: () => Promise<R>): Promise<R | undefined> {
    try {
      return await call();
    } catch (error) {
      this.#unavailable(reasonOf(toError(error)));
      return undefined;
    }
  }

  #unavailable(reason: string): void {
    const where = this.name === '' ? 'the journal' : `the context store ${sanitize(this.name)}`;
    const sentence = `pending work cannot be recorded in ${where} (${reason}), and is lost when Node-RED stops`;
    if (
      this.#warn(`${sentence}; make the user directory writable, or choose another store in the dialog of the node`)
    ) {
      this.onUnavailable?.();
    }
  }

  /** @returns whether this was the first time */
  #warn(sentence: string): boolean {
    if (this.#warned || this.onUnavailable === undefined) return false;
    this.#warned = true;
    this.node.warn(sentence);
    return true;
  }
}

function reasonOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? sanitize(error.message);
}

function userDirOf(RED: NodeAPI): string | undefined {
  return (RED.settings as { userDir?: string }).userDir;
}

/** The context stores of the settings, each once. */
function storeNames(RED: NodeAPI): Set<string> {
  return new Set(contextStores(RED).map((name) => storeName(RED, name)));
}
