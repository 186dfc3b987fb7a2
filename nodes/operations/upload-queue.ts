import type { Api } from '../api/api';
import { uploadClaims } from '../api/bulk';
import { hasCode, NrfCloudError } from '../api/errors';
import type { PackedRows } from '../parse/rows';
import { handOver } from '../util/hand-over';
import {
  countFailed,
  failuresOf,
  placeOf,
  type AcceptedUpload,
  type BulkClaimProgress,
  type LeftUploads,
  type SentUpload,
} from './bulk-claim-progress';
import { beginOf } from './upload-begin';
import { isTooLarge, notSentAgainError, refusedAgainError } from './upload-errors';

/** How often an upload that is too large for the service is halved. */
const MAX_HALVINGS = 4;
/** Most uploads that wait for an earlier one, for each that is sent at once. */
const MAX_WAITING = 4;

/** Where the results of uploads go. */
export interface UploadOutputs {
  /** An accepted upload leaves. @param count how many there were, if it is the last */
  onUpload: (upload: AcceptedUpload, rows: PackedRows, index: number, count?: number) => Promise<void> | undefined;
  /** The rows of a failed upload leave. */
  onFailed: (rows: PackedRows, error: NrfCloudError, tried: boolean) => Promise<void>;
  /** Records the progress. @returns when it survives a crash */
  save: () => Promise<void>;
}

/** An upload in its place in the queue. */
interface QueuedUpload {
  sent: SentUpload;
  rows: PackedRows;
  /** When it began, of `performance.now()`; `undefined` if that was before a restart. */
  begunAt: number | undefined;
  result: { accepted: AcceptedUpload } | { error: NrfCloudError } | undefined;
}

/**
 * Sends uploads, several at once, and lets their results leave in order. Every step is recorded before the next one: an
 * upload before it is sent, as it may be accepted although the response is lost, and its result before it leaves.
 */
export class UploadQueue {
  readonly #queue: QueuedUpload[] = [];
  #held: { upload: AcceptedUpload; rows: PackedRows } | undefined;
  #inFlight = 0;
  /** Lets the next upload begin, if one waits. */
  #onPlace: (() => void) | undefined;
  #leaving: Promise<void> = Promise.resolve();
  /** Records what has left, in order. */
  #recording: Promise<void> = Promise.resolve();
  /** What has left; the progress follows when the next nodes have had time to record it. */
  readonly left: LeftUploads;
  #defect: Error | undefined;
  #stopped: NrfCloudError | undefined;
  readonly #running = new Set<Promise<void>>();

  constructor(
    private readonly api: Api,
    private readonly uploadsAtOnce: number,
    private readonly progress: BulkClaimProgress,
    private readonly outputs: UploadOutputs,
    /** Whether the flow was stopped and the work continues after the restart: then nothing leaves any more. */
    private readonly isSuspended: () => boolean,
  ) {
    const { uploads, uploaded, failedUploads, failedRows, failedAtOnce = 0 } = progress;
    this.left = { uploads, uploaded, failedUploads, failedRows, failedAtOnce };
  }

  /** The held upload of an interrupted bulk claim, with its rows. */
  hold(upload: AcceptedUpload, rows: PackedRows): void {
    this.#held = { upload, rows };
  }

