import type { Api } from '../api/api';
import { closed, invalidInput, NrfCloudError } from '../api/errors';
import { namedSource, withSource } from '../api/with-source';
import {
  PackedRows,
  readRows,
  type DetectedColumns,
  type InvalidRow,
  type Row,
  type RowReader,
  type RowSource,
  type ValidRow,
} from '../parse/rows';
import { parseTags } from '../parse/tags';
import { Abort, type AbortSignalLike } from '../util/abort';
import type { AcceptedUpload, BulkClaimProgress, SentUpload, UploadRange } from './bulk-claim-progress';
import { UploadQueue } from './upload-queue';

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

/** A row that is not uploaded, or whose upload failed. */
export interface RejectedRow {
  line: number;
  code: string;
  reason: string;
  claimToken?: string;
  deviceId?: string;
  tags?: string[];
  /** Its upload may have been accepted although no response arrived. */
  mayHaveSucceeded?: boolean;
}

/** An accepted upload as it leaves. */
export interface UploadMessage {
  payload: Record<string, unknown>;
  statusCode: number;
  rows: { line: number; deviceId: string; claimToken: string; tags: string[] }[];
  repeatedSince?: string | undefined;
  part: { index: number; count?: number };
}

/** What became of all rows: `rows = uploaded + rejected`. */
export interface BulkSummary {
  rows: number;
  uploaded: number;
  /** All rows that left by the second output, duplicates and failed uploads among them. */
  rejected: number;
  duplicates: number;
  /** Accepted uploads. */
  uploads: number;
  failedUploads: number;
  columns: DetectedColumns;
}

/** Where the results go, as they come. */
export interface BulkClaimOutputs {
  onUpload: (upload: UploadMessage) => Promise<void> | undefined;
  onRejected: (rows: RejectedRow[]) => Promise<void> | undefined;
  /** @param rows that were uploaded so far */
  onProgress: (rows: number) => void;
  /** Records the progress. @returns when it survives a crash */
  save: (progress: BulkClaimProgress) => Promise<void>;
}

/** How a bulk claim ends: its summary, and the error that the message ends with after it. */
export interface BulkClaimEnd {
  summary: BulkSummary;
  failure?: NrfCloudError;
  /** There is no header, and an ignored column has content. */
  ignoredContent: boolean;
}

/** Most rows in one message of rejected rows (contract). */
const MAX_REJECTED_ROWS = 1000;
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
  signal.addEventListener('abort', stop, { once: true });
  const reader = open(drain);
  try {
    for await (const rows of reader) await run.take(rows);
  } catch (error) {
    await run.settled();
    const reason = drain.aborted
      ? closed('bulk claim', 0, { resumes: isSuspended() })
      : namedSource('bulk claim', source.source, error);
    if (isSuspended() || run.rows === 0 || !(reason instanceof NrfCloudError)) throw reason;
    progress.failure ??= { code: reason.code, message: reason.message, cause: reason.cause };
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', stop);
  }
  await run.finish();
  if (isSuspended()) throw closed('bulk claim', 0, { resumes: isSuspended() });
  const summary = run.summary(reader.columns);
  const { failure } = progress;
  const end = { summary, ignoredContent: reader.ignoredContent };
  return failure === undefined ? end : { ...end, failure: withSummary(failure, summary) };
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

/** One bulk claim that is being processed. */
class BulkClaimRun {
  /** Rows read, valid rows and invalid rows so far. */
  rows = 0;
  #valid = 0;
  #invalid = 0;
  #duplicates = 0;
  #part: ValidRow[] = [];
  #rejected: RejectedRow[] = [];
  /** Ranges of an interrupted bulk claim that have to be read again: the held upload, then those that were sent. */
  readonly #again: (UploadRange & { held?: AcceptedUpload; sent?: SentUpload })[];
  readonly #queue: UploadQueue;

