/** Something that the demo starts and has to stop again. */
export interface Resource {
  /** Resolves when it can be used; rejects with a sentence if it never will. */
  readonly ready: Promise<unknown>;
  /** Ends it, and resolves when nothing of it is left; also if it isn't ready yet, has failed, or was stopped before. */
  stop: () => Promise<void>;
}

/** What has been started, so that all of it is stopped, last one first, whatever happens in between. */
export class Resources {
  readonly #parts: Resource[] = [];
  #stopped = false;

  /**
   * Starts one more.
   * @throws {Error} when it is too late, since all was stopped
   */
  start<T extends Resource>(begin: () => T): T {
    if (this.#stopped) throw new Error('The demo was stopped.');
    const part = begin();
    this.#parts.push(part);
    return part;
  }

  /** Stops everything. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const part of this.#parts.reverse()) await part.stop();
  }
}
