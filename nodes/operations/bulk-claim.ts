import type { Api } from '../api/api';
import { closed, invalidInput, NrfCloudError } from '../api/errors';
import { namedSource, withSource } from '../api/with-source';
import { readRows, type InvalidRow, type Row, type RowReader, type RowSource } from '../parse/rows';
import { parseTags } from '../parse/tags';
import { Abort, type AbortSignalLike } from '../util/abort';
import { toMessage, toRejected, type BulkClaimOutputs, type BulkSummary } from './bulk-claim-outputs';
import type { BulkClaimProgress, UploadRange } from './bulk-claim-progress';
import { BulkClaimRun } from './bulk-claim-run';

/** What a bulk claim needs. */
export interface BulkClaimParams {
  source: RowSource;
  /** Columns from 1, or names of the header; 0 or empty = detect. */
  tokenColumn: number | string;
  tagsColumn: number | string;
  /** Tags for every row. */
  tags: unknown;
  uploadsAtOnce: number;
  /** What one invalid row does: it leaves alone, or it keeps everything from being uploaded. */
  onInvalid: 'skip' | 'stop';
}

/** How a bulk claim ends: its summary, and the error that the message ends with after it. */
export interface BulkClaimEnd {
  summary: BulkSummary;
  failure?: NrfCloudError;
  /** Uploaded rows that the service reported as failed at once. */
  failedAtOnce: number;
  /** An ignored column without a name has content. */
  ignoredContent: boolean;
  /** When the next nodes have had time to record what has left; until then the record of the work is needed. */
  recorded: Promise<void>;
}

/** Most invalid rows that explain why nothing was uploaded (contract). */
const MAX_EXPLAINED_ROWS = 100;
/** How long a stopped bulk claim may go on reading, so that every remaining row leaves; Node-RED waits 15 s. */
const DRAIN_TIMEOUT_MS = 10_000;

/**
 * Claims the devices of many rows: reads and checks them, uploads the valid ones in parts, and gives every row back
 * exactly once, uploaded or rejected. Reading waits for the uploads. An interrupted bulk claim reads its source again,
 * skips what has left, and goes on.
 * @param source names the inputs in errors, e.g. `msg.payload`
 * @param progress where to begin; it is changed as the work goes on
 * @param signal aborted when the flow stops, or the bulk claim is cancelled
 * @param isSuspended whether nothing leaves any more, as the work continues after a restart, or was cancelled
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` when nothing was read or sent, `NRFCLOUD_CLOSED` when it was stopped
 */
export async function bulkClaim(
  api: Api,
  params: BulkClaimParams,
  source: { source: string; tags: string },
  progress: BulkClaimProgress,
  outputs: BulkClaimOutputs,
  signal: AbortSignalLike,
  isSuspended: () => boolean,
): Promise<BulkClaimEnd> {
  const { tokenColumn, tagsColumn, uploadsAtOnce } = params;
  const tags = withSource('bulk claim', source.tags, () => parseTags(params.tags));
  const open = (until: AbortSignalLike): RowReader => readRows(params.source, { tokenColumn, tagsColumn, tags }, until);
  const isNew = progress.settledRows === 0 && progress.sent.length === 0;
  try {
    if (params.onInvalid === 'stop' && isNew) await refuseInvalidRows(open(signal), source.source);
  } catch (error) {
    throw namedSource('bulk claim', source.source, error);
  }
  const run = new BulkClaimRun(api, uploadsAtOnce, progress, outputs, isSuspended);
  const drain = new Abort();
  let limit: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (isSuspended()) drain.abort();
    else limit = setTimeout(() => drain.abort(), DRAIN_TIMEOUT_MS);
  };
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const reader = open(drain);
  try {
    for await (const rows of reader) await run.take(rows);
  } catch (error) {
    await run.settled();
    const reason = drain.aborted
      ? closed('bulk claim', 0, { resumes: isSuspended() })
      : namedSource('bulk claim', source.source, error);
    if (isSuspended() || !(reason instanceof NrfCloudError)) throw reason;
    if (run.hasUnread) throw await endWithoutRows(progress, outputs, reason);
    if (run.rows === 0) throw reason;
    noteFailure(progress, reason);
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', stop);
  }
  await run.finish();
  // A file that is still being written may have more rows by now.
  const change = await reader.findChange();
  if (isSuspended()) {
    await run.recorded();
    throw closed('bulk claim', 0, { resumes: isSuspended() });
  }
  if (change !== undefined) noteFailure(progress, namedSource('bulk claim', source.source, change) as NrfCloudError);
  const summary = run.summary(reader.columns);
  const { failure } = progress;
  const { failedAtOnce } = run;
  const end = { summary, failedAtOnce, ignoredContent: reader.ignoredContent, recorded: run.recorded() };
  return failure === undefined ? end : { ...end, failure: withSummary(failure, summary) };
}

/**
 * Ends an interrupted bulk claim whose rows cannot be read again. Uploads that were accepted and have not left leave without
 * their rows, so that their operations can be followed.
 * @returns the error to end with: `reason`, and what is known of these uploads
 */
export async function endWithoutRows(
  { held, sent, uploads }: BulkClaimProgress,
  { onUpload }: Pick<BulkClaimOutputs, 'onUpload'>,
  { code, message, cause }: NrfCloudError,
): Promise<NrfCloudError> {
  const accepted = [held, ...sent.map((upload) => upload.accepted)].filter((upload) => upload !== undefined);
  for (const [index, upload] of accepted.entries()) {
    const isLast = index === accepted.length - 1;
    await onUpload(toMessage(upload, undefined, uploads + index, isLast ? uploads + accepted.length : undefined));
  }
  const unclear = sent.filter((upload) => upload.accepted === undefined);
  const facts = [
    ...(accepted.length > 0
      ? [`rows of accepted uploads, which left by output 1 without msg.rows: ${countRows(accepted)}`]
      : []),
    ...(unclear.length > 0 ? [`rows of uploads that may have been accepted: ${countRows(unclear)}`] : []),
  ];
  const known = facts.length === 0 ? message : `${message} (${facts.join('; ')})`;
  return new NrfCloudError(code, known, unclear.length === 0 ? cause : { ...cause, mayHaveSucceeded: true });
}

function countRows(uploads: readonly UploadRange[]): number {
  return uploads.reduce((sum, { count }) => sum + count, 0);
}

/** The message ends with its first failure. */
function noteFailure(progress: BulkClaimProgress, { code, message, cause }: NrfCloudError): void {
  progress.failure ??= { code, message, cause };
}

function withSummary(
  { code, message, cause }: NonNullable<BulkClaimProgress['failure']>,
  { uploads, failedUploads }: BulkSummary,
): NrfCloudError {
  const sums = `${uploads} uploads were accepted and ${failedUploads} failed; the rows of the latter left by output 2`;
  return new NrfCloudError(code, `${message} (${sums})`, cause);
}

async function refuseInvalidRows(batches: AsyncIterable<Row[]>, source: string): Promise<void> {
  const invalid: InvalidRow[] = [];
  let count = 0;
  for await (const rows of batches) {
    for (const row of rows) {
      if (row.ok) continue;
      count++;
      if (invalid.length < MAX_EXPLAINED_ROWS) invalid.push(row);
    }
  }
  const [first] = invalid;
  if (first === undefined) return;
  const sentence =
    `${count} rows of ${source} cannot be used, the first at line ${first.line} (${first.code}), so nothing was sent; ` +
    'correct the rows in cause.rows, or let the node skip them';
  throw invalidInput('bulk claim', sentence, { rows: invalid.map(toRejected) });
}