  constructor(
    api: Api,
    uploadsAtOnce: number,
    private readonly progress: BulkClaimProgress,
    private readonly outputs: BulkClaimOutputs,
    private readonly isSuspended: () => boolean,
  ) {
    const { held, sent } = progress;
    this.#again = [
      ...(held === undefined ? [] : [{ first: held.first, count: held.count, held }]),
      ...sent.map((upload) => ({ first: upload.first, count: upload.count, sent: upload })),
    ];
    this.#queue = new UploadQueue(
      api,
      uploadsAtOnce,
      progress,
      {
        onUpload: (upload, rows, index, count) => this.#emitUpload(upload, rows, index, count),
        onFailed: (rows, error, tried) => this.#rejectUpload(rows, error, tried),
        save: () => outputs.save(progress),
      },
      isSuspended,
    );
  }

  async take(rows: Row[]): Promise<void> {
    for (const row of rows) {
      this.rows++;
      // Hot path: most rows have nothing to wait for.
      const turn = row.ok ? this.#takeValid(row) : this.#takeInvalid(row);
      if (turn !== undefined) await turn;
    }
  }

  /** Waits for the uploads that are being sent, however they end. */
  async settled(): Promise<void> {
    await this.#queue.finish().catch(() => undefined);
  }

  /** Uploads what is left, and lets everything leave. */
  async finish(): Promise<void> {
    if (this.#part.length > 0) await this.#upload();
    await this.#queue.finish();
    await this.#flushRejected();
  }

  summary(columns: DetectedColumns): BulkSummary {
    const { uploads, uploaded, failedUploads, failedRows } = this.progress;
    const rejected = this.#invalid + failedRows;
    return { rows: this.rows, uploaded, rejected, duplicates: this.#duplicates, uploads, failedUploads, columns };
  }

  #takeValid(row: ValidRow): Promise<void> | undefined {
    const index = this.#valid++;
    const [again] = this.#again;
    const isAgain = again !== undefined && index >= again.first;
    if (!isAgain && index < this.progress.settledRows) return undefined;
    this.#part.push(row);
    const isFull = this.#part.length >= (isAgain ? again.count : this.progress.rowsPerUpload);
    return isFull ? this.#upload() : undefined;
  }

  #takeInvalid(row: InvalidRow): Promise<void> | undefined {
    if (row.code === 'DUPLICATE') this.#duplicates++;
    // It left before the restart.
    if (this.#invalid++ < this.progress.rejectedRows) return undefined;
    return this.#rejected.push(toRejected(row)) >= MAX_REJECTED_ROWS ? this.#flushRejected() : undefined;
  }

  async #upload(): Promise<void> {
    const rows = PackedRows.pack(this.#part);
    this.#part = [];
    const again = this.#again.shift();
    if (again?.held !== undefined) this.#queue.hold(again.held, rows);
    else if (again?.sent !== undefined) await this.#queue.resume(again.sent, rows);
    else {
      // What was rejected so far does not wait for a slow service.
      await this.#flushRejected();
      await this.#queue.add(this.#valid - rows.count, rows);
    }
  }

  #emitUpload(upload: AcceptedUpload, rows: PackedRows, index: number, count?: number): Promise<void> | undefined {
    const { body, statusCode, repeatedSince } = upload;
    const place = { rows: rows.count, firstLine: rows.firstLine, lastLine: rows.lastLine };
    const repeated = repeatedSince === undefined ? {} : { repeated: true };
    const turn = this.outputs.onUpload({
      payload: { ...body, ...place, ...repeated },
      statusCode,
      rows: rows.unpack(),
      repeatedSince,
      part: count === undefined ? { index } : { index, count },
    });
    this.outputs.onProgress(this.progress.uploaded + rows.count);
    return turn;
  }

  async #rejectUpload(rows: PackedRows, { code, message, cause }: NrfCloudError, tried: boolean): Promise<void> {
    const reason = tried ? message : `not tried, because an earlier upload failed: ${message}`;
    const uncertain = tried && cause.mayHaveSucceeded === true ? { mayHaveSucceeded: true } : {};
    const unpacked = rows.unpack();
    for (let start = 0; start < unpacked.length; start += MAX_REJECTED_ROWS) {
      const batch = unpacked.slice(start, start + MAX_REJECTED_ROWS);
      await this.outputs.onRejected(
        batch.map(({ line, deviceId, claimToken, tags }) => ({
          line,
          code,
          reason,
          claimToken,
          deviceId,
          tags,
          ...uncertain,
        })),
      );
    }
  }

  async #flushRejected(): Promise<void> {
    const rows = this.#rejected;
    if (rows.length === 0 || this.isSuspended()) return;
    this.#rejected = [];
    await this.outputs.onRejected(rows);
    this.progress.rejectedRows += rows.length;
    await this.outputs.save(this.progress);
  }
}

function toRejected(invalid: InvalidRow): RejectedRow {
  const row: RejectedRow & { ok?: boolean } = { ...invalid };
  delete row.ok;
  return row;
}
