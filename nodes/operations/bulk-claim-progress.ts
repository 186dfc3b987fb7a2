import { operationIdOf } from '../api/bulk';
import type { NrfCloudError } from '../api/errors';
import type { PackedRows } from '../parse/rows';
import { matchUploadResult } from './row-errors';

/** An upload, as a range of the source's valid rows; `first` counts from 0. */
export interface UploadRange {
  first: number;
  count: number;
  /** Lines of its first and its last row; absent in records of older versions. */
  firstLine?: number;
  lastLine?: number;
}

/** An upload that the service accepted, and whose message has not left. */
export interface AcceptedUpload extends UploadRange {
  body: Record<string, unknown>;
  statusCode: number;
  /** When the first attempt began, of an upload that may have been accepted twice; ISO 8601. */
  repeatedSince?: string;
}

/** An upload that is being sent; after a crash it may have been accepted. */
export interface SentUpload extends UploadRange {
  /** ISO 8601. */
  startedAt: string;
  accepted?: AcceptedUpload;
}

/** What is needed to continue a bulk claim after a restart; JSON. */
export interface BulkClaimProgress {
  /** Valid rows of uploads that have ended, and of `held`. */
  settledRows: number;
  /** Invalid rows that have left. */
  rejectedRows: number;
  /** Accepted uploads whose messages have left. */
  uploads: number;
  uploaded: number;
  failedUploads: number;
  failedRows: number;
  /** Rows that failed by the responses to these uploads. */
  failedAtOnce?: number;
  rowsPerUpload: number;
  /** How often the service's limit has halved `rowsPerUpload`. */
  halvings: number;
  /** HTTP status of the last response to an upload. */
  statusCode?: number;
  /** The last accepted upload; it leaves when the next is accepted, as the last of all carries the count. */
  held?: AcceptedUpload;
  /** Uploads after it that have not ended, in order. */
  sent: SentUpload[];
  /** The error that the message is to end with. */
  failure?: { code: NrfCloudError['code']; message: string; cause: NrfCloudError['cause'] };
  /** No further upload is tried. */
  stopped?: boolean;
}

/** Uploads and rows whose results have left. */
export type LeftUploads = Required<
  Pick<BulkClaimProgress, 'uploads' | 'uploaded' | 'failedUploads' | 'failedRows' | 'failedAtOnce'>
>;

/** The progress of a bulk claim that begins. */
export function newProgress(rowsPerUpload: number): BulkClaimProgress {
  return {
    settledRows: 0,
    rejectedRows: 0,
    uploads: 0,
    uploaded: 0,
    failedUploads: 0,
    failedRows: 0,
    rowsPerUpload,
    halvings: 0,
    sent: [],
  };
}

/**
 * How many rows failed by the response to their upload; 0 if the result is not known yet. Those of a repeated upload may
 * have been claimed by its first attempt.
 */
export function failuresOf({ body, repeatedSince }: AcceptedUpload, rows: PackedRows): number {
  if (repeatedSince !== undefined || operationIdOf(body) !== undefined) return 0;
  return matchUploadResult(body, rows.unpack()).count;
}

/** Counts the rows of a failed upload. @param tried whether it was sent */
export function countFailed(
  counts: Pick<LeftUploads, 'failedUploads' | 'failedRows'>,
  rows: number,
  tried: boolean,
): void {
  if (tried) counts.failedUploads++;
  counts.failedRows += rows;
}

/** Where the rows of an upload are in their source. */
export function placeOf({ count, firstLine, lastLine }: PackedRows): Omit<UploadRange, 'first'> {
  return { count, firstLine, lastLine };
}
