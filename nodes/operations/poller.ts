import type { ApiResponse } from '../api/request';
import { toError } from '../util/to-error';
import { Abort, type AbortSignalLike } from '../util/abort';
import { MAX_TIMER_MS } from '../util/timer';

/** Something that is polled until it ends. */
export interface PollTarget {
  readonly id: string;
  /** Seconds between polls, growing from the first to the second. */
  readonly interval: number;
  readonly maxInterval: number;
  /** Milliseconds until the next poll must have begun, `undefined` if it may take its interval. */
  nextWithin?(): number | undefined;
  /**
   * Looks at a response.
   * @param startedAt when its request began, of `performance.now()`
   * @returns whether it is polled again
   */
  onResponse: (response: ApiResponse, startedAt: number) => boolean;
  /** Looks at a failed poll; see {@link onResponse}. */
  onError: (error: Error, startedAt: number) => boolean;
}

/** Sends the request of one poll; ended early by the signal. */
export type SendPoll = (id: string, signal: AbortSignalLike) => Promise<ApiResponse>;

const GROWTH = 1.5;
/** Timers with the same duration share a list in Node.js, so durations are rounded up to this grid. */
const GRID_MS = 25;
/**
 * The smallest part of an interval that is waited, chance deciding between it and the whole: while things that began
 * together are being spread, and later.
 */
const MIN_PART_SPREADING = 0.2;
const MIN_PART_SPREAD = 0.9;

/** Polls things until they end, each in its own interval. */
export class Poller {
  readonly #polled = new Map<PollTarget, Polled>();

  constructor(
    private readonly send: SendPoll,
    private readonly random: () => number = Math.random,
  ) {}

  /** Begins to poll. @param spreadMs the first poll comes at a random time within this many milliseconds */
  add(target: PollTarget, spreadMs = 0): void {
    const polled = new Polled(target, this.send, this.random, this.#polled, spreadMs > 0);
    this.#polled.set(target, polled);
    polled.schedule(spreadMs * this.random());
  }

  /** Polls soon, within what the target asks for. */
  hurry(target: PollTarget): void {
    this.#polled.get(target)?.hurry();
  }

  /** Ends polling; a poll that is being sent is aborted. */
  remove(target: PollTarget): void {
    this.#polled.get(target)?.stop();
  }

  /** Ends polling of everything. */
  close(): void {
    for (const polled of [...this.#polled.values()]) polled.stop();
  }
}

class Polled {
  #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** Of the poll that is being sent. */
  #sending: Abort | undefined;
  #ended = false;

  constructor(
    private readonly target: PollTarget,
    private readonly send: SendPoll,
    private readonly random: () => number,
    /** All that are polled; what ends leaves them. */
    private readonly all: Map<PollTarget, Polled>,
    /** Whether its polls come at another time than those of others that began together with it. */
    private isSpread: boolean,
  ) {
    this.#intervalMs = target.interval * 1000;
  }

  schedule(ms: number): void {
    clearTimeout(this.#timer);
    const rounded = Math.ceil(Math.max(ms, 1) / GRID_MS) * GRID_MS;
    this.#timer = setTimeout(poll, Math.min(ms <= 0 ? 0 : rounded, MAX_TIMER_MS), this);
  }

  hurry(): void {
    if (this.#sending === undefined) this.schedule(Math.min(this.#intervalMs, this.target.nextWithin?.() ?? Infinity));
  }

  stop(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#sending?.abort();
    this.all.delete(this.target);
  }

  async poll(): Promise<void> {
    this.#sending = new Abort();
    const startedAt = performance.now();
    let goesOn: boolean;
    try {
      const response = await this.send(this.target.id, this.#sending);
      goesOn = this.#ended || this.target.onResponse(response, startedAt);
    } catch (error) {
      goesOn = this.#ended || this.target.onError(toError(error), startedAt);
    }
    this.#sending = undefined;
    if (this.#ended) return;
    if (goesOn) this.#scheduleNext();
    else this.stop();
  }

  /** What began together is spread over the interval by the second poll, and does not gather again. */
  #scheduleNext(): void {
    const least = this.isSpread ? MIN_PART_SPREAD : MIN_PART_SPREADING;
    this.isSpread = true;
    const ms = this.#intervalMs * (least + (1 - least) * this.random());
    this.#intervalMs = Math.max(this.#intervalMs, Math.min(this.#intervalMs * GROWTH, this.target.maxInterval * 1000));
    this.schedule(Math.min(ms, this.target.nextWithin?.() ?? Infinity));
  }
}

function poll(polled: Polled): void {
  void polled.poll();
}
