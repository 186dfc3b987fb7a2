import type { DeviceGroup } from '../operations/followed-device';
import type { FollowEnd } from '../operations/onboarding-diagnosis';
import type { DeviceList } from '../operations/onboarding-input';
import { DamagedRecord, recordedWork } from '../runtime/journal/damaged-record';
import type { PendingMessage } from '../runtime/pending-messages';

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
  /** A bit for each device that this node saw claimed, as Base64. */
  claimed?: string;
  /** The device of a message that is not an array; those of an array are in the record's parts. */
  device?: RecordedDevice;
}

/** A device in a record. The other id is left out if it is the same, the line if it is not known. */
export type RecordedDevice = string | [id: string, onboardedId: string, line?: number];

/** Devices in each part of a record. */
const DEVICES_PER_PART = 1000;

/** The devices of one message: which of them have ended, and how. */
export class OnboardingGroup implements DeviceGroup {
  /** Set when the message is pending. */
  pending!: PendingMessage;
  /** Properties of the message that the results of its devices do not have: the lists that name all of them. */
  replaced: readonly string[] = [];
  /** A record is being written. */
  saving: Promise<void> | undefined;
  /** It has changed since. */
  mustSave = false;
  /** The line of each device's row in the file that it comes from; 0 = not known. */
  readonly lines: Uint32Array;
  readonly #ended: Uint8Array;
  readonly #claimed: Uint8Array;
  #remaining: number;
  /** What is recorded of the devices that have ended: those whose results have reached the next nodes. */
  readonly #handedOver: { ended: Uint8Array; sent: number; counts: EndCounts };

  constructor(readonly work: RecordedGroup) {
    this.#ended = bitsOf(work.ended, work.total);
    this.#claimed = bitsOf(work.claimed ?? '', work.total);
    this.#handedOver = { ended: this.#ended.slice(), sent: work.sent, counts: { ...work.counts } };
    this.#remaining = work.total;
    this.lines = new Uint32Array(work.total);
    for (let index = 0; index < work.total; index++) if (this.hasEnded(index)) this.#remaining--;
  }

  /** Takes the lists of all devices out of a message about one of them. */
  get withoutLists(): Record<string, undefined> {
    return Object.fromEntries(this.replaced.map((name) => [name, undefined]));
  }

  get deadline(): number | null {
    return this.work.deadline;
  }

  /** How many devices have not ended. */
  get remaining(): number {
    return this.#remaining;
  }

