import { setImmediate, setTimeout as pause } from 'node:timers/promises';
import type { NodeMessage } from 'node-red';
import { Api } from '../api/api';
import { closed, isClosed } from '../api/errors';
import { sleep, type AbortSignalLike } from '../util/abort';
import { handOver } from '../util/hand-over';
import { sanitize } from '../util/sanitize';
import { toError } from '../util/to-error';
import { endMessage } from './end-message';
import type { RecordState } from './journal/record-store';
import type { NodeStore } from './journal/node-store';
import type { Done, Handler, IncomingMessage, Send } from './incoming-message';
import type { NodeConfiguration } from './node-configuration';
import { NodeRecords } from './node-records';
import type { Result, ResultSender } from './output';
import { giveUpUnreadable, reportError, unreadable, unsent } from './pending-errors';
import { endHeld, MAX_READ_FAILURES, PendingMessages, readDelayMs, type PendingMessage } from './pending-messages';
import { StartQueue } from './start-queue';
import type { StatusDisplay } from './status';

/** What the context needs of its node's runner. */
export interface ContextRunner<S, T> {
  /** Processes a message. @returns when it has ended, or is pending again */
  begin: (message: IncomingMessage<S, T>) => Promise<void>;
  senderFor: (msg: NodeMessage, send: Send) => ResultSender;
  display: StatusDisplay;
}

/** Most pending messages that end at once: each is read back with all its rows. */
const MAX_ENDING = 16;

/** How long messages that are stopped get their large properties back; Node-RED waits 15 s for a node that is closed. */
const MAX_RESTORE_MS = 2000;

