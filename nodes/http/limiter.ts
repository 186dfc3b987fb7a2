import { sleep, type AbortSignalLike } from '../util/abort';
import { MAX_TIMER_MS } from '../util/timer';
import { SlidingCount } from './sliding-count';
import type { OriginState } from './origin-state';
import { Pace } from './pace';
import type { RequestOwner } from './request-owner';
import { WaitingRequest, WaitingRequests, type LimitedRequest } from './waiting-requests';

/** Limits that all requests of one connection share. */
export interface Limits {
  /** Maximum concurrent requests. */
  concurrency: number;
  /** Maximum requests started per second; 0 = no limit. */
  rate: number;
  /** Maximum waiting requests. */
  queueLimit: number;
  /** Seconds that a request waits during an outage; 0 = fails at once. Default: {@link DEFAULT_OUTAGE_WAIT_S}. */
  outageWait?: number;
}

/** Default of `outageWait` (contract). */
export const DEFAULT_OUTAGE_WAIT_S = 300;
/** Shortest time between two looks for waiters whose `outageWait` is over, in milliseconds. */
const OUTAGE_CHECK_MS = 100;

/** Thrown when more requests wait than `queueLimit`. */
export class QueueFull extends Error {}

/** Thrown when a request has waited `outageWait` seconds, or must not wait during an outage. */
export class OutageTooLong extends Error {
  /** @param seconds how long the outage has lasted at least */
  constructor(readonly seconds: number) {
    super(`the service has been unavailable for ${seconds} s`);
  }
}

/**
 * Decides when a request of a connection may start: never more than `concurrency` at once nor `rate` per second, none
 * while its origin is held or in an outage, and in turn between the lanes.
 */