  /** Queues an upload of an interrupted bulk claim, whose record exists already. */
  async resume(sent: SentUpload, rows: PackedRows): Promise<void> {
    const { accepted } = sent;
    const upload: QueuedUpload = { sent, rows, begunAt: undefined, result: accepted && { accepted } };
    this.#queue.push(upload);
    await (accepted === undefined ? this.#start(upload, true) : this.#leave());
  }

  /** Sends an upload as soon as there is a place for it. @returns when the next one may be prepared */
  async add(first: number, rows: PackedRows): Promise<void> {
    const sent: SentUpload = { first, ...placeOf(rows), startedAt: new Date().toISOString() };
    const upload: QueuedUpload = { sent, rows, begunAt: performance.now(), result: undefined };
    this.progress.sent.push(sent);
    this.#queue.push(upload);
    await this.#start(upload, false);
  }

  /** Waits for all uploads, and lets all but the last one leave. */
  async ended(): Promise<void> {
    await Promise.all(this.#running);
    await this.#leave();
  }

  /** Waits for all uploads, and lets the last one leave. @throws a defect of this package */
  async finish(): Promise<void> {
    await this.ended();
    if (this.isSuspended()) return;
    if (this.#defect !== undefined) throw this.#defect;
    if (this.#held !== undefined) {
      const { upload, rows } = this.#held;
      this.#held = undefined;
      await this.outputs.onUpload(upload, rows, this.left.uploads, this.left.uploads + 1);
      this.record(this.#countUpload(upload, rows));
    }
  }

  /**
   * Records what has left when the next nodes have had time for it: after a crash until then it leaves again.
   * @param change made to the progress then
   */
  record(change: () => void): void {
    const handedOver = handOver();
    this.#recording = this.#recording.then(async () => {
      await handedOver;
      change();
      await this.outputs.save();
    });
  }

  /** Waits until everything that has left is recorded. */
  async recorded(): Promise<void> {
    await this.#recording;
  }

  async #start(upload: QueuedUpload, isRepeated: boolean): Promise<void> {
    while (this.#mustWait()) await new Promise<void>((resolve) => (this.#onPlace = resolve));
    if (this.isSuspended()) return;
    if (this.#defect !== undefined) throw this.#defect;
    this.#inFlight++;
    const running = this.#run(upload, isRepeated)
      .catch((error: unknown) => {
        this.#defect ??= error as Error;
      })
      .finally(() => {
        this.#running.delete(running);
        this.#inFlight--;
        this.#onPlace?.();
      });
    this.#running.add(running);
  }

  /** A slow upload holds back the results of later ones; they must not fill memory meanwhile. */
  #mustWait(): boolean {
    // After a defect no place becomes free: the result of its upload would have to leave first.
    if (this.#defect !== undefined || this.isSuspended()) return false;
    const { uploadsAtOnce } = this;
    return this.#inFlight >= uploadsAtOnce || this.#queue.length > MAX_WAITING * uploadsAtOnce;
  }

  async #run(upload: QueuedUpload, isRepeated: boolean): Promise<void> {
    await this.#send(upload, isRepeated);
    if (this.isSuspended()) return;
    await this.outputs.save();
    await this.#leave();
  }

  async #send(upload: QueuedUpload, isRepeated: boolean): Promise<void> {
    const { rows, sent } = upload;
    if (this.progress.stopped === true) {
      upload.result = { error: isRepeated ? notSentAgainError(this.progress.failure!) : this.#stopError() };
      return;
    }
    await this.outputs.save();
    // It may have been cancelled meanwhile, or another instance has taken it over.
    if (this.isSuspended()) return;
    try {
      const { statusCode, body, repeated, serviceTime } = await uploadClaims(this.api, rows.csv);
      const since =
        isRepeated || repeated ? { repeatedSince: beginOf(sent.startedAt, upload.begunAt, serviceTime) } : {};
      const accepted = { first: sent.first, ...placeOf(rows), body, statusCode, ...since };
      this.progress.statusCode = statusCode;
      sent.accepted = accepted;
      upload.result = { accepted };
    } catch (error) {
      if (!(error instanceof NrfCloudError)) throw error;
      if (this.isSuspended()) return;
      if (this.#maySplit(error, rows.count)) await this.#split(upload, isRepeated || error.mayHaveSucceeded);
      else this.#fail(upload, isRepeated && !error.mayHaveSucceeded ? refusedAgainError(error) : error);
    }
  }

  #fail(upload: QueuedUpload, error: NrfCloudError): void {
    const { progress } = this;
    upload.result = { error };
    const { code, message, cause } = error;
    if (cause.statusCode !== undefined) progress.statusCode = cause.statusCode;
    const isFinal = hasCode(error, 'NRFCLOUD_UNAUTHORIZED', 'NRFCLOUD_FORBIDDEN', 'NRFCLOUD_CLOSED');
    if (isFinal && progress.stopped !== true) progress.failure = { code, message, cause };
    else progress.failure ??= { code, message, cause };
    if (isFinal) progress.stopped = true;
  }

  #maySplit(error: NrfCloudError, rows: number): boolean {
    const { halvings, rowsPerUpload } = this.progress;
    // What is larger than the others by now was sent or split off before they were halved.
    if (rows < 2 || (halvings >= MAX_HALVINGS && rows <= rowsPerUpload)) return false;
    return isTooLarge(error);
  }

  /** Sends an upload in two halves, in its place; later uploads have the smaller size from the beginning. */
  async #split(upload: QueuedUpload, isRepeated: boolean): Promise<void> {
    const { progress } = this;
    const { begunAt } = upload;
    const { first, startedAt } = upload.sent;
    const half = Math.ceil(upload.rows.count / 2);
    // Others that were sent with the old size may be refused at the same time: the size is halved once for all of them.
    if (half < progress.rowsPerUpload) {
      progress.rowsPerUpload = half;
      progress.halvings++;
    }
    const halves = upload.rows.split(half).map((rows, index): QueuedUpload => {
      const sent = { first: first + index * half, ...placeOf(rows), startedAt };
      return { sent, rows, begunAt, result: undefined };
    });
    this.#queue.splice(this.#queue.indexOf(upload), 1, ...halves);
    progress.sent.splice(progress.sent.indexOf(upload.sent), 1, ...halves.map(({ sent }) => sent));
    for (const part of halves) await this.#send(part, isRepeated);
  }

