import type { Api } from '../../nodes/api/api';
import { NrfCloudError, type ErrorCause, type ErrorCode } from '../../nodes/api/errors';
import type { ApiRequest, ApiResponse } from '../../nodes/api/request';
import { bulkClaim, type BulkClaimEnd, type BulkClaimParams } from '../../nodes/operations/bulk-claim';
import type { BulkClaimOutputs, RejectedRow } from '../../nodes/operations/bulk-claim-outputs';
import { newProgress, type BulkClaimProgress } from '../../nodes/operations/bulk-claim-progress';
import { UploadQueue } from '../../nodes/operations/upload-queue';
import { deviceIdOf } from '../../nodes/parse/claim-token';
import { PackedRows, type ValidRow } from '../../nodes/parse/rows';
import { Abort, type AbortSignalLike } from '../../nodes/util/abort';
import { mintToken } from '../unit/parse/rows/read-all-rows';

/**
 * How an upload ends: the body of its response, or what its request throws. `lost`: an earlier response to it was lost;
 * `date`: the header with the service's time.
 */
export type UploadOutcome = Record<string, unknown> | Error;

/** An error of an upload. */
export function uploadError(code: ErrorCode, cause: Partial<ErrorCause> = {}): NrfCloudError {
  return new NrfCloudError(code, `bulk claim: ${code}`, { operation: 'bulk claim', attempts: 1, ...cause });
}

/** The error of an upload that is larger than the service allows. */
export function tooLarge(): NrfCloudError {
  return uploadError('NRFCLOUD_REJECTED', { statusCode: 413 });
}

/** A service that gives uploads the outcomes of a test, and records them. */
export class UploadService {
  /** What was sent, in order: the claim tokens of each upload. */
  readonly uploads: string[][] = [];
  readonly #ends: ((outcome: UploadOutcome) => void)[] = [];

  /** @param respond how an upload ends at once; one without an outcome lasts until `end` is called */
  constructor(
    private readonly respond: (index: number, tokens: string[]) => UploadOutcome | undefined = () => undefined,
  ) {}

