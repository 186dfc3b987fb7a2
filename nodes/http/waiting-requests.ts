import type { AbortSignalLike } from '../util/abort';
import { Queue } from '../util/queue';
import type { OriginState } from './origin-state';
import type { RequestOwner } from './request-owner';

/** What the limiter needs to know of a request. */
export interface LimitedRequest {
  origin: OriginState;
  owner: RequestOwner;
  /** When the request was made, of `performance.now()`. */
  since: number;
}

/** A request that waits for its turn. Hot path: one object and one listener, as most requests of a burst wait. */
export class WaitingRequest {
  /** It has left the queue, and is skipped when its turn comes. */
  left = false;
  /** Its message shows that it waits. */
  #shown = false;

  /**
   * @param since when it counts as waiting if an outage begins, of `performance.now()`
   * @param begin counts it as in flight
   */
  constructor(
    readonly request: LimitedRequest,
    readonly since: number,
    private readonly signal: AbortSignalLike,
    private readonly queue: WaitingRequests,
    private readonly begin: (request: LimitedRequest) => void,
    private readonly resolve: () => void,
    private readonly reject: (reason: Error) => void,
  ) {
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  start(): void {
    this.begin(this.request);
    this.#end();
    this.resolve();
  }

  /** Ends the wait with an error. */
  fail(error: Error): void {
    this.queue.leave(this);
    this.#end();
    this.reject(error);
  }

  /** Lets its message show that it waits. */
  show(): void {
    if (this.#shown) return;
    this.#shown = true;
    this.request.owner.onWaiting?.(true);
  }

  readonly #stop = (): void => this.fail(this.signal.reason);

  #end(): void {
    this.signal.removeEventListener('abort', this.#stop);
    if (this.#shown) this.request.owner.onWaiting?.(false);
  }
}

/** The waiting requests to one origin: lanes take turns, so that a node with many does not starve one with few. */
export class WaitingRequests {
  readonly #lanes = new Map<unknown, Lane>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** @param first true for a retry, which goes before fresh requests of its lane */
  add(key: unknown, waiter: WaitingRequest, first: boolean): void {
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, (lane = new Lane()));
    if (first) lane.retries.push(waiter);
    else lane.fresh.push(waiter);
    this.#count++;
  }

  /** A waiter gives up its turn. */
  leave(waiter: WaitingRequest): void {
    waiter.left = true;
    this.#count--;
  }

  /** The first waiter of the lane whose turn it is; the lane then goes to the end of the round. */
  take(): WaitingRequest | undefined {
    for (const [key, lane] of this.#lanes) {
      const waiter = lane.take();
      if (waiter === undefined) {
        this.#lanes.delete(key);
        continue;
      }
      // Hot path: a lane alone has none to go behind.
      if (this.#lanes.size > 1) {
        this.#lanes.delete(key);
        this.#lanes.set(key, lane);
      }
      this.#count--;
      return waiter;
    }
    return undefined;
  }

  *[Symbol.iterator](): Generator<WaitingRequest, void> {
    for (const lane of this.#lanes.values()) {
      for (const waiter of lane.retries) if (!waiter.left) yield waiter;
      for (const waiter of lane.fresh) if (!waiter.left) yield waiter;
    }
  }
}

/** The waiting requests of one node. */
class Lane {
  readonly retries = new Queue<WaitingRequest>();
  readonly fresh = new Queue<WaitingRequest>();

  take(): WaitingRequest | undefined {
    let waiter: WaitingRequest | undefined;
    do waiter = this.retries.shift() ?? this.fresh.shift();
    while (waiter?.left === true);
    return waiter;
  }
}
