import type { BulkOperation } from '../api/bulk';
import { NrfCloudError } from '../api/errors';
import { Abort, type AbortSignalLike } from '../util/abort';
import { Ticker, type Cancel } from './ticker';

/** How a bulk operation is doing. */
export interface Poll {
  statusCode: number;
  body: BulkOperation;
}

/** Asks the service once about a bulk operation; ended early by the signal. */
export type RequestStatus = (id: string, signal: AbortSignalLike) => Promise<Poll>;

/** What somebody wants to know of a bulk operation. */
export interface PollParams {
  id: string;
  /** Seconds between polls, growing from the first to the second. */
  interval: number;
  maxInterval: number;
  /** When to give up, in milliseconds since 1970; `undefined` = never. */
  deadline: number | undefined;
  /** The status that is known already, so that it is not told again. */
  status?: string | undefined;
  /** Told each change of status before the end. */
  onChange: (poll: Poll, status: string) => void;
  /** Told when polling fails, and when it works again. */
  onTrouble: (trouble: boolean) => void;
  /** Aborted when the flow is stopped. */
  signal: AbortSignalLike;
}

/** Statuses that end a bulk operation (source: guide). Any other one is waited out. */
const FINAL_STATUSES = new Set(['SUCCEEDED', 'FAILED']);

/** Failures that end the watch at once; all others are waited out. */
const FINAL_CODES = new Set([
  'NRFCLOUD_UNAUTHORIZED',
  'NRFCLOUD_FORBIDDEN',
  'NRFCLOUD_NOT_FOUND',
  'NRFCLOUD_CONFLICT',
  'NRFCLOUD_REJECTED',
  'NRFCLOUD_NOT_CONFIGURED',
  'NRFCLOUD_INVALID_INPUT',
  'NRFCLOUD_CLOSED',
]);

const GROWTH = 1.5;
/** The least part of an interval that is waited, chance deciding between it and the whole: before the second poll, and later. */
const SECOND_POLL = 0.2;
const LATER_POLLS = 0.9;

/**
 * Watches bulk operations until they end: each is polled once however many ask for it, all with one timer.
 */
export class Poller {
  readonly #ticker = new Ticker();
  readonly #watched = new Map<string, PolledOperation>();

  constructor(
    private readonly poll: RequestStatus,
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * Waits for the end of a bulk operation.
   * @returns the ended operation, or `undefined` if the watch was cancelled
   * @throws {NrfCloudError} `NRFCLOUD_TIMEOUT` at the deadline, or a failure that no waiting mends
   * @throws the signal's reason when it is aborted meanwhile
   */
  follow(order: PollParams): Promise<Poll | undefined> {
    const { id, signal } = order;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      let watched = this.#watched.get(id);
      if (watched === undefined) {
        watched = new PolledOperation(order, this.#ticker, this.poll, this.random, () => this.#watched.delete(id));
        this.#watched.set(id, watched);
      }
      watched.join(order, resolve, reject);
    });
  }

  /** Ends all watches over an operation, without a result. */
  cancel(id: string): void {
    this.#watched.get(id)?.end((follower) => follower.resolve(undefined));
  }
}

interface Subscriber {
  order: PollParams;
  status: string | undefined;
  resolve: (poll: Poll | undefined) => void;
  reject: (error: Error) => void;
  leave: () => void;
}

/** One operation and all who wait for it. */
class PolledOperation {
  readonly #followers = new Set<Subscriber>();
  #interval: number;
  #polls = 0;
  /** Of the poll that is on its way. */
  #polling: Abort | undefined;
  #cancelPoll: Cancel = () => undefined;
  #last: Poll | undefined;
  #trouble: NrfCloudError | undefined;

  constructor(
    private readonly first: PollParams,
    private readonly ticker: Ticker,
    private readonly ask: RequestStatus,
    private readonly random: () => number,
    private readonly onEmpty: () => void,
  ) {
    this.#interval = first.interval;
  }

