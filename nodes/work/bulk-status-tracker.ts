import { randomUUID } from 'node:crypto';
import { bulkStatus } from '../api/bulk';
import type { ApiResponse } from '../api/request';
import { resultOfOperation, resultOfUpload, type BulkResult, type BulkResultParams } from '../operations/bulk-result';
import { WatchedOperation, type Watcher } from '../operations/bulk-status';
import { Poller } from '../operations/poller';
import type { RunningClock } from '../operations/running-clock';
import { endCancelled } from '../runtime/cancelled';
import { DamagedRecord } from '../runtime/journal/damaged-record';
import type { RecordState } from '../runtime/journal/record-store';
import type { NodeContext } from '../runtime/node-context';
import { PENDING, type Task } from '../runtime/node-definition';
import type { PendingMessage } from '../runtime/pending-messages';
import { isObject } from '../util/json';
import { createClock, restoreClock } from './node-clock';

export interface BulkStatusSettings {
  interval: number;
  maxInterval: number;
  timeout: number;
  whenClaimed: 'ok' | 'error';
  resume: boolean;
  store: string;
}

type Context = NodeContext<BulkStatusSettings, BulkStatusTracker>;

/** What a record holds of the work, so that a restart can continue it. */
interface RecordedWatch extends Record<string, unknown> {
  id: string;
  /** On the node's clock; `null` = never. */
  deadline: number | null;
  begunAt: number;
  status: string | null;
}

/**
 * Records of version 1 hold a deadline in milliseconds since 1970.
 * @throws {DamagedRecord} if the record is not one of a bulk operation
 */
function watchOf(record: Record<string, unknown>, clock: RunningClock): RecordedWatch {
  const work = isObject(record['work']) ? record['work'] : record;
  const isOld = work === record;
  const deadline = typeof work['deadline'] === 'number' ? work['deadline'] : null;
  const { id } = work;
  if (typeof id !== 'string' || id === '') throw new DamagedRecord('it names no bulk operation');
  return {
    id,
    deadline: isOld && deadline !== null ? clock.now() + Math.max(0, deadline - Date.now()) : deadline,
    begunAt: typeof work['begunAt'] === 'number' ? work['begunAt'] : clock.now(),
    status: typeof work['status'] === 'string' ? work['status'] : null,
  };
}

/** A message that waits for the end of its operation. A class, as closures for each of ten thousand take more memory. */
class Watch implements Watcher {
  readonly deadline: number | null;
  readonly begunAt: number;
  status: string | null;
  readonly id: string;

  constructor(
    private readonly tracker: BulkStatusTracker,
    work: RecordedWatch,
    readonly pending: PendingMessage,
  ) {
    ({ id: this.id, deadline: this.deadline, begunAt: this.begunAt, status: this.status } = work);
  }

  onChange(response: ApiResponse): void {
    this.tracker.change(this, response);
  }

  onEnd(response: ApiResponse): void {
    this.tracker.finish(this, response);
  }

  onFailure(error: Error): void {
    this.tracker.end(this, () => Promise.reject(error));
  }
}

/** Watches the bulk operations of one node, over restarts. */
export class BulkStatusTracker {
  readonly #operations = new Map<string, WatchedOperation>();
  /** Watches that are being recorded. */
  readonly #beginning = new Set<{ id: string; cancelled: boolean }>();
  readonly #poller: Poller;
  readonly #clock: RunningClock;
  #watching = 0;
  #troubled = 0;

