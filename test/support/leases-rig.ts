import { RecordLeases, type SharedValues } from '../../nodes/runtime/record-leases';
import type { Clock } from './clock';

/** Timing of the leases of a rig. */
export const LEASE_TIMING = { leaseMs: 300, renewMs: 100 };

/** An instance that shares a store with others; it can be paused, as a process that is stopped, and resumed. */
export interface LeasesRig {
  leases: RecordLeases;
  /** Records that it has taken over. */
  taken: string[];
  /** What it asked of the store, as `get x`. */
  calls: string[];
  /** Lets the next such call fail, as if the response to it were lost. */
  loseResponse: (call: string) => void;
  pause: () => void;
  resume: () => void;
}

/**
 * @param watches whether the instance looks for records whose owner is gone
 * @param delayMs how long each call of the store takes
 */
export function leasesOn(shared: Map<string, unknown>, clock: Clock, watches = true, delayMs = 0): LeasesRig {
  let waiting: (() => void)[] | undefined;
  const calls: string[] = [];
  const lost = new Set<string>();
  const turn = (call: string): Promise<void> => {
    calls.push(call);
    return new Promise((resolve) => {
      if (waiting !== undefined) waiting.push(resolve);
      else if (delayMs > 0) setTimeout(resolve, delayMs);
      else resolve();
    });
  };
  const respond = (call: string): void => {
    if (lost.delete(call)) throw new Error('it does not respond');
  };
  const values: SharedValues = {
    // The response is read after the pause, and was sent before it.
    get: async (key) => {
      const value = shared.get(key);
      await turn(`get ${key}`);
      if (value instanceof Error) throw value;
      respond(`get ${key}`);
      return value;
    },
    set: async (key, value) => {
      await turn(`set ${key}`);
      if (value === undefined) shared.delete(key);
      else shared.set(key, value);
      respond(`set ${key}`);
    },
    keys: async () => turn('keys').then(() => [...shared.keys()]),
  };
  const leases = new RecordLeases(values, LEASE_TIMING, () => clock.now);
  const taken: string[] = [];
  if (watches) leases.watch((key) => taken.push(key));
  const pause = (): void => void (waiting = []);
  const resume = (): void => {
    const all = waiting ?? [];
    waiting = undefined;
    for (const one of all) one();
  };
  return { leases, taken, calls, loseResponse: (call) => void lost.add(call), pause, resume };
}
