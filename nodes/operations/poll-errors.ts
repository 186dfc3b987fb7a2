import { hasCode } from '../api/errors';

/** How long a refused key is waited out, as it may be being changed, in milliseconds (our choice; contract). */
export const MAX_REFUSED_MS = 5 * 60_000;
/** How long the service may not know what it has just accepted, in milliseconds (our choice; contract). */
export const MAX_UNKNOWN_MS = 60_000;

/** Watches whether the service keeps refusing the key. */
export class RefusedKey {
  #since: number | undefined;

  /** A poll has succeeded. */
  reset(): void {
    this.#since = undefined;
  }

  /** A poll has failed. @returns whether the key has been refused for too long */
  persists(error: unknown, now: number): boolean {
    if (!hasCode(error, 'NRFCLOUD_UNAUTHORIZED', 'NRFCLOUD_FORBIDDEN')) {
      this.#since = undefined;
      return false;
    }
    this.#since ??= now;
    return now - this.#since >= MAX_REFUSED_MS;
  }
}
