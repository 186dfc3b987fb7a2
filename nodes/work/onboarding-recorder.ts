import type { OnboardingGroup } from './onboarding-group';

/** How long what can be found out again may wait until it is recorded, in milliseconds (our choice). */
const SOON_MS = 5000;

/** Records which devices of a message have ended; what comes while that is written is written after it. */
export class OnboardingRecorder {
  readonly #changed = new Set<OnboardingGroup>();
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
    this.#timer ??= setTimeout(() => this.flush(), SOON_MS).unref();
  }

  /** Records what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const group of this.#changed) if (group.remaining > 0) void this.save(group);
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
