/** Watches bulk operations with undici alone: a timer for each, no retries, nothing that outlives the process, no Node-RED. */
import { setTimeout } from 'node:timers/promises';
import { Pool } from 'undici';
import { quantile } from '../runner/median';
import { serve } from './peer';

/** Operations to be watched for ever, or a look at those that are. */
export type Watching = { url: string; operations: number; concurrency: number; everyMs: number } | { lookMs: number };

let late: number[] = [];

serve(async (work: Watching) => {
  if ('lookMs' in work) {
    late = [];
    await setTimeout(work.lookMs);
    return quantile(late, 0.99);
  }
  const { url, operations, concurrency, everyMs } = work;
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: concurrency });
  const watch = async (id: string): Promise<void> => {
    let due = performance.now();
    for (let poll = 0; ; poll++) {
      await setTimeout(due - performance.now());
      late.push(performance.now() - due);
      const { body } = await pool.request({ method: 'GET', path: `${pathname}/bulk-ops-requests/${id}` });
      await body.json();
      // Spread as the product's are: polls that stay together cost far less.
      due = performance.now() + everyMs * (poll === 0 ? 0.2 + 0.8 * Math.random() : 0.95 + 0.1 * Math.random());
    }
  };
  for (let operation = 0; operation < operations; operation++) void watch(`alone-${operation}`);
  return undefined;
});
