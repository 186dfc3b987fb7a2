import { EventEmitter } from 'node:events';

import type { RequestRecord, SummaryVisit } from '../wire/traffic';
import type { OperationView } from './views';

/** What the simulator tells those who wait for something. */
export interface SimulatorEvents {
  /** A request has arrived whole; nothing was done about it yet. */
  request: [RequestRecord];
  /** The answer is about to end (or the connection to be cut). */
  response: [RequestRecord];
  /** A device was claimed. */
  claim: [string];
  unclaim: [string];
  /** A bulk operation has another status. */
  'bulk-status': [OperationView];
  /** A bulk operation has SUCCEEDED or FAILED. */
  'bulk-end': [OperationView];
  /** Somebody fetched something from the summary host. */
  summary: [SummaryVisit];
}

/** The simulator's events, with a way to wait for one of them. */
export class Events extends EventEmitter<SimulatorEvents> {
  constructor() {
    super();
    // Tests that wait for many things at once are no leak.
    this.setMaxListeners(0);
  }

  /**
   * Waits for the first event that passes the test.
   * @param timeoutMs milliseconds after which the promise is rejected
   */
  waitFor<Name extends keyof SimulatorEvents>(
    name: Name,
    test: (subject: SimulatorEvents[Name][0]) => boolean = () => true,
    timeoutMs = 5000,
  ): Promise<SimulatorEvents[Name][0]> {
    return new Promise((resolve, reject) => {
      // EventEmitter's generic listener types cannot follow a name that is itself generic.
      const emitter = this as EventEmitter;
      const finish = (): void => {
        clearTimeout(timer);
        emitter.off(name, listen);
      };
      const listen = (subject: SimulatorEvents[Name][0]): void => {
        if (!test(subject)) return;
        finish();
        resolve(subject);
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`No "${name}" event within ${timeoutMs} ms.`));
      }, timeoutMs);
      emitter.on(name, listen);
    });
  }
}
