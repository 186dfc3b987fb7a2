/** The part of an `AbortSignal` that is used here; an `AbortSignal` is one, too. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: Error;
  addEventListener(type: 'abort', listener: () => void, options: { once: true }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
  /** @throws the reason, once it is aborted */
  throwIfAborted(): void;
}

/**
 * Aborts a piece of work, as an `AbortController` does, and is its own signal. Every message needs two, and Node.js' own
 * take a kilobyte and a twentieth of a message's time each, as they are whole event targets.
 */
export class Abort implements AbortSignalLike {
  #aborted = false;
  #reason: Error | undefined;
  /** Most signals have one listener only, and need no set for it. */
  #first: (() => void) | undefined;
  #others: Set<() => void> | undefined;

  get aborted(): boolean {
    return this.#aborted;
  }

  /** Why it was aborted; only set once it is. */
  get reason(): Error {
    return this.#reason!;
  }

  /** Calls each listener once. A second call does nothing. */
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

/** Is aborted with the signal that it is linked to, or by itself before. */
export class LinkedAbort extends Abort {
  readonly #follow = (): void => this.abort(this.parent.reason);

  constructor(private readonly parent: AbortSignalLike) {
    super();
    if (parent.aborted) this.#follow();
    else parent.addEventListener('abort', this.#follow, { once: true });
  }

  /** Ends the link, as the work is over. */
  leave(): void {
    this.parent.removeEventListener('abort', this.#follow);
  }
}

/**
 * A promise, or the abort, whichever comes first: a context store may never answer.
 * @param reason what to reject with; the signal's own reason if left out
 * @throws {Error} the reason, once the signal is aborted
 */
export function rejectOnAbort<T>(promise: Promise<T>, signal: AbortSignalLike, reason?: Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(reason ?? signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * Waits, ended early by the signal.
 * @throws the signal's reason when it is aborted meanwhile
 */
export function sleep(ms: number, signal: AbortSignalLike): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
