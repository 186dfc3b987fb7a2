/** The longest time a timer of Node.js can take, in milliseconds. What is longer counts as forever. */
const LONGEST = 2 ** 31 - 1;

/** Something that can end before the time is up, such as a connection. */
export interface Ending {
  once(event: 'close', listener: () => void): unknown;
  off(event: 'close', listener: () => void): unknown;
}

/** All waiting in the simulator goes through here, so that closing ends it at once. */
export class Clock {
  private readonly waiting = new Set<() => void>();
  private ended = false;

  /** Whether all waiting has been ended. A method, as its result changes while others wait. */
  hasStopped(): boolean {
    return this.ended;
  }

  /**
   * Waits.
   * @param ms milliseconds; `Infinity` waits until the clock stops
   * @param end ends the waiting when it closes
   */
  pause(ms: number, end?: Ending): Promise<void> {
    if (this.ended || ms <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.waiting.delete(wake);
        end?.off('close', wake);
        resolve();
      };
      const timer = ms > LONGEST ? undefined : setTimeout(wake, ms);
      this.waiting.add(wake);
      end?.once('close', wake);
    });
  }

  /** Ends all waiting, now and later. */
  stop(): void {
    this.ended = true;
    for (const wake of [...this.waiting]) wake();
  }
}
