import { changeSettings } from '../change-settings';
import { readToken, type TokenFacts } from '../identity/claim-token';
import { DeviceKeys } from '../identity/device-keys';
import { imeiOf } from '../identity/imei';
import { Mint, type MintedToken, type MintOptions } from '../identity/mint';
import { PRINTED_TOKENS } from '../identity/printed-tokens';
import { seededRandom } from '../identity/seeded';
import { formatUuid } from '../identity/uuid';
import type { Settings, SettingsChange } from '../settings';
import { Clock } from '../util/clock';
import { TimerQueue } from '../util/timer-queue';
import { BulkOperations, type Operation } from './bulk-operations';
import { Commands } from './commands';
import { DeviceContacts } from './device-contacts';
import { Devices, type Device } from './devices';
import { Events } from './events';
import { OnboardedDevices, type OnboardedDevice } from './onboarded-devices';
import { onboardedView } from './onboarding-views';
import { Refusal } from './refusal';
import { Rules } from './rules';
import { Tags, type Tag } from './tags';
import { TokenVerifier } from './token-verifier';
import { Uploads } from './uploads';
import { deviceView, operationView, tagView, type OperationView } from './views';

/** The team everything belongs to: the owner in the guide's example response. */
const TENANT_ID = 'a5592ec1-18ae-4d9d-bc44-1d9bd927bbe9';

/** What has to be known of a device that is claimed. */
type DeviceFacts = Pick<TokenFacts, 'id' | 'deviceUuid' | 'firmwareUuid' | 'deviceType'> & { token?: string };

/** What the service knows and how it decides, without HTTP. */
export class ServiceState {
  readonly clock = new Clock();
  readonly events = new Events();
  readonly timers = new TimerQueue();
  readonly devices = new Devices();
  readonly onboarded = new OnboardedDevices();
  readonly tags: Tags;
  readonly bulk: BulkOperations;
  readonly commands: Commands;
  readonly rules: Rules;
  readonly contacts: DeviceContacts;
  readonly uploads: Uploads;
  readonly random: () => number;
  readonly tenantId = TENANT_ID;
  /** Base URL of the host that keeps uploads and error summaries; known once it listens. */
  summaryUrl = '';
  private current: Settings;
  private readonly verifier: TokenVerifier;
  private readonly minting: Mint;

  constructor(
    readonly seed: string,
    settings: Settings,
  ) {
    this.current = settings;
    const keys = new DeviceKeys(seed);
    this.verifier = new TokenVerifier(seed, keys);
    this.minting = new Mint(seed, keys);
    this.tags = new Tags(seed);
    this.random = seededRandom(seed);
    const currentSettings = (): Readonly<Settings> => this.current;
    this.commands = new Commands(seed, currentSettings);
    this.rules = new Rules(seed, this.tags, currentSettings);
    this.uploads = new Uploads(seed, this.onboarded);
    this.contacts = new DeviceContacts({
      keys,
      timers: this.timers,
      events: this.events,
      devices: this.devices,
      commands: this.commands,
      rules: this.rules,
      onboarded: this.onboarded,
      settings: currentSettings,
    });
    this.bulk = new BulkOperations({
      seed,
      clock: this.clock,
      settings: currentSettings,
      claim: (claimToken, tags) => this.claim(claimToken, tags).device.id,
      idOf: (claimToken) => {
        const facts = readToken(claimToken);
        return 'id' in facts ? facts.id : undefined;
      },
      changed: (operation) => this.announce(operation),
    });
  }

  get settings(): Readonly<Settings> {
    return this.current;
  }

  /** @throws TypeError for a setting that does not exist or cannot have that value */
  set(change: SettingsChange): void {
    this.current = changeSettings(this.current, change);
    this.bulk.settingsChanged();
  }

  /** Ends all waiting and all background work. */
  stop(): void {
    this.clock.stop();
    this.timers.stop();
    this.bulk.settingsChanged();
  }

  /** @throws TypeError for options that cannot be minted */
  mint(options: MintOptions = {}): MintedToken {
    const minted = this.minting.mint(options);
    if (options.deviceUuid !== undefined) this.verifier.register(minted.deviceUuid);
    return minted;
  }

  /**
   * Claims a device for the team.
   * @returns the device, and whether this call claimed it
   * @throws Refusal for a token that is not accepted, a device that cannot be claimed or tags that cannot be used
   */
  claim(claimToken: unknown, tags: unknown): { device: Device; fresh: boolean } {
    const facts = this.verifier.read(claimToken, this.current);
    const owned = this.refuseOwned(facts);
    if (owned) return { device: owned, fresh: false };
    const names = this.tags.check(tags, this.current.undefinedTags);
    return { device: this.addDevice(facts, this.tags.resolve(names)), fresh: true };
  }

