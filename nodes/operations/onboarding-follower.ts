import type { Api } from '../api/api';
import { getOnboardedDevice, hasReportedState, type OnboardedDevice } from '../api/device-management';
import { hasCode, NrfCloudError } from '../api/errors';
import type { AbortSignalLike } from '../util/abort';
import { Pacer } from '../util/pacer';
import { toError } from '../util/to-error';
import { deviceKey, FollowedDevice, type DeviceGroup, type Follower } from './followed-device';
import { OnboardedLookUp } from './onboarded-look-up';
import {
  diagnose,
  knownAgainst,
  notConnectedDiagnosis,
  readClaimState,
  RecentRules,
  unknownDiagnosis,
  type FollowEnd,
  type SendRequest,
} from './onboarding-diagnosis';
import { OnboardingSchedule } from './onboarding-schedule';
import { RefusedKey } from './poll-errors';

/** How devices are followed; times in seconds. */
export interface FollowSettings {
  until: 'onboarded' | 'connected';
  interval: number;
  maxInterval: number;
  /** Maximum requests per second. */
  pollRate: number;
}

/** What a follower works with. */
export interface FollowerOptions<G extends DeviceGroup> {
  settings: () => FollowSettings;
  /** Sends requests on behalf of the node. */
  request: <T>(work: (api: Api) => Promise<T>) => Promise<T>;
  /** Milliseconds on the node's clock. */
  now: () => number;
  /** Aborted when the node is stopped. */
  signal: AbortSignalLike;
  /** A device has ended for some of its followers. */
  onEnd: (device: FollowedDevice<G>, followers: Follower<G>[], end: FollowEnd) => void;
  /** The device of these followers was seen claimed; called once for each. */
  onClaimed: (followers: Follower<G>[]) => void;
  /** All following has failed, as the key is refused or this package has a defect. */
  onFailure: (error: Error) => void;
  /** Polling fails, or works again. */
  onTrouble: (trouble: boolean) => void;
  /** Something that is counted or shown has changed. */
  onChange: () => void;
}

/** How often the last look-up of a device may fail before it is reported all the same (our choice). */
const MAX_FAILED_LAST_LOOKS = 3;

/** Follows devices until they are onboarded, or it is known why not. Knows nothing of messages. */
export class OnboardingFollower<G extends DeviceGroup> {
  readonly #devices = new Map<string, FollowedDevice<G>>();
  readonly #lookUp = new OnboardedLookUp();
  readonly #schedule: OnboardingSchedule<G>;
  readonly #pacer: Pacer;
  readonly #refusedKey = new RefusedKey();
  readonly #rules: RecentRules;
  /** Some device has another id in device management. */
  #hasOtherIds = false;
  /** Followers of devices that are onboarded, but not connected. */
  onboardedFollowers = 0;

