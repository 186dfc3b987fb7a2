import type { AddressInfo } from 'node:net';

import { Faults } from './faults/faults';
import { RateLimit } from './http/rate-limit';
import { buildService } from './http/service';
import { buildSummaryHost } from './http/summary-host';
import { Traffic, type RequestRecord, type SummaryVisit } from './http/traffic';
import type { MintedToken, MintOptions } from './identity/mint';
import { changeSettings, DEFAULT_SETTINGS, type Settings, type SettingsChange } from './settings';
import { World } from './world/world';
import type { OperationView } from './world/views';
import type { Events } from './world/events';

export type { Fault, Target } from './faults/faults';
export type { FaultMatch, FaultRule } from './faults/rule';
export type { RequestRecord, SummaryVisit } from './http/traffic';
export type { MintedToken, MintOptions } from './identity/mint';
export type { Extras, Generation, RefusalStatuses, Settings, SettingsChange, SummaryFormat } from './settings';
export type { Events, SimulatorEvents } from './world/events';
export type { OperationView } from './world/views';
export type { Faults };

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

/** A running simulator. */
export interface Simulator {
  /** Base URL of the service, as a connection wants it: `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  /** The other host: error summaries, and the controls under `/_simulator`. Without a trailing slash. */
  readonly summaryUrl: string;
  readonly settings: Readonly<Settings>;
  readonly faults: Faults;
  readonly events: Events;
  /** Every request that arrived, in order (unless `record` is false). */
  readonly requests: RequestRecord[];
  /** Requests handled, by operation; `unknown` for paths that are none. */
  readonly counters: Readonly<Record<string, number>>;
  /** How many requests arrived, recorded or not. */
  readonly requestCount: number;
  /** Requests that are being answered now, and the most that were at once. */
  readonly inFlight: number;
  readonly maxInFlight: number;
  /** How often each device was really claimed, by UUID. */
  readonly claims: ReadonlyMap<string, number>;
  /** What was fetched from the summary host, and whether a key was shown to it. */
  readonly summaryVisits: readonly SummaryVisit[];
  /** Mints a claim token. */
  mint(options?: MintOptions): MintedToken;
  /** Mints many, of as many devices. */
  mintMany(count: number, options?: Omit<MintOptions, 'deviceUuid' | 'nonce'>): MintedToken[];
  /** Claims many devices at once, without HTTP; answers their ids. */
  fill(count: number, tags?: readonly string[]): string[];
  /** Gives a device to another team: claiming it is a conflict, and it cannot be seen. */
  claimByOther(deviceUuid: string): void;
  /** The other team unclaims it. */
  releaseByOther(deviceUuid: string): void;
  /** A claimed device as the service shows it. */
  device(deviceUuid: string): Record<string, unknown> | undefined;
  /** Unclaims a device, without HTTP; false if it is not claimed. */
  unclaim(deviceUuid: string): boolean;
  /** All claimed devices as the service shows them. */
  devices(): Record<string, unknown>[];
  /** All tags as the service shows them. */
  tags(): Record<string, unknown>[];
  /** A bulk operation as the service shows it. */
  operation(bulkOpsRequestId: string): OperationView | undefined;
  /** All bulk operations as the service shows them. */
  operations(): OperationView[];
  /** Makes a bulk operation unknown; false if it was. */
  forgetOperation(bulkOpsRequestId: string): boolean;
  /** Changes settings. Throws a TypeError for what does not exist. */
  set(change: SettingsChange): void;
  /** From now on this is the key. */
  setApiKey(apiKey: string): void;
  /** Cuts all connections, ends all background work and resolves when both ports are closed. */
  close(): Promise<void>;
}

