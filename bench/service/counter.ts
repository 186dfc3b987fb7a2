import type { Counts } from './behaviour';

/** The limit of a service is known, and its first second's worth is used up, after so long. */
const SETTLED_MS = 2000;

/** Open sockets; they outlive a count. */
let open = 0;

/** Counts what comes, and says what is taken. */
export class Counter {
  readonly #claimed = new Set<string>();
  #requests = 0;
  #refused = 0;
  #again = 0;
  readonly #watched = new Set<string>();
  #firstPollAt = 0;
  readonly #pollsByTenth: number[] = [];
  #uploads = 0;
  #uploadBytes = 0;
  #sockets = open;
  #first = 0;
  #last = 0;
  #steady = 0;
  /** What of the limit is left, and when that was so. */
  #left: number;
  #leftAt = performance.now();

  /** @param limit requests a second; 0 = no limit */
  constructor(private readonly limit: number) {
    this.#left = limit;
  }

  /** A request has come: whether it is taken. The limit fills up evenly, to one second's worth. */
  admit(): boolean {
    this.#requests++;
    if (this.limit === 0) return true;
    const now = performance.now();
    this.#left = Math.min(this.limit, this.#left + ((now - this.#leftAt) * this.limit) / 1000);
    this.#leftAt = now;
    if (this.#left < 1) {
      this.#refused++;
      return false;
    }
    this.#left--;
    this.#first ||= now;
    this.#last = now;
    if (now >= this.#first + SETTLED_MS) this.#steady++;
    return true;
  }

  /** A claim of a device that was taken. */
  claim(id: string): void {
    if (this.#claimed.has(id)) this.#again++;
    else this.#claimed.add(id);
  }

  /** Whether a claim of a device was taken. */
  hasClaimed(id: string): boolean {
    return this.#claimed.has(id);
  }

  /** A bulk operation is polled. */
  poll(id: string): void {
    this.#watched.add(id);
    this.#firstPollAt ||= Date.now();
    const tenth = Math.floor((Date.now() - this.#firstPollAt) / 100);
    this.#pollsByTenth[tenth] = (this.#pollsByTenth[tenth] ?? 0) + 1;
  }

  /** @returns how many uploads have been taken */
  upload(body: Buffer): number {
    this.#uploadBytes += body.length;
    return ++this.#uploads;
  }

  /** More sockets are open, or fewer. */
  opened(more: number): void {
    open += more;
    this.#sockets = Math.max(this.#sockets, open);
  }

  get counts(): Counts {
    const steadyMs = this.#last - this.#first - SETTLED_MS;
    return {
      requests: this.#requests,
      refused: this.#refused,
      claimed: this.#claimed.size,
      claimedAgain: this.#again,
      steadyPerSecond: steadyMs > 0 ? (this.#steady / steadyMs) * 1000 : 0,
      uploads: this.#uploads,
      watched: this.#watched.size,
      firstPollAt: this.#firstPollAt,
      pollsByTenth: Array.from(this.#pollsByTenth, (count: number | undefined) => count ?? 0),
      uploadBytes: this.#uploadBytes,
      sockets: this.#sockets,
    };
  }
}
