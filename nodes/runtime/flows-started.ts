import type { EventEmitter } from 'node:events';

const STARTED = 'flows:started';
const waiting = new Set<() => void>();
let listening: EventEmitter | undefined;

/**
 * Calls back once, when all nodes of the flows are there. All who wait share one listener: from the eleventh on Node.js
 * would warn of a leak, in a flow with eleven nodes.
 * @param events Node-RED's
 * @returns takes it back
 */
export function onFlowsStarted(events: EventEmitter, call: () => void): () => void {
  waiting.add(call);
  if (listening !== events) {
    listening?.removeListener(STARTED, start);
    listening = events;
    events.once(STARTED, start);
  }
  return () => {
    waiting.delete(call);
  };
}

function start(): void {
  listening = undefined;
  const calls = [...waiting];
  waiting.clear();
  for (const call of calls) call();
}