/**
 * Starts a simulator on loopback.
 * @throws TypeError for settings that do not exist; the system's error (`code: 'EADDRINUSE'`) if a port is taken
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { port = 0, summaryPort = 0, seed = 'simulator', bodyLimit = 10 * 1024 * 1024, ...change } = options;
  const world = new World(seed, changeSettings(DEFAULT_SETTINGS, change));
  const faults = new Faults(world.random);
  const traffic = new Traffic((record) => world.events.emit('response', record));
  const service = buildService({ world, faults, traffic, rateLimit: new RateLimit() }, bodyLimit);
  const simulator = new RunningSimulator(world, faults, traffic, async () => {
    await Promise.all([service.close(), summaryHost.close()]);
  });
  const summaryHost = buildSummaryHost(simulator, world, faults, traffic);
  try {
    await service.listen({ port, host: LOOPBACK });
    await summaryHost.listen({ port: summaryPort, host: LOOPBACK });
  } catch (error) {
    await simulator.close();
    throw error;
  }
  simulator.url = `http://${LOOPBACK}:${(service.server.address() as AddressInfo).port}/v1`;
  world.summaryUrl = `http://${LOOPBACK}:${(summaryHost.server.address() as AddressInfo).port}`;
  return simulator;
}

class RunningSimulator implements Simulator {
  url = '';
  readonly events: Events;
  readonly requests: RequestRecord[];
  readonly counters: Readonly<Record<string, number>>;
  readonly claims: ReadonlyMap<string, number>;
  readonly summaryVisits: readonly SummaryVisit[];

  constructor(
    private readonly world: World,
    readonly faults: Faults,
    private readonly traffic: Traffic,
    private readonly closePorts: () => Promise<void>,
  ) {
    this.events = world.events;
    this.requests = traffic.requests;
    this.counters = traffic.counters;
    this.claims = world.devices.claims;
    this.summaryVisits = traffic.summaryVisits;
  }

  get summaryUrl(): string {
    return this.world.summaryUrl;
  }

  get settings(): Readonly<Settings> {
    return this.world.settings;
  }

  get requestCount(): number {
    return this.traffic.total;
  }

  get inFlight(): number {
    return this.traffic.inFlight;
  }

  get maxInFlight(): number {
    return this.traffic.maxInFlight;
  }

  mint(options?: MintOptions): MintedToken {
    return this.world.mint(options);
  }

  mintMany(count: number, options: Omit<MintOptions, 'deviceUuid' | 'nonce'> = {}): MintedToken[] {
    return Array.from({ length: count }, () => this.world.mint(options));
  }

  fill(count: number, tags: readonly string[] = []): string[] {
    return this.world.fill(count, tags);
  }

  claimByOther(deviceUuid: string): void {
    this.world.giveAway(deviceUuid);
  }

  releaseByOther(deviceUuid: string): void {
    this.world.devices.takeBack(deviceUuid.toLowerCase());
  }

  device(deviceUuid: string): Record<string, unknown> | undefined {
    const device = this.world.devices.find(deviceUuid.toLowerCase());
    return device && this.world.deviceView(device);
  }

  unclaim(deviceUuid: string): boolean {
    const device = this.world.devices.find(deviceUuid.toLowerCase());
    if (device !== undefined) this.world.devices.remove(device);
    return device !== undefined;
  }

  devices(): Record<string, unknown>[] {
    return Array.from(this.world.devices.all(), (device) => this.world.deviceView(device));
  }

  tags(): Record<string, unknown>[] {
    return this.world.tags.all().map((tag) => this.world.tagView(tag));
  }

  operation(bulkOpsRequestId: string): OperationView | undefined {
    const operation = this.world.bulk.find(bulkOpsRequestId);
    return operation && this.world.operationView(operation);
  }

  operations(): OperationView[] {
    return this.world.bulk.all().map((operation) => this.world.operationView(operation));
  }

  forgetOperation(bulkOpsRequestId: string): boolean {
    return this.world.bulk.forget(bulkOpsRequestId);
  }

  set(change: SettingsChange): void {
    this.world.set(change);
  }

  setApiKey(apiKey: string): void {
    this.world.set({ apiKey });
  }

  async close(): Promise<void> {
    this.world.stop();
    await this.closePorts();
  }
}
