import { Queue } from '../util/queue';

/**
 * How many messages of a node may be at work on a request that has not started yet, or wait for the disk. With 256 as fast,
 * but 10,000 messages that are recorded took 65 MiB more, as V8 takes those that wait for long-lived.
 */
const MAX_STARTED_AHEAD = 32;

/**
 * The messages of a node that have not begun. At work a message takes some ten kilobytes and many small objects until its
 * request is answered, here a few hundred bytes: a burst of 20,000 is taken in tens of megabytes instead of hundreds, and
 * goes through faster, as the engine has less to look through for what is still in use.
 */
export class StartQueue<T> {
  readonly #waiting = new Queue<T>();
  /** What hands back the places of those that wait. */
  readonly #places = new Queue<() => void>();
  #ahead = 0;
  #draining = false;

  /**
   * @param begin begins a message; never throws
   * @param reserve gets it a place among what waits, and gives what hands that back; without one it begins at once
   */
  constructor(
    private readonly begin: (item: T) => void,
    private readonly reserve: () => (() => void) | undefined,
  ) {}

  /** Messages that wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /**
   * Begins a message, or keeps it until others have come further.
   * @param mayWait false if it must begin at once
   * @returns whether it waits
   */
  add(item: T, mayWait = true): boolean {
    const place = mayWait && this.#ahead >= MAX_STARTED_AHEAD ? this.reserve() : undefined;
    if (place === undefined) {
      this.#begin(item);
      return false;
    }
    this.#waiting.push(item);
    this.#places.push(place);
    return true;
  }

  /** A message has come so far that another one may begin: its request has started, or it has ended without one. */
  proceed(): void {
    this.#ahead--;
    // A message that begins here may end at once and call this again.
    if (this.#draining) return;
    this.#draining = true;
    while (this.#ahead < MAX_STARTED_AHEAD && this.#waiting.size > 0) this.#beginNext();
    this.#draining = false;
  }

  /** Begins all that wait, because they are going to be stopped. */
  flush(): void {
    while (this.#waiting.size > 0) this.#beginNext();
  }

  #beginNext(): void {
    this.#places.shift()!();
    this.#begin(this.#waiting.shift()!);
  }

  #begin(item: T): void {
    this.#ahead++;
    this.begin(item);
  }
}
