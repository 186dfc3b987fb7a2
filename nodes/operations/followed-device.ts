/** Several devices that one message names. */
export interface DeviceGroup {
  /** When to give up, on the node's clock; `null` = never. */
  readonly deadline: number | null;
  /** Whether a device was seen claimed, in an earlier run too. */
  wasClaimed: (index: number) => boolean;
}

/** One device of a message. */
export interface Follower<G extends DeviceGroup> {
  readonly group: G;
  /** Its place in the message. */
  readonly index: number;
}

/** What is known of a device that is being followed. Hot path: one object per device, with small integers. */
export class FollowedDevice<G extends DeviceGroup> {
  /** When it is polled next, in whole milliseconds of the node's clock. */
  nextAt = 0;
  /** When the provisioning service may be asked about it again. */
  checkAt = 0;
  /** How often it was found not to be onboarded, which its interval grows with. */
  polls = 0;
  /** How often its last look-up has failed since the first of its deadlines passed. */
  failedLastLooks = 0;
  /** It is in device management, but has not connected. */
  isOnboarded = false;
  /** It is in a queue of the schedule. */
  isBusy = false;
  /** This node saw it claimed. */
  wasClaimed = false;
  /** Since when it has not been claimed any more; -1 if it is. */
  unclaimedSince = -1;
  #first: Follower<G> | undefined;
  #others: Follower<G>[] | undefined;

  /**
   * @param id the device UUID
   * @param onboardedId its id in device management
   */
  constructor(
    readonly id: string,
    readonly onboardedId: string,
  ) {}

  get followers(): Follower<G>[] {
    return this.#first === undefined ? [] : [this.#first, ...(this.#others ?? [])];
  }

  /** No message follows it any more. */
  get isEnded(): boolean {
    return this.#first === undefined;
  }

  /** The first of its deadlines. */
  get deadline(): number {
    let first = this.#first?.group.deadline ?? Infinity;
    for (const { group } of this.#others ?? []) first = Math.min(first, group.deadline ?? Infinity);
    return first;
  }

  add(follower: Follower<G>): void {
    if (this.#first === undefined) this.#first = follower;
    else (this.#others ??= []).push(follower);
  }

  /** Takes followers out. @returns those that were taken */
  remove(isRemoved: (follower: Follower<G>) => boolean): Follower<G>[] {
    const all = this.followers;
    const removed = all.filter(isRemoved);
    if (removed.length === 0) return removed;
    const kept = all.filter((follower) => !removed.includes(follower));
    this.#first = kept[0];
    this.#others = kept.length > 1 ? kept.slice(1) : undefined;
    return removed;
  }
}

/** What tells devices apart: one id in device management may belong to two devices, and one device may have several. */
export function deviceKey(id: string, onboardedId: string): string {
  return id === onboardedId ? id : `${id} ${onboardedId}`;
}