export class Limiter {
  readonly started = new SlidingCount();
  #inFlight = 0;
  #pausing = 0;
  #reserved = 0;
  #closed = false;
  readonly #unreserve = (): void => {
    this.#reserved--;
  };
  readonly #waiting = new Map<OriginState, WaitingRequests>();
  readonly #pace: Pace | undefined;
  readonly #outageWaitMs: number;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  #outageTimer: NodeJS.Timeout | undefined;

  constructor(private readonly limits: Limits) {
    this.#pace = limits.rate > 0 ? new Pace(limits.rate) : undefined;
    this.#outageWaitMs = (limits.outageWait ?? DEFAULT_OUTAGE_WAIT_S) * 1000;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests that wait for their turn, for a retry, or in their node. */
  get waiting(): number {
    return this.#queued() + this.#pausing + this.#reserved;
  }

  /** Includes an origin; its outages are followed until {@link close}. */
  include(origin: OriginState): void {
    this.#waiting.set(origin, new WaitingRequests());
    origin.listen(this.#onOriginChange);
  }

  /**
   * Waits for a turn; call `release` when the request has ended. Hot path: no promise if the request may start at once.
   * @param admitted true for a request that was let in before (a retry): it is never refused and goes first in its lane
   * @returns undefined if the request has started
   * @throws {QueueFull} when `queueLimit` requests wait already
   * @throws {OutageTooLong} when the request has waited `outageWait` seconds, or its owner does not wait
   * @throws the signal's reason when it is aborted meanwhile
   */
  acquire(request: LimitedRequest, signal: AbortSignalLike, admitted: boolean): Promise<void> | undefined {
    if (signal.aborted) return Promise.reject(signal.reason);
    const { origin } = request;
    const queue = this.#waiting.get(origin)!;
    if (queue.count === 0 && this.#inFlight < this.limits.concurrency && this.#delay(origin) === 0) {
      this.#begin(request);
      return undefined;
    }
    const since = request.owner.receivedAt ?? request.since;
    if (this.#outageWaitLeft(request, since) <= 0) return Promise.reject(this.#outageTooLong(request));
    if (!admitted && this.#isFull()) return Promise.reject(new QueueFull());
    return new Promise((resolve, reject) => {
      const waiter = new WaitingRequest(request, since, signal, queue, this.#start, resolve, reject);
      queue.add(request.owner.lane, waiter, admitted);
      if (origin.blocked(performance.now())) waiter.show();
      this.#watchOutage(origin);
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
  async pause(ms: number, owner: RequestOwner, signal: AbortSignalLike): Promise<void> {
    this.#pausing++;
    owner.onWaiting?.(true);
    try {
      await sleep(ms, signal);
    } finally {
      this.#pausing--;
    }
    owner.onWaiting?.(false);
  }

  /** Stops the timers; waiting requests are ended by their own signals. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#outageTimer);
    for (const origin of this.#waiting.keys()) origin.leave(this.#onOriginChange);
  }

  readonly #onOriginChange = (): void => {
    for (const [origin, queue] of this.#waiting) {
      if (origin.outage === undefined) continue;
      for (const waiter of queue) waiter.show();
      this.#watchOutage(origin);
    }
    // An outage that ended, or a probe that is due earlier, makes the time of the timer void.
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#drain();
  };

  #isFull(): boolean {
    return this.waiting >= this.limits.queueLimit;
  }

  #queued(): number {
    let count = 0;
    for (const queue of this.#waiting.values()) count += queue.count;
    return count;
  }

  /** Milliseconds until the next request may start, 0 if at once; concurrency aside. */
  #delay(origin: OriginState): number {
    const now = performance.now();
    const paced = this.#pace === undefined ? 0 : this.#pace.next(now) - now;
    return Math.max(paced, origin.delay(now));
  }

  /** A waiting request's turn has come. */
  readonly #start = (request: LimitedRequest): void => this.#begin(request);

  #begin(request: LimitedRequest): void {
    const now = performance.now();
    this.#inFlight++;
    this.started.add(now);
    this.#pace?.begin(now);
    request.origin.begin(now, request);
  }

  #drain(): void {
    if (this.#closed) return;
    for (const [origin, queue] of this.#waiting) {
      while (queue.count > 0 && this.#inFlight < this.limits.concurrency) {
        const delay = this.#delay(origin);
        if (delay > 0) {
          this.#wake(delay);
          break;
        }
        queue.take()?.start();
      }
    }
  }

  #wake(ms: number): void {
    if (ms === Infinity) return;
    // A rate may be less than a request in the longest time of a timer, which then looks again.
    const waitMs = Math.min(Math.ceil(ms), MAX_TIMER_MS);
    const at = performance.now() + waitMs;
    if (this.#timer !== undefined && this.#timerAt <= at) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#drain();
    }, waitMs);
  }

  /** Milliseconds that a request may still wait, as far as the outage goes. @param since when its wait began */
  #outageWaitLeft({ origin: { outage }, owner }: LimitedRequest, since: number): number {
    if (outage === undefined) return Infinity;
    if (owner.failsInOutage === true) return 0;
    return Math.max(outage.since, since) + this.#outageWaitMs - performance.now();
  }

  #outageTooLong({ origin: { outage }, owner }: LimitedRequest): OutageTooLong {
    if (owner.failsInOutage !== true || outage === undefined) return new OutageTooLong(this.#outageWaitMs / 1000);
    return new OutageTooLong(Math.round((performance.now() - outage.since) / 1000));
  }

  /** During an outage, ends waiters whose `outageWait` is over, and comes back when the next one's is. */
  #watchOutage(origin: OriginState): void {
    if (this.#outageTimer !== undefined || this.#closed) return;
    if (origin.outage === undefined) return;
    let next = Infinity;
    for (const waiter of this.#waiting.get(origin)!) {
      const left = this.#outageWaitLeft(waiter.request, waiter.since);
      if (left <= 0) waiter.fail(this.#outageTooLong(waiter.request));
      else next = Math.min(next, left);
    }
    if (next === Infinity) return;
    this.#outageTimer = setTimeout(
      () => {
        this.#outageTimer = undefined;
        for (const known of this.#waiting.keys()) this.#watchOutage(known);
      },
      Math.max(next, OUTAGE_CHECK_MS),
    );
  }
}
