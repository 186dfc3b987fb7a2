import type { OriginState } from '../http/origin-state';
import type { SlidingCount } from '../http/sliding-count';
import { hasCode } from './errors';

/** What a connection is doing; times in ISO 8601 or `null`, counters since the deploy. */
export interface LoadReport {
  /** Requests in flight. */
  inFlight: number;
  /** Requests that wait for their turn, for a retry, or in their node. */
  waiting: number;
  startedPerSecond: number;
  /** Requests per second that are started at most: the smaller of the configured and the learned rate; `null` = no limit. */
  rateLimit: number | null;
  /** Until when the service asked to wait. */
  heldUntil: string | null;
  /** Since when the service has been unavailable. */
  outageSince: string | null;
  /** Attempts after a first one. */
  retried: number;
  /** Responses with HTTP 429. */
  rateLimited: number;
  /** Requests that ended in an error after their retries, apart from HTTP 404 and 409. */
  failed: number;
  /** The sentence of the last of these errors. */
  lastError: string | null;
}

/** The load of a connection that cannot be used. */
export const NO_LOAD: LoadReport = {
  inFlight: 0,
  waiting: 0,
  startedPerSecond: 0,
  rateLimit: null,
  heldUntil: null,
  outageSince: null,
  retried: 0,
  rateLimited: 0,
  failed: 0,
  lastError: null,
};

/** Counts what a client's requests come to. */
export class ClientLoad {
  retried = 0;
  rateLimited = 0;
  #failed = 0;
  #lastError: string | null = null;

  /** A request has ended in an error. 404 and 409 are answers: often a look-up, or a device that is claimed already. */
  onError(error: unknown): void {
    if (hasCode(error, 'NRFCLOUD_CLOSED', 'NRFCLOUD_CONFLICT', 'NRFCLOUD_NOT_FOUND')) return;
    this.#failed++;
    this.#lastError = (error as Error).message;
  }

  report(now: {
    inFlight: number;
    waiting: number;
    started: SlidingCount;
    rate: number;
    states: OriginState[];
  }): LoadReport {
    const time = performance.now();
    const heldMs = Math.max(...now.states.map(({ heldUntil }) => heldUntil)) - time;
    const outages = now.states.flatMap(({ outage }) => outage?.startedAt ?? []);
    const configured = now.rate === 0 ? Infinity : now.rate;
    const rateLimit = Math.min(configured, ...now.states.map(({ adaptiveRate }) => adaptiveRate.rate(time)));
    return {
      inFlight: now.inFlight,
      waiting: now.waiting,
      startedPerSecond: now.started.sum(time),
      rateLimit: rateLimit === Infinity ? null : Math.round(rateLimit * 10) / 10,
      heldUntil: heldMs > 0 ? new Date(Date.now() + heldMs).toISOString() : null,
      outageSince: outages.length === 0 ? null : new Date(Math.min(...outages)).toISOString(),
      retried: this.retried,
      rateLimited: this.rateLimited,
      failed: this.#failed,
      lastError: this.#lastError,
    };
  }
}
