import { sleep, type AbortSignalLike } from './abort';

/** Gives turns one after another, at a limited rate. */
export class Pacer {
  #nextAt = 0;

  /** @param perSecond turns per second at most */
  constructor(private readonly perSecond: () => number) {}

  /** Waits for a turn. @throws the signal's reason when it is aborted meanwhile */
  async turn(signal: AbortSignalLike): Promise<void> {
    const now = performance.now();
    const at = Math.max(now, this.#nextAt);
    this.#nextAt = at + 1000 / this.perSecond();
    // A timer may fire up to a millisecond early.
    if (at > now) await sleep(Math.ceil(at - now) + 1, signal);
  }
}
