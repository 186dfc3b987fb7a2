import type { EventEmitter } from 'node:events';
import { onFlowsStarted } from './flows-started';

/**
 * Loads a library after the flows have started, so that it delays neither the start nor the first message. If that fails,
 * the first message that needs the library reports it.
 * @param events Node-RED's
 * @returns takes it back
 */
export function loadInBackground(events: EventEmitter, load: () => unknown): () => void {
  return onFlowsStarted(events, () => {
    setImmediate(() => {
      try {
        load();
      } catch {
        // Reported with the first message.
      }
    });
  });
}
