/** Late starts are caught up, up to this many milliseconds, so that the configured rate is also reached. */
const MAX_CATCH_UP_MS = 50;

/** Maximum starts per second, evenly spread, with a hard bound over every window. */
export class Pace {
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
    this.#due = Math.max(this.#due, now - MAX_CATCH_UP_MS) + this.#interval;
  }
}
