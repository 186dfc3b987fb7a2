import { RunningClock } from '../operations/running-clock';
import type { RecordState } from '../runtime/journal/record-store';
import type { NodeContext } from '../runtime/node-context';

/** The key of the record that holds a node's clock. */
const KEY = '#clock';

/** The clock of a node, which is saved among its records. */
export function createClock<S extends object, T>(context: NodeContext<S, T>): RunningClock {
  const save = async (ms: number): Promise<void> => {
    // A record that is created again is removed first, and a crash in between would lose the time.
    if ((await context.store?.update(KEY, { ms })) === false) await context.store?.create(KEY, { ms });
  };
  const clock = new RunningClock((ms) => void save(ms));
  context.signal.addEventListener('abort', () => clock.stop());
  return clock;
}

/** Continues a clock from the node's records. */
export function restoreClock(clock: RunningClock, own: ReadonlyMap<string, RecordState>): void {
  const ms = own.get(KEY)?.['ms'];
  if (typeof ms === 'number') clock.restore(ms);
}
