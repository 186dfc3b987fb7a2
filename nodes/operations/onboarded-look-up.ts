import type { Api } from '../api/api';
import { anyOnboardedId, getOnboardedDevices, MAX_DEVICE_IDS, type OnboardedDevice } from '../api/device-management';
import { hasCode, isFromElsewhere } from '../api/errors';
import { isTransient } from './poll-errors';

/** What a batch of devices came to. */
export interface BatchResult {
  /** Devices that are onboarded, by their id in lower case. */
  devices: Map<string, OnboardedDevice>;
  statusCode: number;
  /** Whether the others can be taken for not onboarded. */
  provesAbsence: boolean;
}

/** How often a device that was onboarded may be missing in a batch before batches are given up (our choice). */
const MAX_MISSES = 3;
/** How often any onboarded device is looked for, as long as there is none, in milliseconds (our choice). */
const FIND_KNOWN_INTERVAL_MS = 60_000;
/** How long batches may get no response of the service before their devices are looked up singly, in milliseconds (our choice). */
const MAX_STRANGE_MS = 5 * 60_000;

/**
 * Looks devices up in batches, as far as the service supports `deviceIds`, which is found out and not assumed.
 *
 * That a device is in a response proves that it is onboarded. That it is missing proves something only if the response
 * holds requested devices and no others. So each batch also requests a device that is known to be onboarded: a service
 * that misreads the parameter leaves it out, and one that ignores the parameter responds with other devices.
 */
export class OnboardedLookUp {
  /** `probing`: a batch is sent, but absence is not believed yet; `single`: batches do not work. */
  #mode: 'probing' | 'batch' | 'single' = 'probing';
  /** A device that is known to be onboarded. */
  #known: string | undefined;
  #misses = 0;
  #maxIds = MAX_DEVICE_IDS;
  #batches = 0;
  #findKnownAt = 0;
  /** Since when batches have been answered by something else than the service. */
  #strangeSince: number | undefined;

  /** How many devices a batch can hold; 1 if batches do not work. */
  get batchSize(): number {
    return this.#mode === 'single' ? 1 : this.#maxIds - 1;
  }

  /** Whether a device that is not in a batch needs a request of its own. */
  get isProven(): boolean {
    return this.#mode === 'batch';
  }

  /** Whether it is worth to look for any device that is onboarded, so that batches can be believed. */
  wantsKnown(now: number): boolean {
    return this.#mode === 'probing' && this.#known === undefined && now >= this.#findKnownAt;
  }

  /** Looks for any device that is onboarded. @throws {NrfCloudError} every failure */
  async findKnown(api: Api, now: number): Promise<void> {
    this.#findKnownAt = now + FIND_KNOWN_INTERVAL_MS;
    this.#known ??= await anyOnboardedId(api);
  }

  /** A device is known to be onboarded. */
  learn(id: string): void {
    this.#known ??= id;
  }

  /**
   * Requests devices in one batch, once.
   * @param ids at most {@link batchSize}
   * @param now in milliseconds of the node's clock
   * @throws {NrfCloudError} every failure but a refusal of the parameter
   */
  async request(api: Api, ids: readonly string[], includeState: boolean, now: number): Promise<BatchResult> {
    const known = this.#known;
    const requested = known === undefined || ids.includes(known) ? ids : this.#withKnown(ids, known);
    try {
      const { devices, honoured, count, isComplete, statusCode } = await getOnboardedDevices(api, requested, {
        includeState,
      });
      this.#strangeSince = undefined;
      if (!honoured) this.#mode = 'single';
      else if (devices.size > 0 && (known === undefined || devices.has(known.toLowerCase()))) this.#accept(devices);
      else if (known !== undefined) this.#miss();
      // A page that is smaller than the batch is the service's limit.
      if (!isComplete && count > 0) this.#maxIds = Math.max(2, Math.min(this.#maxIds, count));
      return { devices, statusCode, provesAbsence: this.#mode === 'batch' && isComplete };
    } catch (error) {
      if (!hasCode(error, 'NRFCLOUD_REJECTED', 'NRFCLOUD_NOT_FOUND', 'NRFCLOUD_BAD_RESPONSE')) throw error;
      if (!isTransient(error) && !isFromElsewhere(error)) this.#mode = 'single';
      else if (!this.#isStrangeForLong(now)) throw error;
      return { devices: new Map(), statusCode: error.cause.statusCode ?? 0, provesAbsence: false };
    }
  }

  /** What is no response of the service says nothing about batches, but following goes on if it gets single devices only. */
  #isStrangeForLong(now: number): boolean {
    this.#strangeSince ??= now;
    return now - this.#strangeSince >= MAX_STRANGE_MS;
  }

  /** In front or at the end in turn: a service that reads only a part of the list leaves it out sooner or later. */
  #withKnown(ids: readonly string[], known: string): string[] {
    return ++this.#batches % 2 === 0 ? [known, ...ids] : [...ids, known];
  }

  #accept(devices: ReadonlyMap<string, OnboardedDevice>): void {
    this.#mode = 'batch';
    this.#misses = 0;
    const [first] = devices.keys();
    this.#known ??= first;
  }

  /** The known device is missing: it was deleted, or the parameter was misread. */
  #miss(): void {
    this.#known = undefined;
    this.#mode = ++this.#misses >= MAX_MISSES ? 'single' : 'probing';
  }
}
