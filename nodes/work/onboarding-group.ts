import type { DeviceGroup } from '../operations/followed-device';
import type { PendingMessage } from '../runtime/pending-messages';
import { isObject } from '../util/json';

/** How many devices of a message have ended in which way. */
export interface EndCounts {
  onboarded: number;
  connected: number;
  failed: number;
}

/** What a record holds of a message's devices, so that a restart can continue them. */
export interface RecordedGroup extends Record<string, unknown> {
  isArray: boolean;
  total: number;
  /** The id of the sequence. */
  sequence: string;
  /** On the node's clock; `null` = never. */
  deadline: number | null;
  begunAt: number;
  /** ISO 8601. */
  startedAt: string;
  /** How many results have been sent. */
  sent: number;
  counts: EndCounts;
  /** A bit for each device that has ended, as Base64. */
  ended: string;
  /** The device of a message that is not an array; those of an array are in the record's parts. */
  device?: [id: string, onboardedId: string];
}

/** The devices of one message: which of them have ended, and how. */
export class OnboardingGroup implements DeviceGroup {
  /** Set when the message is pending. */
  pending!: PendingMessage;
  /** A record is being written. */
  saving: Promise<void> | undefined;
  /** It has changed since. */
  mustSave = false;
  #ended: Uint8Array;
  #remaining: number;

  constructor(readonly work: RecordedGroup) {
    const bytes = Math.ceil(work.total / 8);
    this.#ended = new Uint8Array(bytes);
    this.#ended.set(Buffer.from(work.ended, 'base64').subarray(0, bytes));
    this.#remaining = work.total;
    for (let index = 0; index < work.total; index++) if (this.hasEnded(index)) this.#remaining--;
  }

  get deadline(): number | null {
    return this.work.deadline;
  }

  /** How many devices have not ended. */
  get remaining(): number {
    return this.#remaining;
  }

  hasEnded(index: number): boolean {
    return (this.#ended[index >> 3]! & (1 << (index & 7))) !== 0;
  }

  /** A device has ended. */
  end(index: number): void {
    if (this.hasEnded(index)) return;
    this.#ended[index >> 3]! |= 1 << (index & 7);
    this.#remaining--;
  }

  /** What is recorded now. */
  record(): RecordedGroup {
    this.work.ended = Buffer.from(this.#ended).toString('base64');
    return { ...this.work, counts: { ...this.work.counts } };
  }
}

/** A recorded group; `undefined` if the record is not one. */
export function groupOf(record: Record<string, unknown>): OnboardingGroup | undefined {
  const { work } = record;
  if (!isObject(work) || typeof work['total'] !== 'number' || !isObject(work['counts'])) return undefined;
  return new OnboardingGroup(work as RecordedGroup);
}
