import { rejectOnAbort, type AbortSignalLike } from './abort';

interface Entry {
  promise: Promise<unknown>;
  fingerprint: string | undefined;
}

/** How a task waits for those before it. */
export interface WaitOptions {
  signal: AbortSignalLike;
  /** Called when the task begins to wait; returns what ends that. */
  onWait: () => () => void;
  /** Whether an error of a task is also the result of a task with the same fingerprint. */
  isShared: (error: unknown) => boolean;
}

/** What a task gave, and whether it was another task with the same fingerprint that ran. */
export interface KeyedResult<T> {
  value: T;
  shared: boolean;
}

/** Runs tasks with the same key one after another, in the order in which they came; a failure does not stop the next. */
export class KeyedQueue {
  readonly #last = new Map<string, Entry>();

  /**
   * Runs a task when all earlier ones with its key have ended. Hot path: no wait if there are none.
   * @param work is told whether it followed another task
   * @param fingerprint a task whose fingerprint equals that of the last one is not run, but has the same result
   * @throws the signal's reason when it is aborted while waiting
   */
  run<T>(
    key: string,
    work: (followed: boolean) => Promise<T>,
    options: WaitOptions,
    fingerprint?: string,
  ): Promise<KeyedResult<T>> {
    const last = this.#last.get(key);
    if (last === undefined) return this.#enter(key, work(false), fingerprint);
    const { signal } = options;
    const stopWaiting = options.onWait();
    if (fingerprint !== undefined && fingerprint === last.fingerprint) {
      return rejectOnAbort(last.promise as Promise<T>, signal)
        .finally(stopWaiting)
        .then(
          (value) => ({ value, shared: true }),
          (error: unknown) => {
            if (signal.aborted || options.isShared(error)) throw error;
            return this.run(key, work, options, fingerprint);
          },
        );
    }
    const turn = last.promise
      .catch(() => undefined)
      .then(() => {
        stopWaiting();
        signal.throwIfAborted();
        return work(true);
      });
    return rejectOnAbort(this.#enter(key, turn, fingerprint), signal);
  }

  async #enter<T>(key: string, promise: Promise<T>, fingerprint: string | undefined): Promise<KeyedResult<T>> {
    const entry = { promise, fingerprint };
    this.#last.set(key, entry);
    try {
      return { value: await promise, shared: false };
    } finally {
      if (this.#last.get(key) === entry) this.#last.delete(key);
    }
  }
}
