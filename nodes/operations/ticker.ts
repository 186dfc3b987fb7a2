/** Everything that is due within one tick is done together; in milliseconds. */
const TICK_MS = 25;

/** Takes back what was asked for. */
export type Cancel = () => void;

/**
 * Calls back at given times with one timer, however many wait: what is due within the same tick shares a slot. A timer
 * for each would cost twice as much (measured: node-red.md, 10,000 pending).
 */
export class Ticker {
  readonly #slots = new Map<number, Set<() => void>>();
  #timer: NodeJS.Timeout | undefined;
  #next = Infinity;

  /** Calls back in `ms` milliseconds, at most a tick later. */
  in(ms: number, call: () => void): Cancel {
    const slot = Math.ceil((performance.now() + Math.max(0, ms)) / TICK_MS);
    let calls = this.#slots.get(slot);
    if (calls === undefined) this.#slots.set(slot, (calls = new Set()));
    // A function of its own, so that the same callback can wait twice.
    const entry = (): void => call();
    calls.add(entry);
    if (slot < this.#next) this.#arm(slot);
    return () => {
      if (calls.delete(entry) && calls.size === 0) this.#slots.delete(slot);
      if (this.#slots.size === 0) this.stop();
    };
  }

  /** Drops everything that waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#next = Infinity;
    this.#slots.clear();
  }

  #arm(slot: number): void {
    clearTimeout(this.#timer);
    this.#next = slot;
    const ms = slot * TICK_MS - performance.now();
    // The longest wait that a timer can take is 24 days; a later slot is armed again then.
    this.#timer = setTimeout(() => this.#tick(), Math.min(Math.max(ms, 1), 2 ** 31 - 1));
  }

  #tick(): void {
    const now = Math.floor(performance.now() / TICK_MS);
    let next = Infinity;
    const due: (() => void)[] = [];
    for (const [slot, calls] of this.#slots) {
      if (slot <= now) {
        due.push(...calls);
        this.#slots.delete(slot);
      } else if (slot < next) next = slot;
    }
    this.#next = Infinity;
    if (next < Infinity) this.#arm(next);
    for (const call of due) call();
  }
}
