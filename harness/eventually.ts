import { setTimeout as pause } from 'node:timers/promises';

/** How long something that must happen may take on a busy computer, in milliseconds. */
const EVENT_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 50;

/**
 * Waits for something that has no event.
 * @param look returns what is waited for, `undefined` or false as long as it is not there
 * @throws {Error} naming what has not happened in time
 */
export async function eventually<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: string,
  timeoutMs = EVENT_TIMEOUT_MS,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`${what} did not happen in ${timeoutMs / 1000} s`);
    await pause(LOOK_EVERY_MS);
  }
}
