import type { Faults } from './faults/faults';
import type { MintedToken, MintOptions } from './identity/mint';
import type { Settings, SettingsChange } from './settings';
import type { Events } from './state/events';
import type { ServiceState } from './state/service-state';
import type { OperationView } from './state/views';
import type { RequestRecord, SummaryVisit, Traffic } from './wire/traffic';

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

export class RunningSimulator implements Simulator {
  url = '';
  readonly events: Events;
  readonly requests: RequestRecord[];
  readonly counters: Readonly<Record<string, number>>;
  readonly claims: ReadonlyMap<string, number>;
  readonly summaryVisits: readonly SummaryVisit[];

  constructor(
    private readonly state: ServiceState,
    readonly faults: Faults,
    private readonly traffic: Traffic,
    private readonly closePorts: () => Promise<void>,
  ) {
    this.events = state.events;
    this.requests = traffic.requests;
    this.counters = traffic.counters;
    this.claims = state.devices.claims;
    this.summaryVisits = traffic.summaryVisits;
  }

  get summaryUrl(): string {
    return this.state.summaryUrl;
  }

  get settings(): Readonly<Settings> {
    return this.state.settings;
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
    return this.state.mint(options);
  }

  mintMany(count: number, options: Omit<MintOptions, 'deviceUuid' | 'nonce'> = {}): MintedToken[] {
    return Array.from({ length: count }, () => this.state.mint(options));
  }

  fill(count: number, tags: readonly string[] = []): string[] {
    return this.state.fill(count, tags);
  }

  claimByOther(deviceUuid: string): void {
    this.state.assignToOtherTeam(deviceUuid);
  }

  releaseByOther(deviceUuid: string): void {
    this.state.devices.releaseFromOtherTeam(deviceUuid.toLowerCase());
  }

  device(deviceUuid: string): Record<string, unknown> | undefined {
    const device = this.state.devices.find(deviceUuid.toLowerCase());
    return device && this.state.deviceView(device);
  }

  unclaim(deviceUuid: string): boolean {
    const device = this.state.devices.find(deviceUuid.toLowerCase());
    if (device !== undefined) this.state.devices.remove(device);
    return device !== undefined;
  }

  devices(): Record<string, unknown>[] {
    return Array.from(this.state.devices.all(), (device) => this.state.deviceView(device));
  }

  tags(): Record<string, unknown>[] {
    return this.state.tags.all().map((tag) => this.state.tagView(tag));
  }

  operation(bulkOpsRequestId: string): OperationView | undefined {
    const operation = this.state.bulk.find(bulkOpsRequestId);
    return operation && this.state.operationView(operation);
  }

  operations(): OperationView[] {
    return this.state.bulk.all().map((operation) => this.state.operationView(operation));
  }

  forgetOperation(bulkOpsRequestId: string): boolean {
    return this.state.bulk.forget(bulkOpsRequestId);
  }

  set(change: SettingsChange): void {
    this.state.set(change);
  }

  setApiKey(apiKey: string): void {
    this.state.set({ apiKey });
  }

  async close(): Promise<void> {
    this.state.stop();
    await this.closePorts();
  }
}
