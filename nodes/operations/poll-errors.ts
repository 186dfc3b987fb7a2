import { hasCode, type ErrorCode, type NrfCloudError } from '../api/errors';

/** How long a refused key is waited out, as it may be being changed, in milliseconds (our choice; contract). */
const MAX_REFUSED_MS = 5 * 60_000;
/** How long the service may not know what it has just accepted, in milliseconds (our choice; contract). */
export const MAX_UNKNOWN_MS = 60_000;

/** Errors that end a watch at once; all others are waited out. */
const FINAL_CODES: ReadonlySet<ErrorCode> = new Set([
  'NRFCLOUD_CONFLICT',
  'NRFCLOUD_REJECTED',
  'NRFCLOUD_INVALID_INPUT',
  'NRFCLOUD_INTERNAL_ERROR',
]);
/** Rejections that a repetition can mend (contract: as for every request). */
const TRANSIENT_STATUSES: ReadonlySet<number | undefined> = new Set([408, 425]);

/** Whether a poll was rejected in a way that a repetition can mend. */
export function isTransient({ cause }: NrfCloudError): boolean {
  return TRANSIENT_STATUSES.has(cause.statusCode);
}

/** Whether the error of a poll ends the watch at once. */
export function isFinal(error: NrfCloudError): boolean {
  return FINAL_CODES.has(error.code) && !isTransient(error);
}

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
