/** Longest `Retry-After` that is waited out, in milliseconds (contract: 5 minutes). */
export const MAX_RETRY_AFTER_MS = 5 * 60_000;

/** Largest number of seconds that `Retry-After` is taken for (RFC 9111 on seconds that do not fit); JSON has no infinity. */
const MAX_SECONDS = 2 ** 31;

/** Maximum characters of a date; an HTTP date has 29. Longer text would only take time to search. */
const MAX_DATE_LENGTH = 100;

const BASE_MS = 500;
const MAX_BACKOFF_MS = 30_000;

/**
 * Exponential back-off with full jitter: anything from 0 to the step's ceiling, so that many clients which failed
 * together do not come back together. Base and ceiling are our choice.
 * @param attempt how many attempts have failed, from 1
 * @returns milliseconds to wait
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(MAX_BACKOFF_MS, BASE_MS * 2 ** (attempt - 1));
}

type Headers = Record<string, string | string[] | undefined>;

/**
 * Reads the `Retry-After` header of a response: seconds or a date. A date is read as UTC and compared with the response's
 * own `Date`, as the clocks of service and client may differ.
 * @returns milliseconds from now, 0 for a date in the past; `undefined` if there is none or it cannot be read
 */
export function parseRetryAfter(headers: Headers, now = Date.now()): number | undefined {
  const text = firstOf(headers['retry-after'])?.trim();
  if (text === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text), MAX_SECONDS) * 1000;
  const date = parseUtcDate(text);
  if (date === undefined) return undefined;
  const serviceNow = parseUtcDate(firstOf(headers['date']) ?? '') ?? now;
  return Math.min(Math.max(0, date - serviceNow), MAX_SECONDS * 1000);
}

/** What the service's clock shows when a response arrives, in milliseconds since 1970. */
export interface ServiceTime {
  earliest: number;
  latest: number;
}

/**
 * Reads the service's clock from the `Date` of a response. It has whole seconds, and may be of any moment of the exchange.
 * @param exchangeMs how long the exchange took
 * @returns `undefined` if there is none or it cannot be read
 */
export function readServiceTime(headers: Headers, exchangeMs: number): ServiceTime | undefined {
  const earliest = parseUtcDate(firstOf(headers['date']) ?? '');
  return earliest === undefined ? undefined : { earliest, latest: earliest + 1000 + exchangeMs };
}

/** @returns milliseconds since 1970; a date without a time zone is UTC, as in every HTTP date (RFC 9110) */
function parseUtcDate(text: string): number | undefined {
  if (text.length > MAX_DATE_LENGTH) return undefined;
  // Date.parse also accepts "-5" or "3", which are not dates; an HTTP date names a day and a time.
  const isIso = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text);
  if (!isIso && !/[a-z]{3}.*\d\d:\d\d/i.test(text)) return undefined;
  const hasZone = /(Z|\b(GMT|UTC?)|[+-]\d\d:?\d\d)\s*$/i.test(text);
  const date = Date.parse(hasZone ? text : `${text}${isIso ? 'Z' : ' GMT'}`);
  return Number.isNaN(date) ? undefined : date;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