  hasEnded(index: number): boolean {
    return hasBit(this.#ended, index);
  }

  wasClaimed(index: number): boolean {
    return hasBit(this.#claimed, index);
  }

  /** The node saw a device claimed. */
  setClaimed(index: number): void {
    setBit(this.#claimed, index);
  }

  /** A device has ended. */
  end(index: number): void {
    if (this.hasEnded(index)) return;
    setBit(this.#ended, index);
    this.#remaining--;
  }

  /** The result of a device has reached the next nodes: a restart need not report it again. */
  handOver(index: number, end: FollowEnd): void {
    if (hasBit(this.#handedOver.ended, index)) return;
    setBit(this.#handedOver.ended, index);
    this.#handedOver.sent++;
    countEnd(this.#handedOver.counts, end);
  }

  /** A device is followed no longer, and has no result. */
  cancel(index: number): void {
    this.end(index);
    setBit(this.#handedOver.ended, index);
  }

  /** What is recorded now. */
  record(): RecordedGroup {
    const { ended, sent, counts } = this.#handedOver;
    const text = (bits: Uint8Array): string => Buffer.from(bits).toString('base64');
    return { ...this.work, sent, counts: { ...counts }, ended: text(ended), claimed: text(this.#claimed) };
  }
}

/** Counts a device that has ended. */
export function countEnd(counts: EndCounts, end: FollowEnd): void {
  if (!end.isOnboarded) counts.failed++;
  else {
    counts.onboarded++;
    if (end.isConnected) counts.connected++;
  }
}

/** The types of what a record holds of a group. */
const GROUP_FIELDS = {
  isArray: ['boolean'],
  total: ['number'],
  sequence: ['string'],
  deadline: ['number', 'null'],
  begunAt: ['number'],
  sent: ['number'],
  counts: ['object'],
  ended: ['string'],
  claimed: ['string', 'undefined'],
} as const;

/** A recorded group. @throws {DamagedRecord} if the record is not one */
export function groupOf(record: Record<string, unknown>): OnboardingGroup {
  const work = recordedWork(record, GROUP_FIELDS) as RecordedGroup;
  try {
    return new OnboardingGroup(work);
  } catch {
    throw new DamagedRecord('its number of devices is not possible');
  }
}

/** A device as it is recorded. */
export function recordedDevice({ ids, onboardedIds, lines }: DeviceList, index: number): RecordedDevice {
  const id = ids[index]!;
  const onboardedId = onboardedIds[index]!;
  const line = lines[index]!;
  if (line > 0) return [id, onboardedId, line];
  return id === onboardedId ? id : [id, onboardedId];
}

/** The parts of a record that hold the devices of an array. */
export function* devicesInParts(devices: DeviceList): Generator<RecordedDevice[]> {
  const { length } = devices.ids;
  for (let start = 0; start < length; start += DEVICES_PER_PART) {
    const size = Math.min(DEVICES_PER_PART, length - start);
    yield Array.from({ length: size }, (_, index) => recordedDevice(devices, start + index));
  }
}

/** A device of a record. */
export interface FollowableDevice {
  id: string;
  onboardedId: string;
  /** 0 = not known. */
  line: number;
}

/**
 * Reads the devices of a record.
 * @param parts those of the record that belong to the work
 * @throws the store's error, and an error if the record does not name all its devices
 */
export async function readDevices(
  { isArray, device, total }: RecordedGroup,
  parts: AsyncIterable<unknown>,
): Promise<FollowableDevice[]> {
  const devices = isArray || device === undefined ? [] : [followable(device)];
  if (isArray) for await (const part of parts) if (Array.isArray(part)) devices.push(...part.map(followable));
  if (devices.length === total) return devices;
  throw new Error(`it names ${devices.length} of ${total} devices`);
}

/**
 * Cancels devices of a record that is not being worked on.
 * @param parts those of the record that belong to the work
 * @returns the record as it is or changed, `undefined` if no device of it is left
 * @throws {DamagedRecord} if the record is not one of a group
 */
export async function withoutDevices<R extends Record<string, unknown>>(
  record: R,
  parts: AsyncIterable<unknown>,
  ids: readonly string[],
): Promise<R | undefined> {
  const group = groupOf(record);
  // One that cannot be read is reported when it is continued.
  const devices = await readDevices(group.work, parts).catch(() => undefined);
  if (devices === undefined) return record;
  const cancelled = new Set(ids);
  const { remaining } = group;
  for (const [index, { id }] of devices.entries()) if (cancelled.has(id)) group.cancel(index);
  if (group.remaining === remaining) return record;
  return group.remaining === 0 ? undefined : { ...record, work: group.record() };
}

function followable(device: unknown): FollowableDevice {
  const [id, onboardedId, line = 0] = (Array.isArray(device) ? device : [device, device]) as unknown[];
  if (typeof id === 'string' && typeof onboardedId === 'string' && typeof line === 'number') {
    return { id, onboardedId, line };
  }
  throw new Error('it holds something else than devices');
}

function bitsOf(base64: string, count: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8));
  bits.set(Buffer.from(base64, 'base64').subarray(0, bits.length));
  return bits;
}

function hasBit(bits: Uint8Array, index: number): boolean {
  return (bits[index >> 3]! & (1 << (index & 7))) !== 0;
}

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3]! |= 1 << (index & 7);
}
