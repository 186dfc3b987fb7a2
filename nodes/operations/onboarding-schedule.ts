import { DueQueue } from '../util/due-queue';
import { Queue } from '../util/queue';
import { MAX_TIMER_MS } from '../util/timer';
import type { DeviceGroup, FollowedDevice } from './followed-device';

/** What a schedule works with. */
export interface ScheduleOptions<G extends DeviceGroup> {
  /** Times in seconds. */
  settings: () => { interval: number; maxInterval: number };
  /** Milliseconds on the node's clock. */
  now: () => number;
  /** How many devices one poll can take. */
  batchSize: () => number;
  poll: (devices: FollowedDevice<G>[]) => Promise<void>;
  /** Asks what is known against a device. */
  check: (device: FollowedDevice<G>) => Promise<void>;
  /** The time of a device is over. */
  conclude: (device: FollowedDevice<G>) => Promise<void>;
  /** One of these has failed, which is a defect. */
  onError: (error: unknown) => void;
}

type Kind = 'poll' | 'single' | 'last' | 'check';

/** Which kind of work gets the next turn, when there is work of every kind (our choice). */
const TURNS: readonly Kind[] = ['poll', 'last', 'poll', 'single', 'poll', 'last', 'single', 'check'];

/** How many pieces of work are under way at once; each waits for its turn by itself (our choice). */
const MAX_RUNNING = 8;
/** How much its interval grows with each poll. */
const GROWTH = 1.5;
/** The part of its interval by which a device may be polled early, to share a batch with others (our choice). */
const EARLY = 0.25;

/**
 * Decides what is requested next: polls of due devices, single look-ups after a batch that proved nothing, last looks, and
 * checks. All four take turns, so that none waits for ever when there is more to do than may be requested.
 */
export class OnboardingSchedule<G extends DeviceGroup> {
  /** Entries whose device has another `nextAt` by now are outdated. */
  readonly #due = new DueQueue<FollowedDevice<G>>();
  readonly #polls = new Queue<FollowedDevice<G>>();
  readonly #singles = new Queue<FollowedDevice<G>>();
  readonly #checks = new Queue<FollowedDevice<G>>();
  readonly #last = new Queue<FollowedDevice<G>>();
  readonly #nextOf: Record<Kind, () => (() => Promise<void>) | undefined> = {
    poll: () => this.#nextPoll(),
    single: () => this.#nextDevice(this.#singles, (device) => this.options.poll([device])),
    last: () => this.#nextDevice(this.#last, (device) => this.options.conclude(device)),
    check: () => this.#nextCheck(),
  };
  #running = 0;
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  #closed = false;

  constructor(private readonly options: ScheduleOptions<G>) {}

  /** Milliseconds from one poll of a device to the next. */
  intervalMs({ polls }: FollowedDevice<G>): number {
    const { interval, maxInterval } = this.options.settings();
    // Its power would be infinite after some thousand polls.
    return Math.min(interval * GROWTH ** Math.min(Math.max(polls - 1, 0), 100), Math.max(interval, maxInterval)) * 1000;
  }

  /** Polls a device after a delay. */
  add(device: FollowedDevice<G>, delayMs: number): void {
    const at = Math.ceil(this.options.now() + Math.max(0, delayMs));
    device.nextAt = at;
    this.#due.add(at, device);
    this.#plan();
  }

  /** Looks a device up by itself, as a batch proved nothing. */
  addSingle(device: FollowedDevice<G>): void {
    device.isBusy = true;
    this.#singles.push(device);
    this.#plan();
  }

  addCheck(device: FollowedDevice<G>): void {
    device.checkAt = Infinity;
    this.#checks.push(device);
    this.#plan();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /** Starts what may start now; the rest when it is due. */
  readonly #pump = (): void => {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerAt = Infinity;
    while (!this.#closed && this.#running < MAX_RUNNING) {
      const work = this.#next();
      if (work === undefined) break;
      this.#running++;
      void this.#run(work);
    }
    if (this.#running < MAX_RUNNING) this.#planTimer();
  };

  async #run(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.options.onError(error);
    }
    this.#running--;
    if (!this.#closed) this.#pump();
  }

  /** In the next turn of the event loop, so that all devices of a message share batches. */
  #plan(): void {
    if (this.#running < MAX_RUNNING) this.#planTimer();
  }

  #planTimer(): void {
    const now = this.options.now();
    const isReady = this.#singles.size + this.#checks.size + this.#last.size + this.#polls.size > 0;
    const at = isReady ? now : (this.#due.firstTime ?? Infinity);
    if (this.#closed || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = at === Infinity ? undefined : setTimeout(this.#pump, Math.min(Math.max(0, at - now), MAX_TIMER_MS));
  }

  #next(): (() => Promise<void>) | undefined {
    this.#collectDue(this.options.now(), Infinity);
    for (let tried = 0; tried < TURNS.length; tried++) {
      const work = this.#nextOf[TURNS[this.#turn++ % TURNS.length]!]();
      if (work !== undefined) return work;
    }
    return undefined;
  }

  /** Moves devices whose time has come to the queues. */
  #collectDue(until: number, max: number): void {
    const now = this.options.now();
    for (let count = 0; count < max && (this.#due.firstTime ?? Infinity) <= until;) {
      const { time, value: device } = this.#due.take()!;
      if (device.isEnded || device.isBusy || device.nextAt !== time) continue;
      // Others of its batch may be taken early, but only by a part of their own interval.
      if (time > now + EARLY * this.intervalMs(device)) {
        this.#due.add(time, device);
        return;
      }
      device.isBusy = true;
      count++;
      (device.deadline <= now ? this.#last : this.#polls).push(device);
    }
  }

  #nextPoll(): (() => Promise<void>) | undefined {
    const { batchSize, now, poll } = this.options;
    const size = batchSize();
    if (this.#polls.size === 0) return undefined;
    if (this.#polls.size < size) {
      const { interval, maxInterval } = this.options.settings();
      const early = EARLY * Math.max(interval, maxInterval) * 1000;
      this.#collectDue(now() + early, size - this.#polls.size);
    }
    const devices: FollowedDevice<G>[] = [];
    while (devices.length < size && this.#polls.size > 0) {
      const device = this.#take(this.#polls);
      if (device !== undefined) devices.push(device);
    }
    return devices.length === 0 ? undefined : () => poll(devices);
  }

  #nextCheck(): (() => Promise<void>) | undefined {
    while (this.#checks.size > 0) {
      const device = this.#checks.shift()!;
      if (!device.isEnded) return () => this.options.check(device);
    }
    return undefined;
  }

  #nextDevice(
    queue: Queue<FollowedDevice<G>>,
    work: (device: FollowedDevice<G>) => Promise<void>,
  ): (() => Promise<void>) | undefined {
    const device = this.#take(queue);
    return device && (() => work(device));
  }

  /** The next device of a queue that is still followed. */
  #take(queue: Queue<FollowedDevice<G>>): FollowedDevice<G> | undefined {
    while (queue.size > 0) {
      const device = queue.shift()!;
      device.isBusy = false;
      if (!device.isEnded) return device;
    }
    return undefined;
  }
}
