import { randomUUID } from 'node:crypto';
import type { FollowedDevice, Follower } from '../operations/followed-device';
import type { FollowEnd } from '../operations/onboarding-diagnosis';
import { OnboardingFollower, type FollowSettings } from '../operations/onboarding-follower';
import type { DeviceList } from '../operations/onboarding-input';
import type { RunningClock } from '../operations/running-clock';
import { endCancelled } from '../runtime/cancelled';
import type { NodeContext } from '../runtime/node-context';
import { PENDING, type Task } from '../runtime/node-definition';
import type { Result } from '../runtime/output';
import type { PendingMessage } from '../runtime/pending-messages';
import { toError } from '../util/to-error';
import { createClock, restoreClock } from './node-clock';
import {
  countEnd,
  devicesInParts,
  groupOf,
  OnboardingGroup,
  readDevices,
  recordedDevice,
  withoutDevices,
  type FollowableDevice,
} from './onboarding-group';
import { OnboardingProgress } from './onboarding-progress';
import { OnboardingRecorder } from './onboarding-recorder';
import { endingOf, resultOf } from './onboarding-results';

export interface OnboardingSettings extends FollowSettings {
  timeout: number;
  resume: boolean;
  store: string;
}

type OnboardingTask = Task<never, OnboardingSettings, OnboardingTracker>;

/** Message properties that name the devices, and that no result of a sequence carries. */
const LISTS = ['rows', 'claimedRows'] as const;

/** Follows the devices of one node's messages, over restarts. */
export class OnboardingTracker {
  readonly #groups = new Set<OnboardingGroup>();
  /** For each message that is being recorded, the devices that were cancelled meanwhile. */
  readonly #beginning = new Set<Set<string>>();
  /** The same for those whose records are being read after a restart. */
  readonly #reading = new Set<Set<string>>();
  readonly #follower: OnboardingFollower<OnboardingGroup>;
  readonly #clock: RunningClock;
  readonly #progress: OnboardingProgress;
  readonly #recorder: OnboardingRecorder;

