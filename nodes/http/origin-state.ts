import { AdaptiveRate } from './adaptive-rate';
import { TokenBucket } from './token-bucket';

/** Retries that may be made while nothing succeeds, before an outage is assumed; our choice. */
const MAX_RETRY_TOKENS = 32;
/** The same for look-ups of what became of a request. */
const MAX_LOOK_UP_TOKENS = 32;
/** The part of the retry budget that is there again after an outage. */
const BUDGET_AFTER_OUTAGE = 0.5;
/** Milliseconds between the requests that find out whether an outage is over: from the first, doubling up to the second. */
const MIN_PROBE_INTERVAL_MS = 1000;
const MAX_PROBE_INTERVAL_MS = 30_000;
/** Maximum origins whose state is kept; our choice, far above what one Node-RED uses. */
const MAX_ORIGINS = 100;

/** How an attempt ended: a response, a refusal because of too many requests (429), no usable response, or aborted. */
export type AttemptResult = 'success' | 'limited' | 'failed' | 'aborted';

interface Outage {
  /** Of `performance.now()`. */
  since: number;
  /** Milliseconds since 1970, for reports. */
  startedAt: number;
  intervalMs: number;
  nextProbeAt: number;
}

/**
 * What is known about one origin and shared by all connections to it: how long it asked to wait, how many requests per
 * second it takes, how many retries it may be burdened with, and whether it is out of order. All times are of
 * `performance.now()` unless said otherwise.
 */
export class OriginState {
  readonly adaptiveRate = new AdaptiveRate();
  readonly #retries = new TokenBucket(MAX_RETRY_TOKENS);
  readonly #lookUps = new TokenBucket(MAX_LOOK_UP_TOKENS);
  readonly #listeners = new Set<() => void>();
  #heldUntil = 0;
  #outage: Outage | undefined;
  /** The request that finds out whether the outage is over. */
  #probe: unknown;

  /** Until when nothing may start, in the past if the service does not ask for it. */
  get heldUntil(): number {
    return this.#heldUntil;
  }

  get outage(): Readonly<Outage> | undefined {
    return this.#outage;
  }

  /** Whether requests have to wait for a reason that their messages should show. */
  blocked(now: number): boolean {
    return this.#outage !== undefined || this.#heldUntil > now;
  }

  /** Milliseconds until the next request may start: 0 = now, infinite while the outcome of a probe is awaited. */
  delay(now: number): number {
    const paced = Math.max(0, this.#heldUntil - now, this.adaptiveRate.next(now) - now);
    if (this.#outage === undefined) return paced;
    return this.#probe === undefined ? Math.max(paced, this.#outage.nextProbeAt - now) : Infinity;
  }

  /** A request starts. During an outage it is the probe. */
  begin(now: number, request: unknown): void {
    this.adaptiveRate.begin(now);
    if (this.#outage !== undefined) this.#probe ??= request;
  }

  /** A request has ended. @param startedAt when it started */
  finish(request: unknown, result: AttemptResult, startedAt: number, askedMs = 0): void {
    const now = performance.now();
    if (result === 'limited') this.adaptiveRate.refused(startedAt, now, askedMs);
    else if (result === 'success') {
      this.adaptiveRate.taken(now);
      this.#retries.give();
      this.#lookUps.give();
    }
    if (this.#outage !== undefined) this.#judgeOutage(this.#outage, request, result, now);
  }

  /** Allows one more retry. @returns false during an outage, which begins when the budget is used up */
  takeRetry(): boolean {
    if (this.#outage !== undefined) return false;
    if (this.#retries.take()) return true;
    const now = performance.now();
    const intervalMs = MIN_PROBE_INTERVAL_MS;
    this.#outage = { since: now, startedAt: Date.now(), intervalMs, nextProbeAt: now + intervalMs };
    this.#notify();
    return false;
  }

  /** Allows one more look-up. @returns false if their budget is used up */
  takeLookUp(): boolean {
    return this.#lookUps.take();
  }

  /** Lets nothing start for `ms`, because the service asked for it. A shorter hold never shortens a longer one. */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, performance.now() + ms);
  }

  /** Calls back whenever an outage begins or ends, or its next probe is due at another time. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Ends {@link listen}. */
  leave(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  get inUse(): boolean {
    return this.#listeners.size > 0;
  }

  #judgeOutage(outage: Outage, request: unknown, result: AttemptResult, now: number): void {
    // 429 shows that the service works; the adaptive rate handles it.
    if (result === 'success' || result === 'limited') {
      this.#outage = undefined;
      this.#probe = undefined;
      this.#retries.fill(BUDGET_AFTER_OUTAGE);
      this.#lookUps.fill(BUDGET_AFTER_OUTAGE);
      this.#notify();
    } else if (request === this.#probe) {
      this.#probe = undefined;
      outage.nextProbeAt = result === 'aborted' ? now : now + outage.intervalMs;
      if (result === 'failed') outage.intervalMs = Math.min(outage.intervalMs * 2, MAX_PROBE_INTERVAL_MS);
      this.#notify();
    }
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

const origins = new Map<string, OriginState>();

/** The state of an origin, which outlives the connections to it: a redeploy forgets neither holds nor outages. */
export function stateOf(origin: string): OriginState {
  const known = origins.get(origin);
  if (known !== undefined) return known;
  if (origins.size >= MAX_ORIGINS) {
    const unused = [...origins].find(([, state]) => !state.inUse);
    if (unused !== undefined) origins.delete(unused[0]);
  }
  const state = new OriginState();
  origins.set(origin, state);
  return state;
}
