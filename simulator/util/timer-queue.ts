/** The longest time a timer of Node.js can take, in milliseconds. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;
/** Milliseconds of due work after which other work of the process gets its turn. */
const MAX_WORK_MS = 10;

/** Work that waits for its time. Work without `run` was cancelled. */
export interface QueuedTimer {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Many timers with one timer of Node.js: a binary heap, ordered by time. Fifty thousand simulated devices wait here at
 * once. What is due at the same time runs in the order in which it was added.
 */
export class TimerQueue {
  private heap: QueuedTimer[] = [];
  private added = 0;
  private stopped = false;
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;

  /** Timers that wait, cancelled ones included until their time comes. */
  get size(): number {
    return this.heap.length;
  }

  /**
   * Runs something later, never at once.
   * @param ms milliseconds from now; `Infinity` = never
   */
  add(ms: number, run: () => void): QueuedTimer {
    const timer: QueuedTimer = { at: performance.now() + Math.max(0, ms), order: this.added++, run };
    if (this.stopped || !Number.isFinite(ms)) return timer;
    this.heap.push(timer);
    this.moveUp(this.heap.length - 1);
    if (this.heap[0] === timer) this.arm();
    return timer;
  }

  cancel(timer: QueuedTimer | undefined): void {
    if (timer) timer.run = undefined;
  }

  /** Drops all timers, also those that are added later. */
  stop(): void {
    this.stopped = true;
    this.heap = [];
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
  }

  private arm(): void {
    clearTimeout(this.timer);
    const first = this.heap[0];
    if (!first || this.stopped || this.immediate) return;
    const ms = Math.min(Math.max(0, Math.ceil(first.at - performance.now())), MAX_TIMEOUT_MS);
    this.timer = setTimeout(() => this.runDue(), ms);
  }

  private runDue(): void {
    this.immediate = undefined;
    const start = performance.now();
    for (let first = this.heap[0]; first && first.at <= start; first = this.heap[0]) {
      this.removeFirst();
      first.run?.();
      if (performance.now() - start > MAX_WORK_MS) {
        this.immediate = setImmediate(() => this.runDue());
        return;
      }
    }
    this.arm();
  }

  private removeFirst(): void {
    const last = this.heap.pop();
    if (!last || this.heap.length === 0) return;
    this.heap[0] = last;
    this.moveDown(0);
  }

  private moveUp(start: number): void {
    let index = start;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.isBefore(index, parent)) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  private moveDown(start: number): void {
    let index = start;
    for (;;) {
      const left = 2 * index + 1;
      if (left >= this.heap.length) return;
      const right = left + 1;
      const child = right < this.heap.length && this.isBefore(right, left) ? right : left;
      if (!this.isBefore(child, index)) return;
      this.swap(index, child);
      index = child;
    }
  }

  private isBefore(first: number, second: number): boolean {
    const [one, other] = [this.heap[first]!, this.heap[second]!];
    return one.at === other.at ? one.order < other.order : one.at < other.at;
  }

  private swap(first: number, second: number): void {
    const timer = this.heap[first]!;
    this.heap[first] = this.heap[second]!;
    this.heap[second] = timer;
  }
}
