import { closed, invalidInput } from '../api/errors';
import { sanitize } from '../util/sanitize';
import { toError } from '../util/to-error';
import { onFlowsStarted } from './flows-started';
import { DamagedRecord, isSetAside } from './journal/damaged-record';
import { NodeStore } from './journal/node-store';
import type { RecordState } from './journal/record-store';
import type { NodeConfiguration } from './node-configuration';
import { reportError } from './pending-errors';
import { PendingMessages } from './pending-messages';
import { fixedFields, readMessage } from './recorded-message';

/** Settings that a node with pending work has. */
interface PendingSettings {
  resume?: boolean;
  store?: string;
}

/**
 * Cancels a piece of pending work that is only a record.
 * @param parts those of the record that belong to the work
 * @returns what is left of it: the record as it is or changed, or `undefined` if nothing is
 */
export type CancelRecord = (
  record: RecordState,
  parts: AsyncIterable<unknown>,
) => RecordState | undefined | Promise<RecordState | undefined>;

/** The records of one deployed node, which are loaded when the flows have started. */
export class NodeRecords {
  /** `undefined` if the node keeps none. */
  readonly store: NodeStore | undefined;
  #isLoaded = false;
  #setLoaded!: () => void;
  readonly #loaded = new Promise<void>((resolve) => (this.#setLoaded = resolve));

  /**
   * @param signal aborted when the node is closed
   * @param onUnavailable called once when records cannot be kept
   */
  constructor(
    private readonly configuration: NodeConfiguration<string, object>,
    private readonly signal: AbortSignal,
    private readonly onUnavailable: () => void,
    keepsRecords: boolean,
  ) {
    this.store = keepsRecords ? this.#open() : undefined;
    if (this.store === undefined) this.#setLoaded();
    signal.addEventListener('abort', this.#setLoaded, { once: true });
  }

  /**
   * Waits until the records are loaded, or cannot be. What comes before knows neither the node's clock nor its pending work.
   * @throws {NrfCloudError} `NRFCLOUD_CLOSED` when the node is closed
   */
  async loaded(): Promise<void> {
    await this.#loaded;
    if (this.signal.aborted) throw closed(this.configuration.operation);
  }

  /**
   * Cancels pending work that waits in its records, as the connection cannot be used.
   * @returns false if it does not wait there: it is loaded then
   * @throws {NrfCloudError} `NRFCLOUD_CLOSED` when the node is closed
   */
  async cancelWaiting(cancel: CancelRecord): Promise<boolean> {
    if (this.store === undefined || this.#isLoaded || this.configuration.connectionProblem() === undefined) {
      await this.loaded();
      return false;
    }
    const { RED, node } = this.configuration;
    // A store of its own, so that the records are loaded all the same when the connection can be used.
    const store = new NodeStore(RED, node, this.#settings().store ?? '', undefined, this.signal);
    const pending = new PendingMessages(store);
    try {
      for (const [key, record] of await store.load()) {
        if (key.startsWith('#') || isSetAside(record)) continue;
        const left = await cancelOne(cancel, record, pending.workParts({ key, record: fixedFields(record) }));
        if (left === undefined) await store.remove(key);
        else if (left !== record) await store.update(key, left);
      }
    } finally {
      await store.close();
    }
    return true;
  }

  /** Calls back when all nodes of the flows are there, so that what is sent arrives. */
  onStarted(start: () => Promise<void> | void): void {
    const { RED, node } = this.configuration;
    const withdraw = onFlowsStarted(RED.events, () => {
      start()?.catch((error: unknown) => node.error(sanitize(toError(error).message)));
    });
    this.signal.addEventListener('abort', withdraw, { once: true });
  }

  /**
   * Loads the records when the flows have started. While the connection cannot be used they stay where they are, and each
   * deploy looks again.
   * @param resume called for each piece of work, also for those that other instances leave behind later; one that it
   *   throws for is reported and stays recorded, and is set aside if it is a {@link DamagedRecord}
   * @param prepare called before, with the node's own records, whose keys begin with `#`
   */
  onLoaded(
    resume: (key: string, state: RecordState) => void,
    prepare: (own: ReadonlyMap<string, RecordState>) => void = () => undefined,
  ): void {
    const { store } = this;
    const { node } = this.configuration;
    if (store === undefined) return;
    this.onStarted(async () => {
      if (this.configuration.connectionProblem() !== undefined) {
        this.onLoaded(resume, prepare);
        return;
      }
      const take = (key: string, state: RecordState): void => {
        if (this.signal.aborted || isSetAside(state)) return;
        try {
          resume(key, state);
        } catch (error) {
          if (error instanceof DamagedRecord) {
            void this.#setAside(store, key, state, error);
            return;
          }
          const reason = sanitize(toError(error).message);
          node.error(`a record of pending work cannot be continued and is kept (${reason}); send its message again`);
        }
      };
      try {
        const records = await store.load();
        if (this.signal.aborted) return;
        prepare(records);
        for (const [key, state] of records) if (!key.startsWith('#')) take(key, state);
      } finally {
        this.#isLoaded = true;
        this.#setLoaded();
      }
      await store.onTakenOver(take);
    });
  }

  /** Reports a damaged record with its message, as far as that can be read, and sets it aside. Never rejects. */
  async #setAside(store: NodeStore, key: string, state: RecordState, { message }: DamagedRecord): Promise<void> {
    const { node, operation } = this.configuration;
    const sentence =
      `a record of pending work is damaged (${message}) and is set aside; ` +
      'look up in nRF Cloud what became of its work before you send its message again';
    const report = this.configuration.toReport(invalidInput(operation, sentence));
    const recorded = await readMessage(state, store.parts(key), true).catch(() => ({}));
    // The next start reports it.
    if (this.signal.aborted) return;
    reportError(node, { ...recorded, resumed: true }, report);
    await store.setAside(key, state);
  }

  #settings(): PendingSettings {
    return this.configuration.settings();
  }

  #open(): NodeStore | undefined {
    let settings: PendingSettings;
    try {
      settings = this.#settings();
    } catch {
      // Reported with every message; until it is corrected the records stay where they are.
      return undefined;
    }
    const { RED, node } = this.configuration;
    const name = settings.store ?? '';
    if (settings.resume !== false) return new NodeStore(RED, node, name, this.onUnavailable, this.signal);
    this.onStarted(async () => {
      // Nothing is recorded, so a store that cannot be used is not worth a warning.
      const store = new NodeStore(RED, node, name, undefined, this.signal);
      const count = await store.giveUp();
      if (count > 0) node.warn(`${count} pieces of pending work were given up, as the node does not resume`);
      await store.close();
    });
    return undefined;
  }
}

/** Cancels a record, unless it is damaged: that is reported when its work would be continued. */
async function cancelOne(
  cancel: CancelRecord,
  record: RecordState,
  parts: AsyncIterable<unknown>,
): Promise<RecordState | undefined> {
  try {
    return await cancel(record, parts);
  } catch (error) {
    if (error instanceof DamagedRecord) return record;
    throw error;
  }
}