  join(order: PollParams, resolve: Subscriber['resolve'], reject: Subscriber['reject']): void {
    const { deadline, signal } = order;
    const stop = (): void => this.#part(follower, () => reject(signal.reason));
    const cancelDeadline =
      deadline === undefined
        ? undefined
        : this.ticker.in(deadline - Date.now(), () => this.#part(follower, () => reject(this.#tooLate(order))));
    const follower: Subscriber = {
      order,
      status: order.status,
      resolve,
      reject,
      leave: () => {
        cancelDeadline?.();
        signal.removeEventListener('abort', stop);
      },
    };
    signal.addEventListener('abort', stop, { once: true });
    this.#followers.add(follower);
    this.#schedule(0);
  }

  /** Lets all followers go, each with its ending. */
  end(settle: (follower: Subscriber) => void): void {
    this.#leave();
    for (const follower of this.#followers) {
      follower.leave();
      settle(follower);
    }
    this.#followers.clear();
  }

  #part(follower: Subscriber, settle: () => void): void {
    follower.leave();
    this.#followers.delete(follower);
    if (this.#followers.size === 0) this.#leave();
    settle();
  }

  /** Nobody waits any more. */
  #leave(): void {
    this.#cancelPoll();
    this.onEmpty();
    this.#polling?.abort();
  }

  #schedule(ms: number): void {
    this.#cancelPoll();
    this.#cancelPoll = this.ticker.in(ms, () => void this.#poll());
  }

  async #poll(): Promise<void> {
    if (this.#polling !== undefined) return;
    this.#polling = new Abort();
    this.#polls++;
    try {
      this.#last = await this.ask(this.first.id, this.#polling);
      // Nobody waits any more, and a new watch over the same operation may have begun.
      if (this.#followers.size === 0) return;
      this.#tellTrouble(undefined);
      this.#look(this.#last);
    } catch (error) {
      if (this.#followers.size === 0) return;
      if (!(error instanceof NrfCloudError) || FINAL_CODES.has(error.code)) {
        this.end(({ reject }) => reject(error as Error));
        return;
      }
      this.#tellTrouble(error);
    } finally {
      this.#polling = undefined;
    }
    if (this.#followers.size === 0) return;
    // Operations that began together are spread over the interval by their second poll, and don't gather again.
    const least = this.#polls === 1 ? SECOND_POLL : LATER_POLLS;
    this.#schedule(this.#interval * 1000 * (least + (1 - least) * this.random()));
    this.#interval = Math.max(this.#interval, Math.min(this.#interval * GROWTH, this.first.maxInterval));
  }

  #look(poll: Poll): void {
    const status = typeof poll.body['status'] === 'string' ? poll.body['status'] : '';
    if (FINAL_STATUSES.has(status.toUpperCase())) {
      this.end(({ resolve }) => resolve(poll));
      return;
    }
    for (const follower of this.#followers) {
      if (follower.status === status) continue;
      follower.status = status;
      follower.order.onChange(poll, status);
    }
  }

  #tellTrouble(trouble: NrfCloudError | undefined): void {
    const changed = (this.#trouble === undefined) !== (trouble === undefined);
    this.#trouble = trouble;
    if (changed) for (const { order } of this.#followers) order.onTrouble(trouble !== undefined);
  }

  #tooLate({ id }: PollParams): NrfCloudError {
    const status = this.#last?.body['status'];
    const why =
      this.#trouble === undefined
        ? `its last status is ${typeof status === 'string' ? status.slice(0, 40) : 'not known'}`
        : `the service could not be asked: ${this.#trouble.message}`;
    const facts = this.#trouble?.cause ?? {
      ...(this.#last === undefined ? {} : { statusCode: this.#last.statusCode, body: this.#last.body }),
    };
    return new NrfCloudError(
      'NRFCLOUD_TIMEOUT',
      `bulk status: the operation ${id.slice(0, 64)} did not end in time (${why}); raise the timeout of the node, or ask again later`,
      { ...facts, operation: 'bulk status', attempts: this.#polls },
    );
  }
}