  constructor(private readonly context: NodeContext<OnboardingSettings, OnboardingTracker>) {
    const { signal } = context;
    this.#clock = createClock(context);
    this.#follower = new OnboardingFollower<OnboardingGroup>({
      settings: () => context.settings(),
      request: (work) => context.request(signal, work),
      now: () => this.#clock.now(),
      signal,
      onEnd: (device, followers, end) => this.#onEnd(device, followers, end),
      onClaimed: (followers) => this.#onClaimed(followers),
      onFailure: (error) => this.#failAll(error),
      onTrouble: (trouble) => context.setTrouble(trouble),
      onChange: () => this.#progress.changed(),
    });
    this.#recorder = new OnboardingRecorder((group) => context.pending.update(group.pending, group.record()));
    this.#progress = new OnboardingProgress(this.#follower, (payload) => this.#emitProgress(payload));
    signal.addEventListener('abort', () => {
      this.#follower.close();
      this.#progress.close();
      this.#recorder.flush();
    });
    context.onRecords(
      (record, pending) => this.#resume(groupOf(record), pending),
      (own) => restoreClock(this.#clock, own),
    );
  }

  /**
   * Records a message and follows its devices.
   * @param source the message property that names them, if it is one
   * @param keepsReplaced whether the lists stay in memory until the message ends
   */
  async begin(
    devices: DeviceList,
    task: OnboardingTask,
    source: string | undefined,
    keepsReplaced: boolean,
  ): Promise<Result | typeof PENDING | undefined> {
    const { isArray, ids, onboardedIds } = devices;
    task.api.checkConfigured('get onboarded device');
    const cancelled = new Set<string>();
    this.#beginning.add(cancelled);
    let group: OnboardingGroup;
    try {
      await this.context.records.loaded();
      if (ids.length === 0) return await this.#endOfNothing(task);
      group = this.#newGroup(devices, task.settings.timeout);
      const without = isArray ? [...LISTS, ...(source === undefined ? [] : [source])] : [];
      group.replaced = without;
      const parts = isArray ? devicesInParts(devices) : [];
      group.pending = await task.hold(randomUUID(), group.work, { parts, without, keepsReplaced, staysWhole: isArray });
    } finally {
      this.#beginning.delete(cancelled);
    }
    // The flow was stopped while the message was being recorded.
    if (this.context.signal.aborted) return PENDING;
    this.#groups.add(group);
    this.#progress.add(group);
    for (const [index, id] of ids.entries()) this.#follower.follow(id, onboardedIds[index]!, { group, index }, 0);
    this.#clock.run();
    this.#cancelIn(group, cancelled);
    this.#show();
    return PENDING;
  }

  #newGroup(devices: DeviceList, timeout: number): OnboardingGroup {
    const { isArray, ids, lines } = devices;
    const begunAt = this.#clock.now();
    const group = new OnboardingGroup({
      isArray,
      total: ids.length,
      sequence: randomUUID(),
      deadline: timeout > 0 ? begunAt + timeout * 1000 : null,
      begunAt,
      startedAt: new Date().toISOString(),
      sent: 0,
      counts: { onboarded: 0, connected: 0, failed: 0 },
      ended: '',
      claimed: '',
      ...(isArray ? {} : { device: recordedDevice(devices, 0) }),
    });
    group.lines.set(lines);
    return group;
  }

  /** Ends the following of devices, also of earlier runs; messages that have none left end without a result. */
  async cancel({ ids }: DeviceList): Promise<void> {
    for (const cancelled of this.#beginning) for (const id of ids) cancelled.add(id);
    if (await this.context.records.cancelWaiting((record, parts) => withoutDevices(record, parts, ids))) return;
    for (const cancelled of this.#reading) for (const id of ids) cancelled.add(id);
    for (const group of this.#endCancelled(ids.flatMap((id) => this.#follower.cancel(id)))) this.#settle(group);
  }

  /** Ends those devices of one message that were cancelled while it was being recorded. */
  #cancelIn(group: OnboardingGroup, ids: ReadonlySet<string>): void {
    const followers = [...ids].flatMap((id) => this.#follower.cancel(id, (follower) => follower.group === group));
    if (this.#endCancelled(followers).has(group)) this.#settle(group);
  }

  #endCancelled(followers: readonly Follower<OnboardingGroup>[]): Set<OnboardingGroup> {
    const changed = new Set<OnboardingGroup>();
    for (const { group, index } of followers) {
      group.cancel(index);
      this.#progress.cancelled();
      changed.add(group);
    }
    return changed;
  }

  #settle(group: OnboardingGroup): void {
    if (group.remaining > 0) void this.#recorder.save(group);
    else this.#finish(group, endCancelled);
  }

  #resume(group: OnboardingGroup, pending: PendingMessage): void {
    group.pending = pending;
    this.#groups.add(group);
    this.#progress.add(group);
    this.#clock.run();
    void this.#followRecorded(group);
  }

  /** Follows the devices of a record. Never rejects: in Node-RED an unhandled rejection ends the process. */
  async #followRecorded(group: OnboardingGroup): Promise<void> {
    const cancelled = new Set<string>();
    this.#reading.add(cancelled);
    try {
      const devices = await this.context.read(group.pending, () => this.#readDevices(group));
      // All messages end when the key is refused, also those whose devices are being read.
      if (devices === undefined || !this.#groups.has(group)) return;
      const spreadMs = this.context.settings().interval * 1000;
      for (const [index, { id, onboardedId, line }] of devices.entries()) {
        if (group.hasEnded(index)) continue;
        group.lines[index] = line;
        this.#follower.follow(id, onboardedId, { group, index }, Math.random() * spreadMs);
      }
      if (group.remaining === 0) this.#finish(group, (task) => this.#afterLast(group, task));
      else this.#cancelIn(group, cancelled);
      this.#show();
    } catch (error) {
      if (this.#groups.has(group)) this.#giveUp(group, toError(error));
    } finally {
      this.#reading.delete(cancelled);
    }
  }

  async #readDevices({ work, pending }: OnboardingGroup): Promise<FollowableDevice[]> {
    // Copies of it leave while it is pending.
    if (work.isArray) await this.context.pending.restore(pending);
    return readDevices(work, this.context.pending.workParts(pending));
  }

  /** A message whose devices cannot be followed ends in an error. */
  #giveUp(group: OnboardingGroup, error: Error): void {
    for (let index = 0; index < group.work.total; index++) {
      if (!group.hasEnded(index)) this.#endCancelled([{ group, index }]);
    }
    this.#finish(group, () => Promise.reject(error));
  }

  #onEnd(device: FollowedDevice<OnboardingGroup>, followers: Follower<OnboardingGroup>[], end: FollowEnd): void {
    for (const { group, index } of followers) {
      group.end(index);
      countEnd(group.work.counts, end);
      this.#progress.ended(end);
      // Messages about the same device have payloads of their own.
      const own = followers.length > 1 ? structuredClone(end) : end;
      const seconds = Math.round((this.#clock.now() - group.work.begunAt) / 100) / 10;
      const result = resultOf(device.id, group, index, own, { stage: this.context.settings().until, seconds });
      if (group.remaining === 0) this.#finish(group, (task) => this.#deliverLast(group, index, own, result, task));
      else {
        group.work.sent++;
        this.context.emit(group.pending, result);
        void this.#recorder.saveLeaving(group, index, end);
      }
    }
    this.#show();
  }

  #onClaimed(followers: Follower<OnboardingGroup>[]): void {
    for (const { group, index } of followers) {
      group.setClaimed(index);
      this.#recorder.saveSoon(group);
    }
  }

  /** The last result of a message leaves; after it the progress, if nothing else is pending. */
  async #deliverLast(
    group: OnboardingGroup,
    index: number,
    end: FollowEnd,
    result: Result,
    task: OnboardingTask,
  ): Promise<Result> {
    const { work } = group;
    const ending = endingOf(work);
    const part = { id: work.sequence, index: work.sent, count: work.sent + 1 };
    const last: Result = work.isArray ? { ...result, part } : result;
    if (!this.#progress.endsWithReport(work.isArray)) return { ...last, ending };
    await task.emit(last);
    work.sent++;
    await this.#recorder.saveLeaving(group, index, end);
    return this.#afterLast(group, task);
  }

  /** The progress after the last result of all. */
  async #afterLast({ work, withoutLists }: OnboardingGroup, task: OnboardingTask): Promise<Result> {
    const payload = await this.#progress.takeNext(task.signal);
    const properties = { ...withoutLists, deviceId: undefined, line: undefined, onboarding: undefined };
    return { port: 2, payload, properties, ending: endingOf(work) };
  }

  /** A message without devices: its flow is told that nothing is pending. */
  async #endOfNothing({ signal }: OnboardingTask): Promise<Result | undefined> {
    if (this.#groups.size > 0) return undefined;
    const payload = await this.#progress.takeNext(signal);
    // Devices of another message may be pending by now.
    return payload.complete ? { port: 2, payload } : undefined;
  }

  #finish(group: OnboardingGroup, handler: (task: OnboardingTask) => Promise<Result | undefined>): void {
    this.#groups.delete(group);
    if (this.#groups.size === 0) this.#clock.stop();
    void this.context.end(group.pending, handler);
    this.#show();
  }

  /** All messages end in an error. */
  #failAll(error: Error): void {
    for (const group of [...this.#groups]) this.#finish(group, () => Promise.reject(error));
    this.#follower.clear();
    this.#progress.reset();
  }

  #emitProgress(payload: object): void {
    for (const { work, pending, withoutLists: properties } of this.#groups) {
      if (!work.isArray) continue;
      this.context.emit(pending, { port: 2, payload, properties });
      return;
    }
  }

  #show(): void {
    const { size, secondsPerRound } = this.#follower;
    const { maxInterval } = this.context.settings();
    const round = secondsPerRound > maxInterval ? ` ↻ ${Math.round(secondsPerRound)} s > ${maxInterval} s` : '';
    this.context.setPendingText(size > 1 ? `${size} …${round}` : undefined);
  }
}