/** What a deployed node gives to what its messages share: requests of its own, and its pending work. */
export class NodeContext<S extends object, T> {
  /** Messages whose work goes on after `run` has returned. */
  readonly pending: PendingMessages;
  readonly records: NodeRecords;
  /** What the node requests on its own behalf begins only a little ahead of its turn: ten thousand may be due at once. */
  readonly #requests = new StartQueue<() => void>(
    (begin) => begin(),
    // They wait here, without a place in the connection's queue.
    () => () => undefined,
  );

  #ending: Promise<void> = Promise.resolve();
  #endingCount = 0;
  /** Records of messages that have ended, and whose results may not have reached the next nodes. */
  readonly #removals = new Set<Promise<void>>();
  #onEnded: (() => void) | undefined;

  constructor(
    private readonly configuration: NodeConfiguration<string, S>,
    /** Aborted when the node is closed. */
    readonly signal: AbortSignal,
    private readonly runner: ContextRunner<S, T>,
    keepsRecords: boolean,
  ) {
    this.records = new NodeRecords(
      configuration,
      signal,
      () => runner.display.note('journalUnavailable'),
      keepsRecords,
    );
    this.pending = new PendingMessages(this.store);
  }

  /** The node's records; `undefined` if it keeps none. */
  get store(): NodeStore | undefined {
    return this.records.store;
  }

  /** The node's settings. @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` when one cannot be used */
  settings(): S {
    return this.configuration.settings();
  }

  /**
   * Sends requests on behalf of the node itself.
   * @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED`, and what `work` throws
   */
  async request<R>(signal: AbortSignalLike, work: (api: Api) => Promise<R>): Promise<R> {
    await new Promise<void>((begin) => this.#requests.add(begin));
    let ahead = true;
    const onStart = (): void => {
      if (ahead) this.#requests.proceed();
      ahead = false;
    };
    try {
      const { node } = this.configuration;
      return await work(new Api(this.configuration.client(), { signal, lane: node.id, onStart }));
    } finally {
      onStart();
    }
  }

  /** See {@link NodeRecords.onStarted}. */
  onStarted(start: () => Promise<void> | void): void {
    this.records.onStarted(start);
  }

  /** Calls back for each recorded piece of work when the flows have started; see {@link NodeRecords.onLoaded}. */
  onRecords(
    take: (record: RecordState, pending: PendingMessage) => void,
    prepare?: (own: ReadonlyMap<string, RecordState>) => void,
  ): void {
    const resume = (key: string, state: RecordState): void => {
      const pending = this.pending.resume(key, state, (out) => this.configuration.node.send(out));
      try {
        take(state, pending);
        this.runner.display.unpend(1);
      } catch (error) {
        this.pending.take(pending);
        throw error;
      }
    };
    this.records.onLoaded(resume, prepare);
  }

  /**
   * Ends a pending message: runs the handler, sends what it returns, and removes the record when that has left. Messages
   * end in the order in which this is called, a few at a time.
   */
  end(pending: PendingMessage, handler: Handler<S, T>): Promise<void> {
    this.#ending = this.#ending.then(() => this.#endNext(pending, handler));
    return this.#ending;
  }

  /**
   * Sends a copy of a pending message with a result, without its large properties. Never throws, as timers call it: a
   * result that cannot be sent is an error of its message.
   */
  emit(pending: PendingMessage, result: Result): void {
    const { msg } = pending;
    if (msg === undefined) {
      // In turn with the ends, so that nothing leaves after the result.
      this.#ending = this.#ending.then(() => this.#emitResumed(pending, result));
      return;
    }
    try {
      void this.runner.senderFor(msg, pending.send).emit(result);
    } catch (error) {
      this.#reportUnsent(msg, error);
    }
  }

  /**
   * Reads from the record of pending work what it goes on with. A store that does not respond now is asked again.
   * @param isWanted whether the work goes on; without it, whether the message has not ended
   * @returns `undefined` if it does not, or the node is closed
   * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` if the record could not be read for three minutes
   */
  async read<R>(
    pending: PendingMessage,
    read: () => Promise<R>,
    isWanted = (): boolean => this.pending.has(pending),
  ): Promise<R | undefined> {
    for (let failures = 1; !this.signal.aborted && isWanted(); failures++) {
      try {
        return await read();
      } catch (error) {
        if (failures === MAX_READ_FAILURES) throw giveUpUnreadable(pending, this.configuration.operation, error);
        if (failures === 1) this.configuration.node.error(`${unreadable(error)}; its work waits until it can be read`);
        // A closed node is waited for.
        await sleep(readDelayMs(failures), this.signal).catch(() => undefined);
      }
    }
    return undefined;
  }

  /** Shows in the status that pending work waits for the service, or that it goes on. */
  setTrouble(trouble: boolean): void {
    this.runner.display.setTrouble(trouble);
  }

  /** Shows how far the pending work is, as numbers and symbols; without a text, the number of pending messages. */
  setPendingText(text: string | undefined): void {
    this.runner.display.setPendingText(text);
  }

  /** Ends all pending messages, as the node is stopped; those that wait for it get their large properties back first. */
  async stopPending(): Promise<void> {
    const { configuration } = this;
    const until = performance.now() + MAX_RESTORE_MS;
    for (const pending of this.pending.takeAll()) {
      if (pending.done === undefined) continue;
      const leftMs = until - performance.now();
      // Beyond that time Node-RED matters more: the work continues with whole messages anyway.
      if (leftMs > 0) {
        const restored = this.pending.restore(pending).catch(() => undefined);
        await Promise.race([restored, pause(leftMs, undefined, { ref: false })]);
      }
      const report = configuration.toReport(closed(configuration.operation), pending.record !== undefined);
      endMessage(configuration.node, pending.msg, pending.done, report);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#removals);
    await this.store?.close();
  }

  /** The message of resumed work is read for each copy, as it is not kept in memory. */
  async #emitResumed(pending: PendingMessage, result: Result): Promise<void> {
    let msg: NodeMessage = { resumed: true };
    try {
      msg = await this.pending.readResumed(pending);
      if (this.pending.has(pending)) await this.runner.senderFor(msg, pending.send).emit(result);
    } catch (error) {
      this.#reportUnsent(msg, error);
    }
  }

  /** Node-RED cannot copy every message for a second wire. */
  #reportUnsent(msg: NodeMessage, error: unknown): void {
    const { configuration } = this;
    reportError(configuration.node, msg, configuration.toReport(unsent(configuration.operation, error)));
  }

  /** @param failures how often its record could not be read yet */
  async #endNext(pending: PendingMessage, handler: Handler<S, T>, failures = 0): Promise<void> {
    if (!this.pending.has(pending)) return;
    if (this.#endingCount >= MAX_ENDING) await new Promise<void>((resolve) => (this.#onEnded = resolve));
    try {
      if (pending.record !== undefined && !(await this.store!.isOwn(pending.key))) {
        // The instance that has taken it over reports the result.
        if (!this.pending.take(pending)) return;
        this.runner.display.unpend();
        if (pending.done !== undefined) endMessage(this.configuration.node, pending.msg, pending.done);
        return;
      }
      const msg = await this.pending.readWhole(pending);
      this.#beginEnd(pending, msg, handler);
      // One that ends at once is gone before the next is read back.
      await setImmediate();
    } catch (error) {
      this.#onUnreadable(pending, handler, failures + 1, error);
    }
  }

  /** A store that does not respond now is asked again, so that the message ends all the same. */
  #onUnreadable(pending: PendingMessage, handler: Handler<S, T>, failures: number, error: unknown): void {
    if (failures === MAX_READ_FAILURES) {
      const reason = giveUpUnreadable(pending, this.configuration.operation, error);
      this.#beginEnd(pending, pending.msg ?? { resumed: true }, () => Promise.reject(reason));
      return;
    }
    if (failures === 1) this.configuration.node.error(`${unreadable(error)}; its result waits until it can be read`);
    setTimeout(() => {
      this.#ending = this.#ending.then(() => this.#endNext(pending, handler, failures));
    }, readDelayMs(failures)).unref();
  }

  #beginEnd(pending: PendingMessage, msg: NodeMessage, handler: Handler<S, T>): void {
    // The flow may have been stopped meanwhile, which ends the message.
    if (!this.pending.take(pending)) return;
    this.runner.display.unpend();
    this.#endingCount++;
    void this.#process(pending, msg, handler);
  }

  async #process(pending: PendingMessage, msg: NodeMessage, handler: Handler<S, T>): Promise<void> {
    const reportOnly: Done = (error) => {
      if (error !== undefined && !isClosed(error)) this.configuration.node.error(error, msg);
    };
    const { send, msg: held, done } = pending;
    const end = held === undefined || done === undefined ? reportOnly : endHeld(held, msg, done);
    const resumes = pending.record !== undefined;
    let takesRoom = true;
    const makeRoom = (): void => {
      if (!takesRoom) return;
      takesRoom = false;
      this.#endingCount--;
      this.#onEnded?.();
    };
    const onEnd = async (): Promise<void> => {
      if (resumes) this.#removeLater(pending);
      // It reaches the next nodes before another one is read back.
      await setImmediate();
      makeRoom();
    };
    await this.runner.begin({ msg, send, done: end, refused: false, handler, resumes, onEnd });
    makeRoom();
  }

  /** The record goes last: a process that dies in between sends the result again. */
  #removeLater(pending: PendingMessage): void {
    const removal = handOver()
      .then(() => this.pending.remove(pending))
      .catch((error: unknown) => this.configuration.node.error(sanitize(toError(error).message)))
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}
