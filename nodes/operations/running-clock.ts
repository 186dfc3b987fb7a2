/** How often the time is saved, in milliseconds; a crash loses at most that much, which makes a timeout later. */
const SAVE_INTERVAL_MS = 60_000;

/**
 * Counts how long a node has been running, over restarts: a timeout must not pass while Node-RED is down, nor jump when a
 * computer without a clock learns the time.
 */
export class RunningClock {
  #base = 0;
  readonly #startedAt = performance.now();
  #timer: NodeJS.Timeout | undefined;

  /** @param save stores the time, in milliseconds */
  constructor(private readonly save: (ms: number) => void) {}

  /** Milliseconds that the node has been running, in all. */
  now(): number {
    return this.#base + performance.now() - this.#startedAt;
  }

  /** A time of `performance.now()` on this clock. */
  at(time: number): number {
    return this.#base + time - this.#startedAt;
  }

  /** Continues from a saved time. */
  restore(ms: number): void {
    this.#base = Math.max(this.#base, ms);
  }

  /** Saves the time now and then, as long as something waits. */
  run(): void {
    if (this.#timer !== undefined) return;
    this.save(this.now());
    this.#timer = setInterval(() => this.save(this.now()), SAVE_INTERVAL_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
