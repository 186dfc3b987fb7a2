import { setTimeout as pause } from 'node:timers/promises';
import type { Simulator } from '../../simulator/index';

/** As many lines of Node-RED's log are shown. */
const LAST_LINES = 200;
/** How long the requests are watched, in milliseconds. */
const OBSERVED_MS = 5000;

/**
 * Shows what may explain work that does not end: Node-RED's log, and what is requested now, as such work may be polled
 * again and again, or not at all.
 */
export async function showEvidence(log: readonly string[], { events }: Simulator): Promise<void> {
  const counts: Record<string, number> = {};
  const count = ({ method, url }: { method: string; url: string }): void => {
    const request = `${method} ${url}`;
    counts[request] = (counts[request] ?? 0) + 1;
  };
  for (const line of log.slice(-LAST_LINES)) console.error(line);
  events.on('request', count);
  await pause(OBSERVED_MS);
  events.off('request', count);
  console.error('requests now:', counts);
}