  /** Lets all results leave that are next in order, one caller after the other. */
  #leave(): Promise<void> {
    this.#leaving = this.#leaving.then(async () => {
      const changes: (() => void)[] = [];
      for (let next = this.#queue[0]; next?.result !== undefined && !this.isSuspended(); next = this.#queue[0]) {
        this.#queue.shift();
        changes.push(await this.#settle(next, next.result));
        this.#onPlace?.();
      }
      // What left together is recorded once.
      if (changes.length > 0) this.record(() => changes.forEach((change) => change()));
    });
    return this.#leaving;
  }

  /** @returns what changes in the progress then */
  async #settle({ sent, rows }: QueuedUpload, result: NonNullable<QueuedUpload['result']>): Promise<() => void> {
    const { progress } = this;
    const settled = (): void => {
      progress.settledRows += rows.count;
      progress.sent.splice(progress.sent.indexOf(sent), 1);
    };
    if ('error' in result) {
      const tried = result.error !== this.#stopped;
      await this.outputs.onFailed(rows, result.error, tried);
      countFailed(this.left, rows.count, tried);
      return () => {
        countFailed(progress, rows.count, tried);
        settled();
      };
    }
    const held = this.#held;
    if (held !== undefined) await this.outputs.onUpload(held.upload, held.rows, this.left.uploads);
    const heldHasLeft = held && this.#countUpload(held.upload, held.rows);
    this.#held = { upload: result.accepted, rows };
    return () => {
      heldHasLeft?.();
      progress.held = result.accepted;
      settled();
    };
  }

  /** Counts an upload that has left. @returns what changes in the progress then */
  #countUpload(upload: AcceptedUpload, rows: PackedRows): () => void {
    const { left, progress } = this;
    const failures = failuresOf(upload, rows);
    left.uploads++;
    left.uploaded += upload.count;
    left.failedAtOnce += failures;
    return () => {
      progress.uploads++;
      progress.uploaded += upload.count;
      progress.failedAtOnce = (progress.failedAtOnce ?? 0) + failures;
      delete progress.held;
    };
  }

  /** The error of rows that were not tried, as an earlier upload was refused for good. */
  #stopError(): NrfCloudError {
    const { code, message, cause } = this.progress.failure!;
    return (this.#stopped ??= new NrfCloudError(code, message, cause));
  }
}
