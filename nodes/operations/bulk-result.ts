import type { Api } from '../api/api';
import { errorSummary, type BulkOperation } from '../api/bulk';
import { claimedHint } from '../api/claim-refusals';
import { getClaimedDevice, type Device } from '../api/devices';
import { isClosed } from '../api/errors';
import { parseErrorSummary } from '../parse/error-summary';
import {
  matchFailures,
  matchUploadResult,
  readUploadRows,
  rowError,
  type RowFailures,
  type UploadRow,
} from './row-errors';

/** Most errors that are reported; the rest is counted. */
const MAX_ERRORS = 10_000;
/** Devices that are looked up at once, beside the connection's own limits. */
const LOOK_UPS_AT_ONCE = 8;

/** What is known beside the service's own words. */
export interface BulkResultParams {
  /** `msg.rows` of the upload. */
  rows: unknown;
  /** Whether devices that were this account's before count as successes. */
  whenClaimed: 'ok' | 'error';
  /** When an upload that was sent twice began, in milliseconds since 1970; `undefined` for any other. */
  repeatedSince?: number | undefined;
  /** `msg.retryRound`. */
  retryRound: unknown;
}

/** A result that leaves by the first output (all rows are claimed) or the second. */
export interface BulkResult {
  port: 0 | 1;
  payload: Record<string, unknown>;
  statusCode?: number;
  properties: Record<string, unknown>;
  ending: { level: 'done' | 'partial' | 'failed'; text?: string };
}

/**
 * The result of an ended bulk operation. The error summary decides which rows failed, whatever the status is; where it
 * cannot be read, every device is looked up.
 * @throws {NrfCloudError} `NRFCLOUD_CLOSED`
 */
export async function resultOfOperation(api: Api, body: BulkOperation, params: BulkResultParams): Promise<BulkResult> {
  const rows = readUploadRows(params.rows);
  const succeeded = String(body['status']).toUpperCase() === 'SUCCEEDED';
  const hasSummary = typeof body['errorSummaryUrl'] === 'string' && body['errorSummaryUrl'] !== '';
  if (succeeded && !hasSummary) return conclude(api, body, { failed: new Map(), unmatched: [] }, rows, params);
  const summary = await errorSummary(api, body);
  if ('problem' in summary) {
    const message = `the error summary could not be fetched: ${summary.problem}; fetch it from the URL in errorSummaryUrl`;
    const unknown = unknownFailures(rows, message, !succeeded);
    return conclude(api, { ...body, errorSummary: message }, unknown, rows, params, true);
  }
  let omitted = 0;
  const failures = await parseErrorSummary(summary.text, () => omitted++);
  // A failed operation whose summary names no failure does not say which rows failed.
  if (failures !== undefined && (succeeded || failures.length > 0)) {
    return conclude(api, body, { ...matchFailures(failures, rows), omitted }, rows, params);
  }
  const message =
    failures === undefined
      ? 'the form of the error summary is not known; its text is in errorSummary'
      : 'the error summary is empty; look the devices up in nRF Cloud';
  const unknown = unknownFailures(rows, message, !succeeded);
  return conclude(api, { ...body, errorSummary: summary.text }, unknown, rows, params, true);
}

/** The result that came with the response to an upload. @throws {NrfCloudError} `NRFCLOUD_CLOSED` */
export function resultOfUpload(api: Api, body: Record<string, unknown>, params: BulkResultParams): Promise<BulkResult> {
  const rows = readUploadRows(params.rows);
  return conclude(api, body, matchUploadResult(body, rows), rows, params);
}

/** Which rows failed is not known: all may have. */
function unknownFailures(rows: readonly unknown[], message: string, mayHaveFailed: boolean): RowFailures {
  const failed = new Map<number, string>();
  if (mayHaveFailed) for (const index of rows.keys()) failed.set(index + 1, message);
  return { failed, unmatched: rows.length === 0 || !mayHaveFailed ? [{ message }] : [] };
}

/**
 * Looks up the devices of failed rows, and sums up.
 * @param unknown which rows failed is not known, so a device that is claimed was claimed by this operation
 */
