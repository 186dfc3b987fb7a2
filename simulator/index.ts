import type { AddressInfo } from 'node:net';

import { Faults } from './faults/faults';
import { buildService } from './http/host';
import { RateLimit } from './http/rate-limit';
import { buildSummaryHost } from './http/summary-host';
import { changeSettings, DEFAULT_SETTINGS, type SettingsChange } from './settings';
import { RunningSimulator, type Simulator } from './simulator';
import { ServiceState } from './state/service-state';
import { Traffic } from './wire/traffic';

export type { Fault, Faults, Target } from './faults/faults';
export type { FaultMatch, FaultRule } from './faults/rule';
export type { RequestRecord, SummaryVisit } from './wire/traffic';
export type { MintedToken, MintOptions } from './identity/mint';
export type { Extras, Generation, RefusalStatuses, Settings, SettingsChange, SummaryFormat } from './settings';
export type { Simulator } from './simulator';
export type { Events, SimulatorEvents } from './state/events';
export type { OperationView } from './state/views';

const LOOPBACK = '127.0.0.1';

/** What a simulator starts with: any of the settings, and what cannot change while it runs. */
export interface SimulatorOptions extends SettingsChange {
  /** Port of the service on loopback, 0 = any free one. Default 0. */
  port?: number;
  /** Port of the host of error summaries and of the controls. Default 0. */
  summaryPort?: number;
  /** What devices, keys, nonces and ids are derived from. Default `simulator`. */
  seed?: string;
  /** Most bytes of a request body, beyond which the answer is 413. Default 10 MiB. */
  bodyLimit?: number;
}

/**
 * Starts a simulator on loopback.
 * @throws TypeError for settings that do not exist; the system's error (`code: 'EADDRINUSE'`) if a port is taken
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, summaryPort = 0, seed = 'simulator', bodyLimit = 10 * 1024 * 1024, ...change } = options;
  const state = new ServiceState(seed, changeSettings(DEFAULT_SETTINGS, change));
  const faults = new Faults(state.random);
  const traffic = new Traffic((record) => state.events.emit('response', record));
  const service = buildService({ state, faults, traffic, rateLimit: new RateLimit() }, bodyLimit);
  const simulator = new RunningSimulator(state, faults, traffic, async () => {
    await Promise.all([service.close(), summaryHost.close()]);
  });
  const summaryHost = buildSummaryHost(simulator, state, faults, traffic);
  try {
    await service.listen({ port, host: LOOPBACK });
    await summaryHost.listen({ port: summaryPort, host: LOOPBACK });
  } catch (error) {
    await simulator.close();
    throw error;
  }
  simulator.url = `http://${LOOPBACK}:${(service.server.address() as AddressInfo).port}/v1`;
  state.summaryUrl = `http://${LOOPBACK}:${(summaryHost.server.address() as AddressInfo).port}`;
  return simulator;
}
