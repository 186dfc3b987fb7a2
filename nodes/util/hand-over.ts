import { setImmediate, setTimeout as pause } from 'node:timers/promises';

/**
 * How long a result that has left stays recorded at least, in milliseconds: the next node needs time to record it, and a
 * crash in between must not lose it (our choice).
 */
const HAND_OVER_MS = 250;
/** How long it waits at most for this package's nodes to record what came in: some of it may wait for the service. */
const MAX_WAIT_MS = 5000;

/** Numbers of the messages that came in and are not recorded yet, oldest first. */
const unrecorded = new Set<number>();
let nextNumber = 0;
/** Those who wait until all messages before a number are recorded, in order. */
const waiting: { before: number; onRecorded: () => void }[] = [];

/**
 * A message came to a node that records it: on a slow disk it may wait long for that.
 * @returns what to call when it is recorded, or has ended
 */
export function expectRecord(): () => void {
  const number = nextNumber++;
  unrecorded.add(number);
  return () => {
    if (!unrecorded.delete(number)) return;
    while (waiting[0] !== undefined && isRecorded(waiting[0].before)) waiting.shift()!.onRecorded();
  };
}

/** Waits until the next nodes have recorded what was sent: until then it is recorded here, and sent again after a crash. */
export async function handOver(): Promise<void> {
  await pause(HAND_OVER_MS);
  // If the process was blocked all that time, the next nodes get the message only in this turn.
  await setImmediate();
  const before = nextNumber;
  if (isRecorded(before)) return;
  await new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, MAX_WAIT_MS);
    const onRecorded = (): void => {
      clearTimeout(limit);
      resolve();
    };
    waiting.push({ before, onRecorded });
  });
}

/** Whether all messages before a number are recorded or have ended. */
function isRecorded(before: number): boolean {
  const [oldest = Infinity] = unrecorded;
  return oldest >= before;
}
