import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 50;

/**
 * Waits for what another process does.
 * @param look returns what is waited for, `undefined` as long as it is not there
 * @throws {Error} when it has not happened in time
 */
export async function until<T>(look: () => Promise<T | undefined>, what: string, limitMs: number): Promise<T> {
  const limit = performance.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (performance.now() > limit) throw new Error(`${what} did not happen in ${limitMs / 1000} s`);
    await pause(LOOK_MS);
  }
}
