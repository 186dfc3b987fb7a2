import { join } from 'node:path';
import { startChild } from '../../harness/child';
import { LOOPBACK } from '../../harness/ports';
import type { Behaviour, Counts } from './behaviour';

/** The service of the benches, ready. */
export interface Service {
  /** Base URL of its API. */
  url: string;
  /** Tells it how to behave from now on, and to count anew. */
  behave: (behaviour: Partial<Behaviour>) => Promise<void>;
  /** What it has counted since. */
  counts: () => Promise<Counts>;
  stop: () => Promise<void>;
}

/** Starts it in a process of its own. */
export async function startService(): Promise<Service> {
  let port = '';
  const child = startChild({
    name: 'The service of the benches',
    program: join(__dirname, 'main.ts'),
    args: [],
    nodeArgs: ['--import', 'tsx'],
    isReady: (line) => {
      port = /listening on (\d+)/.exec(line)?.[1] ?? port;
      return port !== '';
    },
  });
  await child.ready;
  const origin = `http://${LOOPBACK}:${port}`;
  return {
    url: `${origin}/v1`,
    behave: async (behaviour) => {
      await fetch(`${origin}/control`, { method: 'POST', body: JSON.stringify(behaviour) });
    },
    counts: async () => (await (await fetch(`${origin}/control`)).json()) as Counts,
    stop: () => child.stop(),
  };
}
