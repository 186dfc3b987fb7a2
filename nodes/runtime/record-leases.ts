import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { isObject } from '../util/json';
import { toError } from '../util/to-error';
import { isRunning, thisProcess, type Holder } from './journal/process-identity';

/** How long a lease lasts and how often it is renewed, in milliseconds; our choice. */
export const LEASE_TIMING = { leaseMs: 30_000, renewMs: 10_000 };
/**
 * How long a claim waits before it is read back, in milliseconds, beside the time that claims take: longer than another
 * one takes from read to write.
 */
const MIN_SETTLE_MS = 100;
const MAX_SETTLE_MS = 300;
/** Records that are claimed at once: the time from read to write stays short. */
const CLAIMS_AT_ONCE = 50;
/** Before the owner's id in the key of its lease. */
const LEASE = '#lease-';

/** The shared store: values by key; an absent value is `undefined` or `null`. */
export interface SharedValues {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  keys(): Promise<string[]>;
}

/** Called for a record that this instance has taken over. */
export type OnTakenOver = (key: string) => void;

/** An owner's lease in the store. */
interface Lease extends Holder {
  /** Milliseconds since 1970. */
  until: number;
}

/**
 * Keeps instances that share a store from working on the same record. Each record names its owner, and each owner renews
 * one lease for all its records, as ten thousand records would be ten thousand writes. A record is free when its owner has
 * no valid lease: the instance stopped, died or paused for longer than the lease lasts.
 */
export class RecordLeases {
  readonly owner = randomUUID();
  /** Records that this instance works on, although another one may have taken them over meanwhile. */
  readonly #known = new Set<string>();
  /** Records with this instance as their owner, as far as it knows: the store has not confirmed it. */
  readonly #unconfirmed = new Set<string>();
  /** Owners of other records, as they were last read: those with a valid lease need not be read again. */
  readonly #others = new Map<string, string>();
  #onTakenOver: OnTakenOver | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The renewal that is being written. */
  #renewing: Promise<void> | undefined;
  #isLeased = false;
  #renewedAt = -Infinity;
  #ticking = false;
  #closed = false;

  constructor(
    private readonly values: SharedValues,
    private readonly timing = LEASE_TIMING,
    private readonly now: () => number = Date.now,
  ) {}

  /** Whether a key is that of a lease, and not of a record. */
  static isLease(key: string): boolean {
    return key.startsWith(LEASE);
  }