  readonly api = { send: (_: string, request: ApiRequest) => this.#send(request) } as unknown as Api;

  /** Ends an upload, and lets everything happen that follows from it. */
  async end(index: number, outcome: UploadOutcome): Promise<void> {
    this.#ends[index]!(outcome);
    await endOfTurn();
  }

  async #send(request: ApiRequest): Promise<ApiResponse> {
    const tokens = (request.csv as Buffer)
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split(',')[0]!);
    const index = this.uploads.push(tokens) - 1;
    const outcome =
      this.respond(index, tokens) ?? (await new Promise<UploadOutcome>((resolve) => (this.#ends[index] = resolve)));
    if (outcome instanceof Error) throw outcome;
    const { lost = false, date, ...body } = outcome;
    if (date !== undefined) request.onHeaders?.({ date: date as string }, 50);
    if (lost === true) request.onRepeatAfterLoss?.();
    return { statusCode: 202, body: request.parse(body, 202) };
  }
}

/** What has left a queue of uploads. */
export type LeftUpload =
  | { accepted: number; index: number; count?: number; repeated?: boolean }
  | { failed: number; rows: number; code: ErrorCode; tried: boolean; mayHaveSucceeded?: true };

/** A queue of uploads whose service does what a test says. */
export class UploadQueueRig {
  readonly service: UploadService;
  readonly queue: UploadQueue;
  /** Each upload is named by the line of its first row. */
  readonly left: LeftUpload[] = [];
  /** The progress each time it was recorded. */
  readonly saved: BulkClaimProgress[] = [];
  suspended = false;
  /** What goes wrong when the rows of a failed upload leave. */
  defect: Error | undefined;
  /** Called each time the progress is recorded. */
  onSave: (() => void) | undefined;
  readonly progress: BulkClaimProgress;

  constructor({ uploadsAtOnce = 1, progress = newProgress(1000), service = new UploadService() } = {}) {
    this.service = service;
    this.progress = progress;
    this.queue = new UploadQueue(
      this.service.api,
      uploadsAtOnce,
      progress,
      {
        onUpload: ({ repeatedSince }, rows, index, count) => {
          const length = count === undefined ? {} : { count };
          const repeated = repeatedSince === undefined ? {} : { repeated: true };
          this.left.push({ accepted: rows.firstLine, index, ...length, ...repeated });
          return undefined;
        },
        onFailed: (rows, { code, mayHaveSucceeded }, tried) => {
          if (this.defect !== undefined) return Promise.reject(this.defect);
          this.left.push({
            ...{ failed: rows.firstLine, rows: rows.count, code, tried },
            ...(mayHaveSucceeded ? { mayHaveSucceeded } : {}),
          });
          return Promise.resolve();
        },
        save: () => {
          this.saved.push(structuredClone(progress));
          this.onSave?.();
          return Promise.resolve();
        },
      },
      () => this.suspended,
    );
  }

  /** Adds an upload, and lets everything happen that follows from it. @returns when the next one may be prepared */
  async add(first: number, count = 1): Promise<{ added: Promise<void> }> {
    const added = this.queue.add(first, packedRows(first, count));
    added.catch(() => undefined);
    await endOfTurn();
    return { added };
  }
}

/** What a test decides about a bulk claim. */
export interface ClaimRigOptions extends Partial<BulkClaimParams> {
  progress?: BulkClaimProgress;
  signal?: AbortSignalLike;
  onRejected?: (rows: RejectedRow[]) => Promise<void> | undefined;
}

/** A bulk claim whose service does what a test says, and what has left it. */
export class ClaimRig {
  readonly uploads: Parameters<BulkClaimOutputs['onUpload']>[0][] = [];
  readonly rejected: { rows: RejectedRow[]; statusCode?: number | undefined }[] = [];
  /** Rows that were uploaded, as they are shown. */
  readonly shown: number[] = [];
  /** The progress each time it was recorded. */
  readonly saved: BulkClaimProgress[] = [];
  suspended = false;

  constructor(
    readonly service: UploadService,
    private readonly options: ClaimRigOptions = {},
  ) {}

  run(rows: unknown): Promise<BulkClaimEnd> {
    const { progress = newProgress(1000), signal = new Abort(), onRejected, ...params } = this.options;
    const source = { kind: 'value', value: rows } as const;
    const columns = { tokenColumn: 0, tagsColumn: 0, tags: [] };
    return bulkClaim(
      this.service.api,
      { source, ...columns, uploadsAtOnce: 1, onInvalid: 'skip', ...params },
      { source: 'msg.payload', tags: 'msg.tags' },
      progress,
      {
        onUpload: (upload) => void this.uploads.push(upload),
        onRejected: (rejected, statusCode) => {
          this.rejected.push({ rows: rejected, statusCode });
          return onRejected?.(rejected);
        },
        onProgress: (count) => this.shown.push(count),
        save: () => {
          this.saved.push(structuredClone(progress));
          return Promise.resolve();
        },
      },
      signal,
      () => this.suspended,
    );
  }
}

/** Rows of an upload; `first` counts from 0, and lines from 1. */
export function packedRows(first: number, count: number): PackedRows {
  const rows = Array.from({ length: count }, (_, index): ValidRow => {
    const line = first + index + 1;
    return { ok: true, line, deviceId: deviceIdOf(tokenOf(line)), claimToken: tokenOf(line), tags: [] };
  });
  return PackedRows.pack(rows);
}

const tokens: string[] = [];

/** The claim token in a line of {@link packedRows}. */
export function tokenOf(line: number): string {
  return (tokens[line] ??= mintToken().claimToken);
}

/** Lets everything happen that needs no time. */
export async function endOfTurn(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}
