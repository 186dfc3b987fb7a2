import type { UploadResponse } from '../api/bulk';

/** The last moment that a Date can hold, in milliseconds since 1970. */
const LAST_DATE_MS = 8.64e15;

/**
 * When an upload began, so that it can be compared with times of the service. The local clock is believed unless the
 * service's contradicts it; then it is the latest moment that the service's clock allows, so that a device which was claimed
 * before never counts as claimed by the upload.
 * @param startedAt by the local clock, ISO 8601
 * @param begunAt the same, of `performance.now()`; `undefined` if that was before a restart
 * @param serviceTime what the service's clock shows now
 * @returns ISO 8601
 */
export function beginOf(
  startedAt: string,
  begunAt: number | undefined,
  serviceTime: UploadResponse['serviceTime'],
): string {
  if (serviceTime === undefined) return startedAt;
  const started = Date.parse(startedAt);
  const elapsedMs = begunAt === undefined ? Date.now() - started : performance.now() - begunAt;
  const latest = serviceTime.latest - elapsedMs;
  // The text has whole milliseconds, so that it may be up to one too early.
  const agrees = started <= latest && started + 1 >= serviceTime.earliest - elapsedMs;
  return agrees ? startedAt : new Date(Math.min(latest, LAST_DATE_MS)).toISOString();
}
