import type { FastifyInstance } from 'fastify';
import type { AddressInfo } from 'node:net';

import { Faults } from './faults/faults';
import { buildHost } from './http/host';
import { RateLimit } from './http/rate-limit';
import { buildSummaryHost } from './http/summary-host';
import { changeSettings } from './change-settings';
import { DEFAULT_SETTINGS, type SettingsChange } from './settings';
import { RunningSimulator, type Simulator } from './simulator';
import { ServiceState } from './state/service-state';
import { Traffic, type HostName } from './wire/traffic';

export type { Fault, Faults } from './faults/faults';
export type { CommandFault, DeviceBehaviour } from './device/behaviour';
export type { FaultHost, FaultMatch, FaultRule } from './faults/rule';
export type { HostName, RequestRecord, SummaryVisit } from './wire/traffic';
export type { MintedToken, MintOptions } from './identity/mint';
export type { ApiVersion, Settings, SettingsChange } from './settings';
export type { Simulator } from './simulator';
export type { EndStatuses, OnboardingSettings } from './onboarding-settings';
export type { CommandEnd, ContactReport, Events } from './state/events';
export type { OperationView } from './state/views';

const LOOPBACK = '127.0.0.1';

/** What a simulator starts with: any of the settings, and what cannot change while it runs. */
export interface SimulatorOptions extends SettingsChange {
  /** Port of the service on loopback, 0 = any free one. Default 0. */
  port?: number;
  /** Port of the host of error summaries and controls. Default 0. */
  summaryPort?: number;
  /** Port of the device management host. Default 0. */
  deviceApiPort?: number;
  /** What devices, keys, nonces and ids are derived from. Default `simulator`. */
  seed?: string;
  /** Most bytes of a request body, beyond which the response is 413. Default 10 MiB. */
  bodyLimit?: number;
}

/**
 * Starts a simulator on loopback.
 * @throws TypeError for settings that do not exist; the system's error (`code: 'EADDRINUSE'`) if a port is taken
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, summaryPort = 0, deviceApiPort = 0, seed = 'simulator', ...rest } = options;
  const { bodyLimit = 10 * 1024 * 1024, ...change } = rest;
  const state = new ServiceState(seed, changeSettings(DEFAULT_SETTINGS, change));
  const faults = new Faults(state.random);
  const traffic = new Traffic((record) => state.events.emit('response', record));
  const host = (name: HostName): FastifyInstance =>
    buildHost({ host: name, state, faults, traffic, rateLimit: new RateLimit() }, bodyLimit);
  const service = host('api');
  const deviceApi = host('deviceApi');
  const simulator = new RunningSimulator(state, faults, traffic, async () => {
    await Promise.all([service.close(), deviceApi.close(), summaryHost.close()]);
  });
  const summaryHost = buildSummaryHost(simulator, state, faults, traffic);
  try {
    await service.listen({ port, host: LOOPBACK });
    await deviceApi.listen({ port: deviceApiPort, host: LOOPBACK });
    await summaryHost.listen({ port: summaryPort, host: LOOPBACK });
  } catch (error) {
    await simulator.close();
    throw error;
  }
  simulator.url = `${originOf(service)}/v1`;
  simulator.deviceApiUrl = `${originOf(deviceApi)}/v1`;
  state.summaryUrl = originOf(summaryHost);
  return simulator;
}

function originOf(app: FastifyInstance): string {
  return `http://${LOOPBACK}:${(app.server.address() as AddressInfo).port}`;
}
