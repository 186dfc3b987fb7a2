import { setImmediate, setTimeout as pause } from 'node:timers/promises';

/**
 * How long a result that has left stays recorded, in milliseconds: the next node needs time to record it, and a crash in
 * between must not lose it (our choice).
 */
const HAND_OVER_MS = 250;

/** Waits until the next nodes have had time for what was sent: until then it is recorded, and sent again after a crash. */
export async function handOver(): Promise<void> {
  await pause(HAND_OVER_MS);
  // If the process stood still for all that time, what was sent reaches the next nodes only in this turn.
  await setImmediate();
}
