/** Longest `Retry-After` that is waited out, in milliseconds (the contract's 5 minutes). */
export const MAX_RETRY_AFTER_MS = 5 * 60_000;

/** Largest number of seconds that `Retry-After` is taken for (RFC 9111 on seconds that don't fit); JSON has no infinity. */
const MAX_SECONDS = 2 ** 31;

/** Characters; an HTTP date has 29. What is far longer would only take time to look through. */
const MAX_DATE_LENGTH = 100;

const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * Exponential back-off with full jitter: anything from 0 to the step's ceiling, so that many clients which failed
 * together don't come back together. Base and cap are our choice.
 * @param attempt how many attempts have failed, from 1
 * @returns milliseconds to wait
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(CAP_MS, BASE_MS * 2 ** (attempt - 1));
}

/**
 * Reads a `Retry-After` header: seconds or an HTTP date.
 * @returns milliseconds from now, 0 for a date in the past; `undefined` if there is none or it can't be read
 */
export function parseRetryAfter(header: string | string[] | undefined, now = Date.now()): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text), MAX_SECONDS) * 1000;
  if (text.length > MAX_DATE_LENGTH) return undefined;
  // Date.parse also takes "-5" or "3", which are no dates; an HTTP date names a day and a time.
  if (!/[a-z]{3}.*\d\d:\d\d/i.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