  /** Called before a record with this instance as its owner is written. @returns when its lease is valid */
  async hold(key: string): Promise<void> {
    this.#known.add(key);
    this.#start();
    try {
      if (!this.#isRenewed()) await this.#renew();
    } catch (error) {
      this.#known.delete(key);
      throw error;
    }
  }

  /** The record was removed, or is not worked on any more. */
  drop(key: string): void {
    this.#known.delete(key);
    this.#unconfirmed.delete(key);
  }

  /** The record was claimed, but cannot be read now: the next turn takes it over. */
  postpone(key: string): void {
    this.#known.delete(key);
    this.#unconfirmed.add(key);
  }

  /**
   * Reads a record to report or change it. A process may be paused between reading and writing, and others take its
   * records over meanwhile: then it is read again.
   * @returns the record; `undefined` if it is not this instance's
   */
  async readOwn(key: string): Promise<Record<string, unknown> | undefined> {
    for (;;) {
      if (!this.#isCurrent()) await this.#renew();
      const record = await this.values.get(key);
      if (!isObject(record) || record['owner'] !== this.owner) return undefined;
      if (this.#isCurrent() || this.#closed) return record;
    }
  }

  /**
   * Makes free records this instance's own. One that cannot be read or written now is claimed again in the next turn.
   * @param onUnreadable called for each of these
   * @returns those that are its own now
   */
  async claim(keys: readonly string[], onUnreadable: (error: Error) => void = () => undefined): Promise<string[]> {
    const succeeded = async (some: readonly string[], step: (key: string) => Promise<boolean>): Promise<string[]> => {
      const report = (error: unknown): false => {
        onUnreadable(toError(error));
        return false;
      };
      const results = await Promise.all(some.map((key) => step(key).catch(report)));
      return some.filter((_, at) => results[at]);
    };
    const claimed: string[] = [];
    let slowestMs = 0;
    for (let index = 0; index < keys.length; index += CLAIMS_AT_ONCE) {
      const some = keys.slice(index, index + CLAIMS_AT_ONCE);
      const begunAt = performance.now();
      claimed.push(...(await succeeded(some, (key) => this.#claim(key))));
      slowestMs = Math.max(slowestMs, performance.now() - begunAt);
    }
    if (claimed.length === 0) return [];
    // Another instance may have done the same at the same time: the later write counts.
    await setTimeout(slowestMs + MIN_SETTLE_MS + Math.random() * (MAX_SETTLE_MS - MIN_SETTLE_MS));
    return succeeded(claimed, (key) => this.#confirm(key));
  }

  /** Looks regularly for records whose owner is gone, and takes them over. */
  watch(onTakenOver: OnTakenOver): void {
    this.#onTakenOver = onTakenOver;
    this.#start();
  }

  /** Gives the lease back: other instances may take the records over at once. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    if (!this.#isLeased) return;
    await this.#renewing?.catch(() => undefined);
    await this.values.set(LEASE + this.owner, undefined);
  }

  #isCurrent(): boolean {
    return this.now() - this.#renewedAt < this.timing.leaseMs;
  }

  #start(): void {
    if (this.#closed) return;
    this.#timer ??= setInterval(() => void this.#tick(), this.timing.renewMs).unref();
  }

  async #tick(): Promise<void> {
    if (this.#ticking) return;
    this.#ticking = true;
    try {
      if (this.#known.size > 0) await this.#renew();
      if (this.#onTakenOver !== undefined) await this.#takeOver(this.#onTakenOver);
    } catch {
      // The store does not respond now; the next turn tries again.
    } finally {
      this.#ticking = false;
    }
  }

  /** An instance that had no records for long has not renewed its lease. */
  #isRenewed(): boolean {
    return this.now() - this.#renewedAt < this.timing.renewMs;
  }

  async #renew(): Promise<void> {
    if (this.#closed) return;
    await (this.#renewing ??= this.#writeLease().finally(() => (this.#renewing = undefined)));
  }

  async #writeLease(): Promise<void> {
    const now = this.now();
    this.#isLeased = true;
    await this.values.set(LEASE + this.owner, { ...thisProcess(), until: now + this.timing.leaseMs } satisfies Lease);
    this.#renewedAt = now;
  }

  async #takeOver(onTakenOver: OnTakenOver): Promise<void> {
    const keys = await this.values.keys();
    const valid = new Set<string>();
    for (const key of keys.filter((one) => RecordLeases.isLease(one))) {
      const owner = key.slice(LEASE.length);
      // Its own may be renewed at this moment.
      if (owner === this.owner) continue;
      try {
        if (await this.#isValid(key)) valid.add(owner);
        // Its owner will not come back to it, or writes it again.
        else await this.values.set(key, undefined);
      } catch {
        // One that cannot be read or removed now concerns the records of its owner only.
      }
    }
    const records = keys.filter((key) => !key.startsWith('#') && !this.#known.has(key));
    const free = records.filter((key) => !valid.has(this.#others.get(key) ?? ''));
    for (const key of await this.claim(free)) if (!this.#closed) onTakenOver(key);
  }

  /** Writes this instance into a record, if the record is free. @param mayRenew the lease was not written just before */
  async #claim(key: string, mayRenew = true): Promise<boolean> {
    if (this.#closed) return false;
    const record = await this.values.get(key);
    if (!isObject(record)) return false;
    const { owner } = record;
    // One that is not known any more is being removed; writing it would bring it back.
    if (owner === this.owner) return this.#known.has(key) || this.#unconfirmed.has(key);
    if (typeof owner === 'string') {
      this.#others.set(key, owner);
      if (await this.#isValid(LEASE + owner)) return false;
    }
    this.#others.delete(key);
    if (mayRenew && !this.#isRenewed()) {
      await this.#renew();
      // Another instance may have claimed it while the lease was being written.
      return this.#claim(key, false);
    }
    // The write may arrive although it seems to fail.
    this.#unconfirmed.add(key);
    await this.values.set(key, { ...record, owner: this.owner });
    return true;
  }

  /** Reads a claim back. @returns whether the record is this instance's */
  async #confirm(key: string): Promise<boolean> {
    const record = await this.values.get(key);
    const isOwn = isObject(record) && record['owner'] === this.owner;
    if (isOwn) await this.hold(key);
    this.#unconfirmed.delete(key);
    return isOwn;
  }

  /** A process of this computer that has ended needs no lease to expire. */
  async #isValid(leaseKey: string): Promise<boolean> {
    const lease = await this.values.get(leaseKey);
    if (!isObject(lease) || typeof lease['until'] !== 'number') return false;
    return lease['until'] > this.now() && isRunning(lease) !== false;
  }
}
