import { EventEmitter } from 'node:events';

import type { RequestRecord, SummaryVisit } from '../wire/traffic';
import type { CommandState } from './commands';
import type { OperationView } from './views';

/** A device has contacted the service, or tried to. */
export interface ContactReport {
  deviceId: string;
  /** `unclaimed`, `blocked`: refused; `busy`: still executing commands; `idle`: nothing to do; else it has commands. */
  outcome: 'unclaimed' | 'blocked' | 'busy' | 'idle' | 'commands';
  /** The commands that the device is going to execute, those of its rules included. */
  commandIds: string[];
}

/** A command has ended. */
export interface CommandEnd {
  deviceId: string;
  commandId: string;
  type: string;
  state: CommandState;
  error?: { cme: number; text: string };
}

/** The payloads of the simulator's events. */
export interface SimulatorEvents {
  /** A request has arrived completely and was not handled yet. */
  request: [RequestRecord];
  /** The response is about to end, or the connection is about to be cut. */
  response: [RequestRecord];
  /** A device was claimed. */
  claim: [string];
  unclaim: [string];
  /** A bulk operation has another status. */
  'bulk-status': [OperationView];
  /** A bulk operation has SUCCEEDED or FAILED. */
  'bulk-end': [OperationView];
  /** Something was fetched from the summary host. */
  summary: [SummaryVisit];
  contact: [ContactReport];
  /** A device has executed all its commands, or stopped after an error. */
  'contact-end': [{ deviceId: string; rounds: number; executed: number }];
  'command-end': [CommandEnd];
  /** Device management has a device (its id there). */
  onboarded: [string];
  /** A device has reported state for the first time (its id in device management). */
  state: [string];
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
    timeoutMs = 20_000,
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
