/** Length of a bucket in which responses are counted, in milliseconds, and how many make up the last second. */
const BUCKET_MS = 100;
const BUCKETS = 10;
/** Fewer responses in a second prove no limit: then each refused request only waits by itself. */
const MIN_PER_SECOND = 10;
/** A smaller part of refusals in a second is due to chance and not to a limit: only the refused requests wait. */
const TOLERANCE = 0.03;
/** The same of single refusals in a second. */
const FEW = 3;
/** The part of the observed rate that is used: the service may count a little differently. */
const CAUTION = 0.98;
/** A refusal lowers the rate to no less than this part of it, as late timers make less of it than could have been. */
const STEP = 0.9;
/** The same for a refusal right after another one. */
const BIG_STEP = 0.7;
/** Growth of the rate in the first second after a refusal; doubled in the next second, and so on. */
const GROWTH = 0.02;
/** Pause after a refusal, in milliseconds; doubled after the next one, up to a second. */
const FIRST_REST_MS = 50;
const LONGEST_REST_MS = 1000;
/** The same where a refusal costs a wait: a larger margin, as each refusal is expensive. */
const WAIT_CAUTION = 0.95;
/** Time after such a wait until the rate grows again, in milliseconds. */
const GROWTH_DELAY_MS = 15_000;
/** After this time without a refusal, in milliseconds, there is no limit any more. */
const FORGET_MS = 60_000;
/** Requests from which the part of refusals is compared with an earlier one. */
const MIN_COMPARED = 30;
/** ...and refusals. */
const MIN_REFUSED = 6;
/** Shortest time in which requests per second are measured, in milliseconds. */
const MIN_MEASURED_MS = 5;
/** Refusals are taken for independent of the rate if lowering it to this part... */
const LOWERED = 0.5;
/** ...has brought less than this part of what it would bring if there were a limit. */
const GAIN = 0.25;
/** How long after a lowering nothing is compared, in milliseconds: a limit may be one of whole seconds. */
const SETTLE_MS = 1000;
/** Refusals are clustered if fewer than this part of those that chance would allow are followed by a request that is taken. */
const CHANCE = 0.6;
/** A lowering belongs to the earlier ones if they are no older than this, in milliseconds. */
const DESCENT_MS = 5000;
/** How long refusals that are independent of the rate are ignored, in milliseconds: at first, doubling up to the second. */
const MIN_IGNORED_MS = 10_000;
const MAX_IGNORED_MS = 60_000;
/** They are no longer ignored if their part grows to this multiple, and by this much. */
const IGNORED_GROWTH = 1.5;
const IGNORED_MARGIN = 0.05;
/** Late starts are caught up, up to this many milliseconds. */
const CATCH_UP_MS = 50;

/**
 * Finds out how many requests per second a service accepts that refuses the rest with 429, and stays a little below. The
 * margin is larger where each refusal says how long to wait, as the connection then pauses. No public source names the
 * service's limits, so they are measured: the requests accepted in the last second before a refusal. Without a refusal the
 * rate grows again, faster and faster, as the limit may have changed. All of it is our choice.
 */
export class AdaptiveRate {
  /** Requests per second; infinite as long as nothing was refused. */
  #rate = Infinity;
  #due = 0;
  #restUntil = 0;
  #restMs = FIRST_REST_MS;
  #refusedAt = -Infinity;
  #grownAt = 0;
  /** When the rate began or begins to grow again. */
  #growsFrom = 0;
  /** What was measured when the rate was first lowered: requests per second, the part taken, and the rate until then. */
  #before: { perSecond: number; part: number; rate: number } | undefined;
  /** From when on requests at the lowered rate are counted, and how many there were. */
  #comparedFrom = Infinity;
  #takenSince = 0;
  #refusedSince = 0;
  #takenAfterRefused = 0;
  #wasRefused = false;
  #ignoredUntil = -Infinity;
  #ignoredPart = 0;
  #ignoredMs = MIN_IGNORED_MS;
  /** When the first of the requests was taken that came without a second's break. */
  #pressingSince = 0;
  readonly #taken = new Array<number>(BUCKETS).fill(0);
  readonly #refused = new Array<number>(BUCKETS).fill(0);
  #bucket = 0;

