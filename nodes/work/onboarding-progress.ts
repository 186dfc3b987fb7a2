import type { FollowEnd } from '../operations/onboarding-diagnosis';
import { sleep, type AbortSignalLike } from '../util/abort';
import type { OnboardingGroup } from './onboarding-group';

/** How far the devices of a node are, as output 3 reports it. */
export interface ProgressReport {
  total: number;
  waiting: number;
  /** In device management, connected or not. */
  onboarded: number;
  connected: number;
  failed: number;
  /** Set when nothing is pending. */
  complete?: true;
}

/** Shortest time between two reports, in milliseconds (contract). */
const INTERVAL_MS = 1000;

/** Counts the devices of a node and reports at most once a second how far they are. */
export class OnboardingProgress {
  #total = 0;
  #onboarded = 0;
  #connected = 0;
  #failed = 0;
  /** Arrays have not been reported as complete. */
  #hasArray = false;
  /** The last report is on its way. */
  #isReported = false;
  #reportedAt = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param following what is being followed
   * @param onReport called with each report but the last
   */
  constructor(
    private readonly following: { readonly size: number; readonly onboardedFollowers: number },
    private readonly onReport: (report: ProgressReport) => void,
  ) {}

  /** No device is pending. */
  get isComplete(): boolean {
    return this.#onboarded + this.#failed >= this.#total;
  }

  /**
   * A message ends: whether the last report follows it, as no device is pending; it leaves once. Single devices have no report
   * (contract), but one that ends after all arrays reports for them.
   */
  endsWithReport(isArray: boolean): boolean {
    if (!this.isComplete || this.#isReported || !(isArray || this.#hasArray)) return false;
    this.#isReported = true;
    return true;
  }

  /** Devices are followed from now on, or again after a restart; those that an earlier run cancelled do not count. */
  add({ work, remaining }: OnboardingGroup): void {
    if (this.isComplete) {
      // The last report of an array may not have left yet.
      const hasArray = this.#hasArray;
      this.reset();
      this.#hasArray = hasArray;
    }
    const { onboarded, connected, failed } = work.counts;
    this.#hasArray ||= work.isArray;
    this.#total += onboarded + failed + remaining;
    this.#onboarded += onboarded;
    this.#connected += connected;
    this.#failed += failed;
  }

  ended(end: FollowEnd): void {
    if (!end.isOnboarded) this.#failed++;
    else {
      this.#onboarded++;
      if (end.isConnected) this.#connected++;
    }
    this.changed();
  }

  /** A device is not followed any more. */
  cancelled(): void {
    this.#total--;
    // A message that is cancelled sends nothing (contract).
    if (this.isComplete) this.#hasArray = false;
    this.changed();
  }

  /** Something has changed, which is reported soon; the last report leaves with the last message. */
  changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (!this.isComplete) this.onReport(this.take());
    }, this.#waitMs);
  }

  /** A report that leaves now. */
  take(): ProgressReport {
    this.#reportedAt = performance.now();
    const isComplete = this.isComplete;
    if (isComplete) this.#hasArray = false;
    const onboarded = this.#onboarded + this.following.onboardedFollowers;
    return {
      total: this.#total,
      waiting: this.#total - onboarded - this.#failed,
      onboarded,
      connected: this.#connected,
      failed: this.#failed,
      ...(isComplete ? { complete: true } : {}),
    };
  }

  /** A report that leaves when it may. @throws the signal's reason when it is aborted meanwhile */
  async takeNext(signal: AbortSignalLike): Promise<ProgressReport> {
    // Another report may leave meanwhile.
    for (let waitMs = this.#waitMs; waitMs > 0; waitMs = this.#waitMs) await sleep(waitMs, signal);
    return this.take();
  }

  reset(): void {
    this.#total = this.#onboarded = this.#connected = this.#failed = 0;
    this.#hasArray = this.#isReported = false;
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  /** Milliseconds until the next report may leave. */
  get #waitMs(): number {
    return Math.max(0, this.#reportedAt + INTERVAL_MS - performance.now());
  }
}
