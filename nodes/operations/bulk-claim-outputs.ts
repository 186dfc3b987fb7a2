import type { DetectedColumns, InvalidRow } from '../parse/rows';
import type { AcceptedUpload, BulkClaimProgress } from './bulk-claim-progress';

/** A row that is not uploaded, or whose upload failed. */
export interface RejectedRow {
  line: number;
  code: string;
  reason: string;
  claimToken?: string;
  deviceId?: string;
  tags?: string[];
  /** All cells as they were found, in a dry run. */
  cells?: string[];
  /** Its upload may have been accepted although no response arrived. */
  mayHaveSucceeded?: boolean;
}

/** An accepted upload as it leaves. */
interface UploadMessage {
  payload: Record<string, unknown>;
  statusCode: number;
  /** `undefined` if they cannot be read again after a restart. */
  rows: { line: number; deviceId: string; claimToken: string; tags: string[] }[] | undefined;
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
  /** @param statusCode HTTP status of the response that rejected the rows, if one did */
  onRejected: (rows: RejectedRow[], statusCode?: number) => Promise<void> | undefined;
  /** @param rows that were uploaded so far */
  onProgress: (rows: number) => void;
  /** Records the progress. @returns when it survives a crash */
  save: (progress: BulkClaimProgress) => Promise<void>;
}

/** An accepted upload as it leaves. @param count of all uploads, if it is the last */
export function toMessage(
  { body, statusCode, count: rowCount, firstLine, lastLine, repeatedSince }: AcceptedUpload,
  rows: UploadMessage['rows'],
  index: number,
  count?: number,
): UploadMessage {
  const repeated = repeatedSince === undefined ? {} : { repeated: true };
  return {
    payload: { ...body, rows: rowCount, firstLine, lastLine, ...repeated },
    statusCode,
    rows,
    repeatedSince,
    part: count === undefined ? { index } : { index, count },
  };
}

/** An invalid row as it leaves. */
export function toRejected(invalid: InvalidRow): RejectedRow {
  const row: RejectedRow & { ok?: boolean } = { ...invalid };
  delete row.ok;
  return row;
}
