import type { FollowEnd } from '../operations/onboarding-diagnosis';
import { handOver } from '../util/hand-over';
import type { OnboardingGroup } from './onboarding-group';

/** How long what can be found out again may wait until it is recorded, in milliseconds (our choice). */
const SOON_MS = 5000;

/** A device whose result has left, but may not have reached the next nodes. */
interface LeavingDevice {
  group: OnboardingGroup;
  index: number;
  end: FollowEnd;
}

/** Records which devices of a message have ended; what comes while that is written is written after it. */
export class OnboardingRecorder {
  readonly #changed = new Set<OnboardingGroup>();
  readonly #leaving = new Set<LeavingDevice>();
  #timer: NodeJS.Timeout | undefined;

  /** @param write puts what is known of a message's devices into its record */
  constructor(private readonly write: (group: OnboardingGroup) => Promise<void>) {}

  /** Records a message now. */
  save(group: OnboardingGroup): Promise<void> {
    if (group.saving !== undefined) {
      group.mustSave = true;
      return group.saving;
    }
    group.saving = this.#writeAll(group);
    return group.saving;
  }

  /** Records a message soon, along with other changes. */
  saveSoon(group: OnboardingGroup): void {
    this.#changed.add(group);
    this.#timer ??= setTimeout(() => this.#saveChanged(), SOON_MS).unref();
  }

  /** Records that a device has ended, when the next nodes have had time for its result. */
  async saveLeaving(group: OnboardingGroup, index: number, end: FollowEnd): Promise<void> {
    const device = { group, index, end };
    this.#leaving.add(device);
    await handOver();
    if (!this.#leaving.delete(device)) return;
    group.handOver(index, end);
    await this.save(group);
  }

  /** Records what waits, as the flow is stopped. */
  flush(): void {
    for (const { group, index, end } of this.#leaving) {
      group.handOver(index, end);
      this.#changed.add(group);
    }
    this.#leaving.clear();
    this.#saveChanged();
  }

  #saveChanged(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const group of this.#changed) void this.save(group);
    this.#changed.clear();
  }

  async #writeAll(group: OnboardingGroup): Promise<void> {
    group.mustSave = true;
    while (group.mustSave) {
      group.mustSave = false;
      await this.write(group);
    }
    group.saving = undefined;
  }
}
