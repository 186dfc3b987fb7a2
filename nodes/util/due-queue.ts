/** Values by the time when they are due, earliest first: a binary heap. Adding and taking cost log n. */
export class DueQueue<T> {
  readonly #times: number[] = [];
  readonly #values: T[] = [];

  /** When the first value is due, `undefined` if there is none. */
  get firstTime(): number | undefined {
    return this.#times[0];
  }

  add(time: number, value: T): void {
    let at = this.#times.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#set(at, this.#times[parent]!, this.#values[parent]!);
      at = parent;
    }
    this.#set(at, time, value);
  }

  /** Takes the first value out; `undefined` if there is none. */
  take(): { time: number; value: T } | undefined {
    const [time] = this.#times;
    if (time === undefined) return undefined;
    const value = this.#values[0]!;
    const lastTime = this.#times.pop()!;
    const lastValue = this.#values.pop()!;
    if (this.#times.length > 0) this.#sink(lastTime, lastValue);
    return { time, value };
  }

  #sink(time: number, value: T): void {
    const { length } = this.#times;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#times[child + 1]! < this.#times[child]!) child++;
      if (this.#times[child]! >= time) break;
      this.#set(at, this.#times[child]!, this.#values[child]!);
      at = child;
    }
    this.#set(at, time, value);
  }

  #set(at: number, time: number, value: T): void {
    this.#times[at] = time;
    this.#values[at] = value;
  }
}