  constructor(private readonly context: Context) {
    this.#poller = new Poller((id, signal) => context.request(signal, (api) => bulkStatus(api, id)));
    this.#clock = createClock(context);
    context.signal.addEventListener('abort', () => this.#poller.close());
    context.onRecords(
      (record, pending) => this.#watch(watchOf(record, this.#clock), pending, this.#intervalMs()),
      (own) => restoreClock(this.#clock, own),
    );
  }

  /** Records a message and watches its operation. */
  async begin(id: string, task: Task<never, BulkStatusSettings, BulkStatusTracker>): Promise<typeof PENDING> {
    const { timeout } = task.settings;
    const beginning = { id, cancelled: false };
    this.#beginning.add(beginning);
    let work: RecordedWatch;
    let pending: PendingMessage;
    try {
      await this.context.records.loaded();
      const begunAt = this.#clock.now();
      work = { id, deadline: timeout > 0 ? begunAt + timeout * 1000 : null, begunAt, status: null };
      pending = await task.hold(randomUUID(), work);
    } finally {
      this.#beginning.delete(beginning);
    }
    if (beginning.cancelled) void this.context.end(pending, endCancelled);
    else this.#watch(work, pending, 0);
    return PENDING;
  }

  /** The result of an upload that came with its response. */
  conclude(
    result: Record<string, unknown>,
    task: Task<never, BulkStatusSettings, BulkStatusTracker>,
  ): Promise<BulkResult> {
    return resultOfUpload(task.api, result, paramsOf(task));
  }

  /** Ends all watches over an operation, also those of earlier runs; their messages end without a result. */
  async cancel(id: string): Promise<void> {
    for (const beginning of this.#beginning) if (beginning.id === id) beginning.cancelled = true;
    const isMeant = (record: RecordState): boolean => watchOf(record, this.#clock).id === id;
    if (await this.context.records.cancelWaiting((record) => (isMeant(record) ? undefined : record))) return;
    for (const watch of (this.#operations.get(id)?.watchers ?? []) as readonly Watch[]) {
      this.end(watch, endCancelled);
    }
  }

  #watch(work: RecordedWatch, pending: PendingMessage, spread: number): void {
    // The flow was stopped while the message was being recorded; it is ended with all others.
    if (this.context.signal.aborted) return;
    const watch = new Watch(this, work, pending);
    this.#watching++;
    this.#clock.run();
    const known = this.#operations.get(work.id);
    if (known !== undefined) {
      known.add(watch);
      this.#poller.hurry(known);
      return;
    }
    const { interval, maxInterval } = this.context.settings();
    const operation = new WatchedOperation(work.id, interval, maxInterval, this.#clock, this.#setTrouble);
    operation.add(watch);
    this.#operations.set(work.id, operation);
    this.#poller.add(operation, spread);
  }

  /** The operation has another status. */
  change({ pending, id, deadline, begunAt, status }: Watch, { body, statusCode }: ApiResponse): void {
    void this.context.pending.update(pending, { id, deadline, begunAt, status } satisfies RecordedWatch);
    // The response is for all messages about the operation, and each has a payload of its own.
    this.context.emit(pending, { port: 2, payload: structuredClone(body), statusCode });
  }

  /** Ends a message with the result of its operation. */
  finish(watch: Watch, { body, statusCode }: ApiResponse): void {
    this.end(watch, async (task) => ({
      statusCode,
      ...(await resultOfOperation(task.api, structuredClone(body) as Record<string, unknown>, paramsOf(task))),
    }));
  }

  /** Ends a watch and its message. */
  end(watch: Watch, handler: Parameters<Context['end']>[1]): void {
    const operation = this.#operations.get(watch.id);
    operation?.remove(watch);
    if (operation?.watchers.length === 0) {
      this.#operations.delete(watch.id);
      operation.dispose();
      this.#poller.remove(operation);
    }
    if (--this.#watching === 0) this.#clock.stop();
    void this.context.end(watch.pending, handler);
  }

  /** One function for all operations. */
  readonly #setTrouble = (trouble: boolean): void => {
    this.#troubled += trouble ? 1 : -1;
    this.context.setTrouble(this.#troubled > 0 && this.#troubled >= this.#operations.size);
  };

  #intervalMs(): number {
    return this.context.settings().interval * 1000;
  }
}

function paramsOf(task: Pick<Task<never, BulkStatusSettings, unknown>, 'settings' | 'get'>): BulkResultParams {
  const since: unknown = task.get('repeatedSince');
  return {
    rows: task.get('rows'),
    whenClaimed: task.settings.whenClaimed,
    repeatedSince: typeof since === 'string' ? Date.parse(since) : undefined,
    retryRound: task.get('retryRound'),
  };
}