  constructor(private readonly options: FollowerOptions<G>) {
    this.#pacer = new Pacer(() => options.settings().pollRate);
    this.#rules = new RecentRules(this.#send);
    this.#schedule = new OnboardingSchedule<G>({
      settings: options.settings,
      now: options.now,
      batchSize: () => this.#lookUp.batchSize,
      poll: (devices) => (devices.length === 1 ? this.#pollOne(devices[0]!) : this.#pollMany(devices)),
      check: (device) => this.#check(device),
      conclude: (device) => this.#conclude(device),
      onError: (error) => {
        if (!options.signal.aborted) options.onFailure(toError(error));
      },
    });
  }

  get size(): number {
    return this.#devices.size;
  }

  /** Seconds that one round of polls takes; more than `maxInterval` if that cannot be met. */
  get secondsPerRound(): number {
    const { pollRate } = this.options.settings();
    const perRequest = this.#lookUp.isProven ? this.#lookUp.batchSize : 1;
    return Math.ceil(this.#devices.size / perRequest) / pollRate;
  }

  /**
   * Begins to follow a device; one that is followed already is polled soon.
   * @param delayMs until its first poll
   */
  follow(id: string, onboardedId: string, follower: Follower<G>, delayMs: number): void {
    const key = deviceKey(id, onboardedId);
    let device = this.#devices.get(key);
    if (device === undefined) {
      device = new FollowedDevice<G>(id, onboardedId);
      this.#hasOtherIds ||= id !== onboardedId;
      this.#devices.set(key, device);
    } else if (device.isOnboarded) this.onboardedFollowers++;
    device.add(follower);
    device.wasClaimed ||= follower.group.wasClaimed(follower.index);
    if (device.wasClaimed) this.#tellClaimed(device);
    this.#schedule.add(device, Math.min(delayMs, (follower.group.deadline ?? Infinity) - this.options.now()));
  }

  /** The followers of a device, by its UUID; they are taken out. */
  cancel(id: string, isCancelled: (follower: Follower<G>) => boolean = () => true): Follower<G>[] {
    const device = this.#devices.get(id);
    const others = this.#hasOtherIds
      ? [...this.#devices.values()].filter((one) => one !== device && one.id === id)
      : [];
    const found = device === undefined ? others : [device, ...others];
    return found.flatMap((one) => this.#remove(one, isCancelled));
  }

  /** Forgets all devices. */
  clear(): void {
    for (const device of this.#devices.values()) device.remove(() => true);
    this.#devices.clear();
    this.onboardedFollowers = 0;
    this.#onNothingFollowed();
  }

  /** Ends for good. */
  close(): void {
    this.#schedule.close();
    this.#devices.clear();
  }

  /** Each message records that its device was seen claimed, as the others may end before a restart. */
  #tellClaimed({ followers }: FollowedDevice<G>): void {
    const unaware = followers.filter(({ group, index }) => !group.wasClaimed(index));
    if (unaware.length > 0) this.options.onClaimed(unaware);
  }

  /** Sends one request when its turn has come. */
  readonly #send: SendRequest = async (work) => {
    await this.#pacer.turn(this.options.signal);
    return this.options.request(work);
  };

  async #pollOne(device: FollowedDevice<G>): Promise<void> {
    const found = await this.#try(() => this.#send((api) => getOnboardedDevice(api, device.onboardedId)));
    if (found === 'failed') this.#postpone(device);
    else if (found === undefined) this.#onAbsent(device);
    else this.#onFound(device, found.body, found.statusCode);
  }

  async #pollMany(devices: FollowedDevice<G>[]): Promise<void> {
    const includeState = this.options.settings().until === 'connected';
    const now = this.options.now();
    if (this.#lookUp.wantsKnown(now)) await this.#try(() => this.#send((api) => this.#lookUp.findKnown(api, now)));
    const ids = devices.map(({ onboardedId }) => onboardedId);
    const result = await this.#try(() => this.#send((api) => this.#lookUp.request(api, ids, includeState, now)));
    for (const device of devices) {
      if (result === 'failed') {
        this.#postpone(device);
        continue;
      }
      const body = result.devices.get(device.onboardedId.toLowerCase());
      if (body !== undefined) {
        // A list may leave the state out.
        if (includeState && !('state' in body)) this.#schedule.addSingle(device);
        else this.#onFound(device, body, result.statusCode);
      } else if (result.provesAbsence) this.#onAbsent(device);
      else this.#schedule.addSingle(device);
    }
  }

  #onFound(device: FollowedDevice<G>, body: OnboardedDevice, statusCode: number): void {
    this.#lookUp.learn(device.onboardedId);
    const isConnected = hasReportedState(body);
    if (isConnected || this.options.settings().until === 'onboarded') {
      this.#end(device, () => true, { isOnboarded: true, isConnected, body, statusCode });
      return;
    }
    this.#setOnboarded(device, true);
    this.#postpone(device);
  }

  #onAbsent(device: FollowedDevice<G>): void {
    this.#setOnboarded(device, false);
    this.#postpone(device);
    if (device.checkAt <= this.options.now()) this.#schedule.addCheck(device);
  }

  /** Asks the provisioning service whether something is known against a device. */
  async #check(device: FollowedDevice<G>): Promise<void> {
    const state = await readClaimState(this.#send, device.id);
    device.checkAt = Math.round(this.options.now() + this.#schedule.intervalMs(device));
    const diagnosis = knownAgainst(device, state, Math.round(this.options.now()));
    if (device.wasClaimed) this.#tellClaimed(device);
    if (diagnosis === undefined || device.isEnded) return;
    const found = await this.#try(() => this.#send((api) => getOnboardedDevice(api, device.onboardedId)));
    if (found === 'failed') return;
    if (found === undefined) this.#end(device, () => true, { isOnboarded: false, statusCode: 404, ...diagnosis });
    else this.#onFound(device, found.body, found.statusCode);
  }

  /** The time of a device is over: looks once more, and says what was found. */
  async #conclude(device: FollowedDevice<G>): Promise<void> {
    const startedAt = this.options.now();
    const isOver = ({ group }: Follower<G>): boolean => (group.deadline ?? Infinity) <= startedAt;
    const end = await this.#lastLook(device);
    if (end !== undefined) this.#end(device, end.isOnboarded && this.#isEnough(end) ? () => true : isOver, end);
    this.#postpone(device);
  }

  /** @returns `undefined` if the look-up failed and is repeated later */
  async #lastLook(device: FollowedDevice<G>): Promise<FollowEnd | undefined> {
    let failure: Error | undefined;
    const found = await this.#try(
      () => this.#send((api) => getOnboardedDevice(api, device.onboardedId)),
      (error) => (failure = error),
    );
    if (found === 'failed') {
      // Work waits as long as there is no connection, whatever its timeout.
      if (hasCode(failure, 'NRFCLOUD_NOT_CONFIGURED')) return undefined;
      if (++device.failedLastLooks < MAX_FAILED_LAST_LOOKS) return undefined;
      return { isOnboarded: false, ...unknownDiagnosis(failure!) };
    }
    if (found !== undefined) {
      this.#lookUp.learn(device.onboardedId);
      const end = { isOnboarded: true, isConnected: hasReportedState(found.body), ...found } as const;
      return this.#isEnough(end) ? end : { isOnboarded: false, ...notConnectedDiagnosis(found.statusCode) };
    }
    const state = await readClaimState(this.#send, device.id);
    return { isOnboarded: false, statusCode: 404, ...diagnose(state, await this.#rules.read(this.options.now())) };
  }

  #isEnough({ isConnected }: { isConnected: boolean }): boolean {
    return isConnected || this.options.settings().until === 'onboarded';
  }

  /** Sends a poll. @returns `failed` if it got no usable response, which is waited out */
  async #try<T>(work: () => Promise<T>, onError: (error: Error) => void = () => undefined): Promise<T | 'failed'> {
    const { onTrouble, onFailure, now } = this.options;
    try {
      const result = await work();
      this.#refusedKey.reset();
      onTrouble(false);
      return result;
    } catch (thrown) {
      const error = toError(thrown);
      if (this.options.signal.aborted) throw error;
      onError(error);
      if (this.size === 0) return 'failed';
      onTrouble(true);
      if (!(error instanceof NrfCloudError) || this.#refusedKey.persists(error, now())) onFailure(error);
      return 'failed';
    }
  }

  #postpone(device: FollowedDevice<G>): void {
    if (device.isEnded) return;
    device.polls++;
    // After the deadline only a failed last look comes here.
    const untilDeadline = device.deadline - this.options.now();
    const interval = this.#schedule.intervalMs(device);
    this.#schedule.add(device, untilDeadline > 0 ? Math.min(interval, untilDeadline) : interval);
  }

  #setOnboarded(device: FollowedDevice<G>, isOnboarded: boolean): void {
    if (device.isOnboarded === isOnboarded) return;
    device.isOnboarded = isOnboarded;
    this.onboardedFollowers += isOnboarded ? device.followers.length : -device.followers.length;
    this.options.onChange();
  }

  #end(device: FollowedDevice<G>, isEnded: (follower: Follower<G>) => boolean, end: FollowEnd): void {
    // What a stopped node could not find out is no result.
    if (this.options.signal.aborted) return;
    const followers = this.#remove(device, isEnded);
    if (followers.length > 0) this.options.onEnd(device, followers, end);
  }

  #remove(device: FollowedDevice<G>, isRemoved: (follower: Follower<G>) => boolean): Follower<G>[] {
    const removed = device.remove(isRemoved);
    // Messages with a later deadline have last looks of their own.
    device.failedLastLooks = 0;
    if (device.isOnboarded) this.onboardedFollowers -= removed.length;
    if (device.isEnded) this.#devices.delete(deviceKey(device.id, device.onboardedId));
    if (this.size === 0) this.#onNothingFollowed();
    return removed;
  }

  /** What has failed says nothing about devices that are followed later. */
  #onNothingFollowed(): void {
    this.#refusedKey.reset();
    this.options.onTrouble(false);
  }
}
