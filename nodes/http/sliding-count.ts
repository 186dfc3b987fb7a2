const BUCKET_MS = 100;
const BUCKETS = 10;

/** Counts events of the last second, in steps of a tenth of it. */
export class SlidingCount {
  readonly #counts = new Array<number>(BUCKETS).fill(0);
  #bucket = 0;

  /** Hot path: called for every request. */
  add(now: number): void {
    this.#turn(now);
    this.#counts[this.#bucket % BUCKETS]! += 1;
  }

  /** Events of the last second. */
  sum(now: number): number {
    this.#turn(now);
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** Moves on to the bucket of this time, and empties those that were passed. */
  #turn(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    for (let passed = Math.max(this.#bucket + 1, bucket - BUCKETS + 1); passed <= bucket; passed++) {
      this.#counts[passed % BUCKETS] = 0;
    }
    this.#bucket = bucket;
  }
}