async function conclude(
  api: Api,
  body: Record<string, unknown>,
  failures: RowFailures,
  rows: readonly (UploadRow | undefined)[],
  { whenClaimed, repeatedSince, retryRound }: BulkResultParams,
  unknown = false,
): Promise<BulkResult> {
  const { failed, unmatched } = failures;
  // A failure that names no row may be any row's: each is looked up, so that none is missing in failedRows.
  const suspects = new Set<number>();
  const reported = (finding: string): string => `${finding}; the service reports: ${unmatched[0]!.message}`;
  if (unmatched.length > 0) {
    for (const index of rows.keys()) {
      if (failed.has(index + 1) || failures.claimed?.has(index + 1) === true) continue;
      suspects.add(index + 1);
      failed.set(index + 1, reported('it is not known whether the device is claimed'));
    }
  }
  const note = (row: number, finding: string): void => {
    if (suspects.has(row)) failed.set(row, reported(finding));
  };
  /** Rows of which it is not known whether they are claimed. */
  const unclear = new Set<number>();
  const already: { line?: number; deviceId: string }[] = [];
  const requestedAt = Date.parse(String(body['requestedAt']));
  await eachAtOnce([...failed], LOOK_UPS_AT_ONCE, async ([row, message]) => {
    const source = rows[row - 1];
    const isUnknown = unknown || suspects.has(row);
    const mayBeClaimed = isUnknown || claimedHint(message) !== 'other-cause';
    // The first attempt of a repeated upload may have claimed devices before the operation that is known began.
    const since = repeatedSince ?? (isUnknown ? requestedAt : Infinity);
    if (source === undefined || source.deviceId === '' || !mayBeClaimed) return;
    if (whenClaimed === 'error' && since === Infinity) return;
    const device = await lookUp(api, source.deviceId);
    if (device === 'unclear' && isUnknown) unclear.add(row);
    if (device === undefined) note(row, 'the device is not claimed');
    if (device === undefined || device === 'unclear') return;
    // Where the service does not say when the operation began, a device that is claimed was claimed by it.
    const isNew = Number.isNaN(since) || Date.parse(String(device['claimedAt'])) >= since;
    if (!isNew && whenClaimed === 'error') {
      note(row, 'the device was claimed before');
      return;
    }
    failed.delete(row);
    if (!isNew)
      already.push({ ...(source.line === undefined ? {} : { line: source.line }), deviceId: source.deviceId });
  });
  const claimedRows = unclear.size === 0 ? claimedOf(rows, failures) : undefined;
  const payload = already.length > 0 ? { ...body, alreadyClaimed: already } : { ...body };
  // Words about no row in particular do not count where every row is known to be claimed.
  const allClaimed = failed.size === 0 && (unmatched.length === 0 || rows.length > 0);
  if (allClaimed) {
    return { port: 0, payload, properties: { claimedRows, failedRows: undefined }, ending: { level: 'done' } };
  }
  const errors = [
    ...[...failed].sort(([a], [b]) => a - b).map(([row, message]) => rowError(row, message, rows[row - 1])),
    ...unmatched,
  ];
  const failedRows = [...failed.keys()]
    .sort((a, b) => a - b)
    .flatMap((row) => rows[row - 1] ?? [])
    .map(({ claimToken, tags }) => ({ claimToken, tags }));
  const omitted = Math.max(0, errors.length - MAX_ERRORS) + (failures.omitted ?? 0);
  const round = typeof retryRound === 'number' ? retryRound : 0;
  const none = rows.length > 0 && failed.size >= rows.length;
  return {
    port: 1,
    payload: { ...payload, errors: errors.slice(0, MAX_ERRORS), ...(omitted > 0 ? { errorsOmitted: omitted } : {}) },
    properties: { claimedRows, failedRows, retryRound: round + 1 },
    ending: none
      ? { level: 'failed', text: 'nrfcloud-bulk-status.status.allFailed' }
      : { level: 'partial', text: 'nrfcloud-bulk-status.status.partly' },
  };
}

/** A device of this account, `undefined` if it is not there, `unclear` if that could not be found out. */
async function lookUp(api: Api, id: string): Promise<Device | 'unclear' | undefined> {
  try {
    return (await getClaimedDevice(api, id))?.body;
  } catch (error) {
    if (isClosed(error)) throw error;
    return 'unclear';
  }
}

/** The rows that are claimed; `undefined` if that is not known. */
function claimedOf(
  rows: readonly (UploadRow | undefined)[],
  { failed, unmatched }: RowFailures,
): UploadRow[] | undefined {
  if (rows.length === 0 || (unmatched.length > 0 && rows.includes(undefined))) return undefined;
  return rows.filter((row, index) => row !== undefined && !failed.has(index + 1)) as UploadRow[];
}

/** Runs `work` for each item, `count` of them at once. */
async function eachAtOnce<T>(items: readonly T[], count: number, work: (item: T) => Promise<void>): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const run = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: Math.min(count, items.length) }, run));
}
