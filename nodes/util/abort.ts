/** Tells that something is to stop: the part of an `AbortSignal` that is used here, which is one, too. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: Error;
  addEventListener(type: 'abort', listener: () => void, options: { once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
  /** @throws the reason, once it is aborted */
  throwIfAborted(): void;
}

/**
 * Stops a piece of work, as an `AbortController` does, and is its own signal. Every message needs two: Node.js' own take
 * a kilobyte and a twentieth of a message's time each, as they are whole event targets.
 */
export class Abort implements AbortSignalLike {
  #aborted = false;
  #reason: Error | undefined;
  /** Most have one listener only, and need no set for it. */
  #first: (() => void) | undefined;
  #others: Set<() => void> | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Why; only once it is aborted. */
  get reason(): Error {
    return this.#reason!;
  }

  /** Stops it; whoever listens is told once. A second time does nothing. */
  abort(reason: Error = new DOMException('This operation was aborted', 'AbortError')): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason;
    const listeners = [this.#first, ...(this.#others ?? [])];
    this.#first = undefined;
    this.#others = undefined;
    for (const listener of listeners) listener?.();
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#aborted) return;
    if (this.#first === undefined) this.#first = listener;
    else (this.#others ??= new Set()).add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (this.#first === listener) this.#first = undefined;
    else this.#others?.delete(listener);
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.reason;
  }
}

/** Stops with something larger that it is a part of, or by itself before. */
export class LinkedAbort extends Abort {
  readonly #follow = (): void => this.abort(this.whole.reason);

  constructor(private readonly whole: AbortSignalLike) {
    super();
    if (whole.aborted) this.#follow();
    else whole.addEventListener('abort', this.#follow, { once: true });
  }

  /** It is over, and needs no stop any more. */
  leave(): void {
    this.whole.removeEventListener('abort', this.#follow);
  }
}

/**
 * A promise, or the end, whichever comes first: a context store may never answer.
 * @throws {Error} `reason`, once the signal is aborted
 */
export function rejectOnAbort<T>(promise: Promise<T>, signal: AbortSignalLike, reason: Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(reason);
    signal.addEventListener('abort', stop, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
