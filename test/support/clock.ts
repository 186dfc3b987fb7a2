import { mock } from 'node:test';

/** A clock that only goes on when it is told to: for `performance.now()`, `setTimeout` and `setInterval`. */
export interface Clock {
  /** Milliseconds since it was made. */
  readonly now: number;
  /** Goes on, step by step, and lets everything happen that follows from it. @param stepMs longer steps take less time */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Goes on in one step, as after a long stop of the process: what was due meanwhile happens at its end. */
  jump(ms: number): Promise<void>;
  /** Goes on without its timers, as while the process is busy. */
  lag(ms: number): void;
  /** Gives the real clock back. */
  restore(): void;
}

/** Replaces the clock of this process until `restore` is called. */
export function stopClock(): Clock {
  let now = 0;
  const realImmediate = setImmediate;
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const performanceNow = mock.method(performance, 'now', () => now);
  return {
    get now() {
      return now;
    },
    async pass(ms, stepMs = 1) {
      const end = now + ms;
      // What was asked for before the clock goes on begins before.
      await new Promise((resolve) => realImmediate(resolve));
      while (now < end) {
        const step = Math.min(stepMs, end - now);
        now += step;
        mock.timers.tick(step);
        await new Promise((resolve) => realImmediate(resolve));
      }
    },
    async jump(ms) {
      now += ms;
      mock.timers.tick(ms);
      await new Promise((resolve) => realImmediate(resolve));
    },
    lag(ms) {
      now += ms;
    },
    restore() {
      performanceNow.mock.restore();
      mock.timers.reset();
    },
  };
}
