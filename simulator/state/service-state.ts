import { readToken, type TokenFacts } from '../identity/claim-token';
import { DeviceKeys } from '../identity/device-keys';
import { imeiOf } from '../identity/imei';
import { Mint, type MintedToken, type MintOptions } from '../identity/mint';
import { PRINTED_TOKENS } from '../identity/printed-tokens';
import { seededRandom } from '../identity/seeded';
import { formatUuid } from '../identity/uuid';
import { changeSettings, type Settings, type SettingsChange } from '../settings';
import { BulkOperations, type Operation } from './bulk-operations';
import { Clock } from '../util/clock';
import { Devices, type Device } from './devices';
import { Events } from './events';
import { TokenVerifier } from './token-verifier';
import { Refusal } from './refusal';
import { Tags, type Tag } from './tags';
import { deviceView, operationView, tagView, type OperationView } from './views';

/** The team everything belongs to: the owner in the guide's example answer. */
const TENANT_ID = 'a5592ec1-18ae-4d9d-bc44-1d9bd927bbe9';

/** What has to be known of a device that is taken in. */
type DeviceFacts = Pick<TokenFacts, 'id' | 'deviceUuid' | 'firmwareUuid' | 'deviceType'> & { token?: string };

/** The service's memory and its rules, without HTTP. */
export class ServiceState {
  readonly clock = new Clock();
  readonly events = new Events();
  readonly devices = new Devices();
  readonly tags: Tags;
  readonly bulk: BulkOperations;
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
    this.bulk = new BulkOperations({
      seed,
      clock: this.clock,
      settings: () => this.current,
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
    this.bulk.wake();
  }

  /** Ends all waiting and all background work. */
  stop(): void {
    this.clock.stop();
    this.bulk.wake();
  }

  /** @throws TypeError for options that cannot be minted */
  mint(options: MintOptions = {}): MintedToken {
    const minted = this.minting.mint(options);
    if (options.deviceUuid !== undefined) this.verifier.register(minted.deviceUuid);
    return minted;
  }

  /**
   * Claims a device for the team.
   * @returns the device, and whether this call made it the team's
   * @throws Refusal for a token that is not believed, a device that cannot be claimed or tags that cannot be used
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

  /** @throws Refusal 404 for a device that is not the team's, whoever has it */
  device(id: string): Device {
    const device = this.devices.find(id.toLowerCase());
    if (!device) throw new Refusal(404, 'The team has not claimed a device with this id.');
    return device;
  }

  /** @throws Refusal 404 */
  unclaim(id: string): void {
    const device = this.device(id);
    this.devices.remove(device);
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

  /** Claims devices of the seed without tokens and HTTP, for lists that are to be long. Answers their ids. */
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
    this.events.emit('claim', device.id);
    return device;
  }

  private announce(operation: Operation): void {
    const view = this.operationView(operation);
    this.events.emit('bulk-status', view);
    if (operation.completedAt !== undefined) this.events.emit('bulk-end', view);
  }
}

/** The same words for both owners: the service tells nobody who has a device (our choice). */
function ownConflict(status: number): Refusal {
  return new Refusal(status, 'The device is already claimed.');
}