  /**
   * Asks whether a device could be claimed, and changes nothing.
   * @throws Refusal as {@link claim} does; also for the team's own devices
   */
  tryClaim(claimToken: unknown, tags: unknown): void {
    const facts = this.verifier.read(claimToken, this.current);
    if (this.devices.find(facts.id)) throw ownConflict(this.current.refusals.ownTeam);
    this.refuseOwned(facts);
    this.tags.check(tags, this.current.undefinedTags);
  }

  /** @throws Refusal 404 for a device that this team has not claimed */
  device(id: string): Device {
    const device = this.devices.find(id.toLowerCase());
    if (!device) throw new Refusal(404, 'The team has not claimed a device with this id.');
    return device;
  }

  /**
   * The device that a command is for.
   * @throws Refusal with the status of a foreign, an unclaimed or a blocked device
   */
  commandTarget(id: string): Device {
    const { commandForeignStatus, commandUnclaimedStatus, commandBlockedStatus } = this.current;
    const device = this.devices.find(id.toLowerCase());
    if (!device) {
      const status = this.devices.isOfOtherTeam(id.toLowerCase()) ? commandForeignStatus : commandUnclaimedStatus;
      throw new Refusal(status, 'The team has not claimed a device with this id.');
    }
    if (device.blocked && commandBlockedStatus !== 201) {
      throw new Refusal(commandBlockedStatus, 'The device is blocked.');
    }
    return device;
  }

  /** @throws Refusal 404 */
  unclaim(id: string): void {
    const device = this.device(id);
    this.devices.remove(device);
    this.contacts.unclaimed(device);
    this.commands.clear(device.id);
    const onboarded = this.onboarded.ofClaimed(device.id);
    if (onboarded && this.current.unclaimOffboards) this.onboarded.remove(onboarded);
    this.events.emit('unclaim', device.id);
  }

  /**
   * Gives a device to another team.
   * @throws Error if it is claimed by this one: nobody else can have it then
   */
  assignToOtherTeam(id: string): void {
    if (this.devices.find(id.toLowerCase())) throw new Error(`The device ${id} is claimed by this team.`);
    this.devices.assignToOtherTeam(id.toLowerCase());
  }

  /** Claims devices of the seed without tokens and HTTP, for long lists. Returns their ids. */
  fill(count: number, tags: readonly string[]): string[] {
    const resolved = this.tags.resolve(this.tags.check(tags, 'create'));
    return Array.from({ length: count }, () => {
      const { deviceUuid, firmwareUuid } = this.minting.nextDevice();
      return this.addDevice({ id: formatUuid(deviceUuid), deviceUuid, firmwareUuid, deviceType: 6 }, resolved).id;
    });
  }

  deviceView(device: Device): Record<string, unknown> {
    return deviceView(device, this.tenantId, this.current);
  }

  tagView(tag: Tag): Record<string, unknown> {
    return tagView(tag, this.current);
  }

  operationView(operation: Operation): OperationView {
    return operationView(operation, this.summaryUrl, this.tenantId, this.current);
  }

  /** @param withState whether `state` is shown */
  onboardedView(device: OnboardedDevice, withState = true): Record<string, unknown> {
    return onboardedView(device, { tenantId: this.tenantId, settings: this.current, withState });
  }

  private refuseOwned(facts: TokenFacts): Device | undefined {
    const { refusals, reclaim } = this.current;
    if (this.devices.isOfOtherTeam(facts.id)) {
      throw new Refusal(refusals.otherTeam, 'The device is already claimed.');
    }
    const own = this.devices.find(facts.id);
    if (own && reclaim === 'conflict') throw ownConflict(refusals.ownTeam);
    return own;
  }

  private addDevice(facts: DeviceFacts, tags: readonly Tag[]): Device {
    const printed = facts.token === undefined ? undefined : PRINTED_TOKENS.get(facts.token);
    const device = this.devices.add({
      id: facts.id,
      deviceType: facts.deviceType,
      firmwareId: printed?.firmwareId ?? formatUuid(facts.firmwareUuid),
      imei: printed?.imei ?? imeiOf(facts.deviceUuid),
      tags,
      claimedAt: Date.now(),
    });
    this.contacts.claimed(device);
    this.events.emit('claim', device.id);
    return device;
  }

  private announce(operation: Operation): void {
    const view = this.operationView(operation);
    this.events.emit('bulk-status', view);
    if (operation.completedAt !== undefined) this.events.emit('bulk-end', view);
  }
}

/** The same sentence for both owners: the service does not say who has a device (our choice). */
function ownConflict(status: number): Refusal {
  return new Refusal(status, 'The device is already claimed.');
}
