import type { Api } from '../api/api';
import type { NrfCloudError } from '../api/errors';
import { PackedRows, type DetectedColumns, type InvalidRow, type Row, type ValidRow } from '../parse/rows';
import { toMessage, toRejected, type BulkClaimOutputs, type BulkSummary, type RejectedRow } from './bulk-claim-outputs';
import type { AcceptedUpload, BulkClaimProgress, SentUpload, UploadRange } from './bulk-claim-progress';
import { UploadQueue } from './upload-queue';

/** Most rows in one message of rejected rows (contract). */
const MAX_REJECTED_ROWS = 1000;

/** One bulk claim that is being processed. */
export class BulkClaimRun {
  /** Rows read, valid rows and invalid rows so far. */
  rows = 0;
  #valid = 0;
  #invalid = 0;
  #duplicates = 0;
  readonly #part: ValidRow[] = [];
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

  /** Whether uploads of before a restart have not been read again. */
  get hasUnread(): boolean {
    return this.#again.length > 0;
  }

  /** Waits for the uploads that are being sent, however they end, and until what has left is recorded. */
  async settled(): Promise<void> {
    // The last upload is not the last one of all while others have not been read again.
    const end = this.hasUnread ? this.#queue.ended() : this.#queue.finish();
    await end.catch(() => undefined);
    await this.recorded();
  }

  /** Waits until everything that has left is recorded. */
  recorded(): Promise<void> {
    return this.#queue.recorded();
  }

  /** Uploads what is left, and lets everything leave. */
  async finish(): Promise<void> {
    if (this.#part.length > 0) await this.#upload();
    await this.#queue.finish();
    await this.#flushRejected();
  }

  /** Uploaded rows that the service reported as failed. */
  get failedAtOnce(): number {
    return this.#queue.left.failedAtOnce;
  }

  summary(columns: DetectedColumns): BulkSummary {
    const { uploads, uploaded, failedUploads, failedRows } = this.#queue.left;
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
    // The same array again: V8 would put new ones where only a full collection frees them, each with a thousand rows.
    this.#part.length = 0;
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
    const { firstLine, lastLine } = rows;
    const turn = this.outputs.onUpload(toMessage({ ...upload, firstLine, lastLine }, rows.unpack(), index, count));
    this.outputs.onProgress(this.#queue.left.uploaded + rows.count);
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
        cause.statusCode,
      );
    }
  }

  async #flushRejected(): Promise<void> {
    const rows = this.#rejected;
    if (rows.length === 0 || this.isSuspended()) return;
    this.#rejected = [];
    await this.outputs.onRejected(rows);
    this.#queue.record(() => (this.progress.rejectedRows += rows.length));
  }
}
