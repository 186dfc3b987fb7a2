import { AdaptiveRate } from './adaptive-rate';
import { Queue } from '../util/queue';
import type { AbortSignalLike } from '../util/abort';

/** Limits that all requests of one connection share. */
export interface Limits {
  /** Most requests at once. */
  concurrency: number;
  /** Most requests started per second; 0 = no limit. */
  rate: number;
  /** Most requests waiting. */
  queueLimit: number;
}

/** Thrown when more requests wait than `queueLimit`. */
export class QueueFull extends Error {}

interface Waiter {
  start: () => void;
  /** Its message was stopped while it waited. */
  aborted: boolean;
}

/**
 * Decides when a request may start: never more than `concurrency` at once nor `rate` per second, none while the service
 * asked to wait, and in turn between the lanes, so that a node with many requests does not starve one with few.
 */
export class Limiter {
  #inFlight = 0;
  #waiting = 0;
  #pausing = 0;
  #reserved = 0;
  readonly #unreserve = (): void => {
    this.#reserved--;
  };
  #heldUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #lanes = new Map<unknown, Lane>();
  readonly #pace: Pace | undefined;
  readonly #learned = new AdaptiveRate();

  constructor(private readonly limits: Limits) {
    this.#pace = limits.rate > 0 ? new Pace(limits.rate) : undefined;
  }

  /** Whether the service has asked to wait. */
  get held(): boolean {
    return this.#heldUntil > performance.now();
  }

  /**
   * Waits for a turn; call `release` when the request has ended.
   * @param lane requests of one lane start in order; lanes take turns
   * @param admitted true for a request that was let in before (a retry): it is never refused and goes first in its lane
   * @throws {QueueFull} when `queueLimit` requests wait already
   * @throws the signal's reason when it is aborted meanwhile
   */
  acquire(lane: unknown, signal: AbortSignalLike, admitted: boolean): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#waiting === 0 && this.#delay() === 0 && this.#inFlight < this.limits.concurrency) {
      this.#begin();
      return Promise.resolve();
    }
    if (!admitted && this.#isFull()) return Promise.reject(new QueueFull());
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        waiter.aborted = true;
        this.#waiting--;
        reject(signal.reason);
      };
      const waiter: Waiter = {
        aborted: false,
        start: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.#enqueue(lane, waiter, admitted);
      this.#drain();
    });
  }

  /**
   * Counts a request as waiting that will only be made later.
   * @returns what ends that, to be called just before it is made; `undefined` when `queueLimit` requests wait already
   */
  reserve(): (() => void) | undefined {
    if (this.#isFull()) return undefined;
    this.#reserved++;
    return this.#unreserve;
  }

  /** Ends a request that `acquire` let start. */
  release(): void {
    this.#inFlight--;
    this.#drain();
  }

  /**
   * Waits out a back-off. It counts as waiting against `queueLimit`, as the request will come back.
   * @throws the signal's reason when it is aborted meanwhile
   */
  async pause(ms: number, signal: AbortSignalLike): Promise<void> {
    this.#pausing++;
    try {
      await sleep(ms, signal);
    } finally {
      this.#pausing--;
    }
  }

  /** Lets nothing start for `ms`, because the service asked so. A shorter hold never shortens a longer one. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, performance.now() + ms);
  }

  /** Stops the timer; who still waits is ended by its own signal. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /**
   * Tells that the service took a request, or refused it because there were too many.
   * @param startedAt when the request was started, of `performance.now()`
   * @param askedMs how long the service wants to be left alone, if it says so
   */
  answered(refused: boolean, startedAt: number, askedMs = 0): void {
    if (refused) this.#learned.refused(startedAt, performance.now(), askedMs);
    else this.#learned.taken(performance.now());
  }

  #isFull(): boolean {
    return this.#waiting + this.#pausing + this.#reserved >= this.limits.queueLimit;
  }

  #enqueue(key: unknown, waiter: Waiter, first: boolean): void {
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, (lane = new Lane()));
    if (first) lane.retries.push(waiter);
    else lane.first.push(waiter);
    this.#waiting++;
  }

  /** Milliseconds until the next request may start, 0 if at once; concurrency aside. */
  #delay(): number {
    const now = performance.now();
    const paced = this.#pace === undefined ? now : this.#pace.next(now);
    return Math.max(0, this.#heldUntil - now, paced - now, this.#learned.next(now) - now);
  }

  #begin(): void {
    const now = performance.now();
    this.#inFlight++;
    this.#pace?.begin(now);
    this.#learned.begin(now);
  }

  #drain(): void {
    while (this.#waiting > 0 && this.#inFlight < this.limits.concurrency) {
      const delay = this.#delay();
      if (delay > 0) {
        this.#wake(delay);
        return;
      }
      const waiter = this.#take();
      if (waiter === undefined) return;
      this.#waiting--;
      this.#begin();
      waiter.start();
    }
  }

  #wake(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#drain();
    }, Math.ceil(ms));
  }

  /** The first waiter of the lane whose turn it is; the lane then goes to the end of the round. */
  #take(): Waiter | undefined {
    for (const [key, lane] of this.#lanes) {
      this.#lanes.delete(key);
      const waiter = lane.take();
      if (waiter === undefined) continue;
      this.#lanes.set(key, lane);
      return waiter;
    }
    return undefined;
  }
}

/** The waiting requests of one node: repeated ones go before fresh ones. */
class Lane {
  readonly retries = new Queue<Waiter>();
  readonly first = new Queue<Waiter>();

  take(): Waiter | undefined {
    let waiter: Waiter | undefined;
    do waiter = this.retries.shift() ?? this.first.shift();
    while (waiter?.aborted === true);
    return waiter;
  }
}

/** Most starts per second, evenly spread, with a hard bound over every window. */
class Pace {
  readonly #interval: number;
  readonly #window: number;
  readonly #starts: Float64Array;
  #oldest = 0;
  #due = 0;

  constructor(rate: number) {
    const perWindow = Math.max(1, Math.floor(rate));
    this.#interval = 1000 / rate;
    this.#window = perWindow * this.#interval;
    this.#starts = new Float64Array(perWindow).fill(-Infinity);
  }

  /** The earliest time for the next start. */
  next(now: number): number {
    return Math.max(now, this.#due, this.#starts[this.#oldest]! + this.#window);
  }

  begin(now: number): void {
    this.#starts[this.#oldest] = now;
    this.#oldest = (this.#oldest + 1) % this.#starts.length;
    // Timers are late; up to 50 ms of lateness is caught up, so that the rate asked for is also reached.
    this.#due = Math.max(this.#due, now - 50) + this.#interval;
  }
}

/**
 * Waits, ended early by the signal.
 * @throws the signal's reason when it is aborted meanwhile
 */
export function sleep(ms: number, signal: AbortSignalLike): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