  /** The earliest time for the next start; all times are of `performance.now()`. */
  next(now: number): number {
    this.#grow(now);
    return Math.max(now, this.#restUntil, this.#due);
  }

  /** Requests per second that may start now; infinite as long as nothing was refused. */
  rate(now: number): number {
    this.#grow(now);
    return this.#rate;
  }

  /** A request starts. */
  begin(now: number): void {
    if (this.#rate !== Infinity) this.#due = Math.max(this.#due, now - CATCH_UP_MS) + 1000 / this.#rate;
  }

  /** The service has taken a request, whatever it made of it. */
  taken(now: number): void {
    this.#turn(now);
    if (sum(this.#taken) === 0) this.#pressingSince = now;
    this.#taken[this.#bucket % BUCKETS]! += 1;
    this.#count(true, now);
    this.#restMs = FIRST_REST_MS;
  }

  /**
   * The service has refused a request.
   * @param startedAt when it was started: those that were on their way together are refused together, and count once
   * @param askedMs how long the service wants to be left alone, if it says so: what it took before is its limit for that
   * time as well, up to a second
   */
  refused(startedAt: number, now: number, askedMs = 0): void {
    this.#turn(now);
    this.#refused[this.#bucket % BUCKETS]! += 1;
    this.#count(false, now);
    const lastSecond = sum(this.#taken);
    const refusals = sum(this.#refused);
    if (startedAt < this.#refusedAt) return;
    const byChance = refusals < FEW || refusals < TOLERANCE * (lastSecond + refusals);
    if (byChance && askedMs === 0) return;
    if (lastSecond < MIN_PER_SECOND && this.#rate === Infinity) return;
    if (askedMs === 0 && this.#isIndependent(lastSecond, lastSecond + refusals, now)) return;
    const seconds = Math.min(1000, Math.max(BUCKET_MS, askedMs, now - this.#pressingSince)) / 1000;
    const caution = askedMs > 0 ? WAIT_CAUTION : CAUTION;
    const measured = (lastSecond / seconds) * caution;
    const again = this.#restMs > FIRST_REST_MS;
    if (this.#rate !== Infinity) {
      const step = again && askedMs === 0 ? BIG_STEP : STEP;
      this.#rate = Math.min(this.#rate * caution, Math.max(measured, this.#rate * step));
    } else this.#rate = measured;
    this.#rate = Math.max(MIN_PER_SECOND, this.#rate);
    this.#refusedAt = now;
    this.#growsFrom = askedMs > 0 ? now + askedMs + GROWTH_DELAY_MS : now;
    this.#grownAt = this.#growsFrom;
    this.#restUntil = now + this.#restMs;
    this.#due = this.#restUntil;
    this.#restMs = Math.min(LONGEST_REST_MS, this.#restMs * 2);
  }

  /**
   * Whether refusals do not depend on the rate, such as faults on the way. A limit takes as much after the rate is lowered
   * as before, so that the part of refusals falls; otherwise that part stays. Without this distinction each refusal lowers
   * the rate further, and a tenth of refusals by chance ends at the lowest rate.
   */
  #isIndependent(taken: number, requests: number, now: number): boolean {
    const part = taken / requests;
    if (now < this.#ignoredUntil) {
      const limit = this.#ignoredPart * IGNORED_GROWTH + IGNORED_MARGIN;
      if (!this.#isClustered() && (requests < MIN_COMPARED || 1 - part <= limit)) return true;
      this.#ignoredUntil = -Infinity;
      this.#ignoredMs = MIN_IGNORED_MS;
    }
    const before = this.#before;
    if (before === undefined || now - this.#refusedAt > DESCENT_MS) {
      const seconds = Math.min(1000, Math.max(MIN_MEASURED_MS, now - this.#pressingSince)) / 1000;
      this.#before = { perSecond: requests / seconds, part, rate: this.#rate };
      this.#comparedFrom = now + SETTLE_MS;
      return false;
    }
    const compared = this.#takenSince + this.#refusedSince;
    if (now < this.#comparedFrom || compared < MIN_COMPARED || this.#refusedSince < MIN_REFUSED) return false;
    const perSecond = (compared * 1000) / (now - this.#comparedFrom + 1);
    const partSince = this.#takenSince / compared;
    const expected = Math.min(1, (before.part * before.perSecond) / perSecond);
    const hasHelped = partSince >= before.part + GAIN * (expected - before.part);
    if (perSecond > before.perSecond * LOWERED || hasHelped || this.#isClustered()) {
      this.#before = { ...before, part: partSince };
      this.#compareFrom(now);
      return false;
    }
    this.#rate = before.rate;
    this.#before = undefined;
    this.#compareFrom(now);
    this.#ignoredPart = 1 - partSince;
    this.#ignoredUntil = now + this.#ignoredMs;
    this.#ignoredMs = Math.min(this.#ignoredMs * 2, MAX_IGNORED_MS);
    this.#restUntil = now;
    this.#due = now;
    return true;
  }

  /** Begins to count what the lowered rate comes to. */
  #compareFrom(now: number): void {
    this.#comparedFrom = now;
    this.#takenSince = 0;
    this.#refusedSince = 0;
    this.#takenAfterRefused = 0;
    this.#wasRefused = false;
  }

  /** A limit that is used up refuses everything for a while; refusals by chance are followed by anything. */
  #isClustered(): boolean {
    const taken = this.#takenSince / (this.#takenSince + this.#refusedSince);
    return this.#refusedSince >= MIN_REFUSED && this.#takenAfterRefused < CHANCE * taken * this.#refusedSince;
  }

  #count(taken: boolean, now: number): void {
    if (now < this.#comparedFrom) return;
    if (taken) {
      this.#takenSince++;
      if (this.#wasRefused) this.#takenAfterRefused++;
    } else this.#refusedSince++;
    this.#wasRefused = !taken;
  }

  #grow(now: number): void {
    if (this.#rate === Infinity) return;
    if (now - this.#refusedAt > FORGET_MS) {
      this.#rate = Infinity;
      this.#due = 0;
      return;
    }
    for (; now - this.#grownAt >= 1000; this.#grownAt += 1000) {
      this.#rate *= 1 + (GROWTH * (this.#grownAt + 1000 - this.#growsFrom)) / 1000;
    }
  }

  /** Moves on to the bucket of this time, and empties those that were passed. */
  #turn(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    for (let passed = Math.max(this.#bucket + 1, bucket - BUCKETS + 1); passed <= bucket; passed++) {
      this.#taken[passed % BUCKETS] = 0;
      this.#refused[passed % BUCKETS] = 0;
    }
    this.#bucket = bucket;
  }
}

function sum(counts: number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
