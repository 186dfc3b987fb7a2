import { rejectOnAbort, type AbortSignalLike } from './abort';

interface Entry {
  promise: Promise<unknown>;
  fingerprint: string | undefined;
}

/** How a task waits for those before it. */
export interface WaitOptions<T> {
  signal: AbortSignalLike;
  /** Called when the task begins to wait; returns what ends that. */
  onWait: () => () => void;
  /** The result for a task that was not run, because one with the same fingerprint was. */
  share: (value: T) => T;
  /** Whether an error of a task is also the result of a task with the same fingerprint. */
  isShared: (error: unknown) => boolean;
}

/** Runs tasks with the same key one after another, in the order in which they came; a failure does not stop the next. */
export class KeyedQueue {
  readonly #last = new Map<string, Entry>();

  /** Whether a task with this key is running or waiting. */
  isBusy(key: string): boolean {
    return this.#last.has(key);
  }

  /** Notes a task that was started while its key was not busy. Hot path: one entry and one callback. */
  started<T>(key: string, promise: Promise<T>, fingerprint?: string): Promise<T> {
    const entry = { promise, fingerprint };
    this.#last.set(key, entry);
    const leave = (): void => {
      if (this.#last.get(key) === entry) this.#last.delete(key);
    };
    promise.then(leave, leave);
    return promise;
  }

  /**
   * Runs a task when all earlier ones with its key have ended.
   * @param work gets whether it followed another task
   * @param fingerprint a task whose fingerprint equals that of the last one is not run, but has the same result
   * @throws the signal's reason when it is aborted while waiting
   */
  run<T>(
    key: string,
    work: (followed: boolean) => Promise<T>,
    options: WaitOptions<T>,
    fingerprint?: string,
  ): Promise<T> {
    const last = this.#last.get(key);
    if (last === undefined) return this.started(key, work(false), fingerprint);
    const { signal } = options;
    const stopWaiting = options.onWait();
    if (fingerprint !== undefined && fingerprint === last.fingerprint) {
      return rejectOnAbort(last.promise as Promise<T>, signal)
        .finally(stopWaiting)
        .then(options.share, (error: unknown) => {
          if (signal.aborted || options.isShared(error)) throw error;
          return this.run(key, work, options, fingerprint);
        });
    }
    const previous = last.promise.catch(() => undefined);
    const turn = previous.then(() => {
      stopWaiting();
      signal.throwIfAborted();
      return work(true);
    });
    const ended = this.started(key, turn, fingerprint);
    // Once it runs, only the task itself knows what it has done.
    return rejectOnAbort(previous, signal).then(() => ended);
  }
}
