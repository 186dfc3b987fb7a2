import { Queue } from '../util/queue';
import type { RequestOwner } from './request-owner';

/** A request that waits for its turn. */
export interface Waiter {
  start: () => void;
  /** Ends the wait with an error. */
  fail: (error: Error) => void;
  owner: RequestOwner;
  /** Its message shows that it waits. */
  shown: boolean;
  /** Since when it counts as waiting if an outage begins, of `performance.now()`. */
  since: number;
  /** It has left the queue, and is skipped when its turn comes. */
  left: boolean;
}

/** The waiting requests to one origin: lanes take turns, so that a node with many does not starve one with few. */
export class WaitingRequests {
  readonly #lanes = new Map<unknown, Lane>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param first true for a retry, which goes before fresh requests of its lane */
  add(key: unknown, waiter: Waiter, first: boolean): void {
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, (lane = new Lane()));
    if (first) lane.retries.push(waiter);
    else lane.fresh.push(waiter);
    this.#count++;
  }

  /** A waiter gives up its turn. */
  leave(waiter: Waiter): void {
    waiter.left = true;
    this.#count--;
  }

  /** The first waiter of the lane whose turn it is; the lane then goes to the end of the round. */
  take(): Waiter | undefined {
    for (const [key, lane] of this.#lanes) {
      this.#lanes.delete(key);
      const waiter = lane.take();
      if (waiter === undefined) continue;
      this.#lanes.set(key, lane);
      this.#count--;
      return waiter;
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<Waiter, void> {
    for (const lane of this.#lanes.values()) {
      for (const waiter of lane.retries) if (!waiter.left) yield waiter;
      for (const waiter of lane.fresh) if (!waiter.left) yield waiter;
    }
  }
}

/** The waiting requests of one node. */
class Lane {
  readonly retries = new Queue<Waiter>();
  readonly fresh = new Queue<Waiter>();

  take(): Waiter | undefined {
    let waiter: Waiter | undefined;
    do waiter = this.retries.shift() ?? this.fresh.shift();
    while (waiter?.left === true);
    return waiter;
  }
}
