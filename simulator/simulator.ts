import type { DeviceBehaviour } from './device/behaviour';
import type { Faults } from './faults/faults';
import type { MintedToken, MintOptions } from './identity/mint';
import type { Settings, SettingsChange } from './settings';
import type { ContactReport, Events } from './state/events';
import { commandView, ruleView } from './state/onboarding-views';
import type { ServiceState } from './state/service-state';
import type { OperationView } from './state/views';
import type { RequestRecord, SummaryVisit, Traffic } from './wire/traffic';

/** A running simulator. */
export interface Simulator {
  /** Base URL of the service, as a connection wants it: `http://127.0.0.1:<port>/v1`. */
  readonly url: string;
  /** Base URL of device management, which is another host: `http://127.0.0.1:<port>/v1`. */
  readonly deviceApiUrl: string;
  /** The host of error summaries, and of the controls under `/_simulator`. Without a trailing slash. */
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
  /** Claims many devices at once, without HTTP; returns their ids. */
  fill(count: number, tags?: readonly string[]): string[];
  /** Gives a device to another team: claiming it is a conflict, and it cannot be seen. */
  claimByOther(deviceUuid: string): void;
  /** The other team unclaims it. */
  releaseByOther(deviceUuid: string): void;
  /** A claimed device as the service shows it. */
  device(deviceUuid: string): Record<string, unknown> | undefined;
  /** Unclaims a device, without HTTP; false if it is not claimed. The same as over HTTP in all else. */
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
  /**
   * Makes a device contact the provisioning service now, claimed or not. Returns before its commands are executed: wait for the events
   * `contact-end` and `command-end`.
   */
  contact(deviceUuid: string): ContactReport;
  /**
   * Changes how simulated devices behave.
   * @param target a device UUID (claimed or not), `tag:<name>` or `default`
   */
  setDeviceBehaviour(target: string, change: Partial<DeviceBehaviour>): void;
  /** All commands of a device as the service would show them, also those that it hides. */
  commands(deviceUuid: string): Record<string, unknown>[];
  /** Ends a command with any status, as if the device or the service had done so; false if it does not exist. */
  endCommand(deviceUuid: string, commandId: string, end: { status: string; response?: unknown }): boolean;
  /** All provisioning rules as the service shows them. */
  rules(): Record<string, unknown>[];
  /** Creates a provisioning rule, without HTTP; the body is that of the request. */
  addRule(rule: Record<string, unknown>): Record<string, unknown>;
  /** How many devices device management has. */
  readonly onboardedCount: number;
  /** All devices in device management, as it shows them. */
  onboarded(): Record<string, unknown>[];
  /** Puts a device into device management, without commands. */
  onboard(deviceUuid: string, options?: { id?: string; connected?: boolean }): void;
  /** Changes settings. Throws a TypeError for what does not exist. */
  set(change: SettingsChange): void;
  /** From now on this is the key. */
  setApiKey(apiKey: string): void;
  /** Cuts all connections, ends all background work and resolves when both ports are closed. */
  close(): Promise<void>;
}

export class RunningSimulator implements Simulator {
  url = '';
  deviceApiUrl = '';
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

  get onboardedCount(): number {
    return this.state.onboarded.size;
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
    const isClaimed = this.state.devices.find(deviceUuid.toLowerCase()) !== undefined;
    if (isClaimed) this.state.unclaim(deviceUuid);
    return isClaimed;
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

  contact(deviceUuid: string): ContactReport {
    return this.state.contacts.contact(deviceUuid.toLowerCase());
  }

  setDeviceBehaviour(target: string, change: Partial<DeviceBehaviour>): void {
    this.state.contacts.setBehaviour(target, change);
  }

  commands(deviceUuid: string): Record<string, unknown>[] {
    const commands = this.state.commands.all(deviceUuid.toLowerCase());
    return commands.map((command) => commandView(command, this.settings));
  }

  endCommand(deviceUuid: string, commandId: string, end: { status: string; response?: unknown }): boolean {
    return this.state.contacts.endCommand(deviceUuid.toLowerCase(), commandId, end);
  }

  rules(): Record<string, unknown>[] {
    return this.state.rules.all().map((rule) => ruleView(rule, this.settings));
  }

  addRule(rule: Record<string, unknown>): Record<string, unknown> {
    return ruleView(this.state.rules.create(rule), this.settings);
  }

  onboarded(): Record<string, unknown>[] {
    return this.state.onboarded.all().map((device) => this.state.onboardedView(device));
  }

  onboard(deviceUuid: string, options: { id?: string; connected?: boolean } = {}): void {
    this.state.contacts.onboardNow(deviceUuid.toLowerCase(), options);
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
