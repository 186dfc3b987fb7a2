import { namedSource, withSource } from '../api/with-source';
import { readRows, type DetectedColumns, type RowSource, type SourceFormat, type ValidRow } from '../parse/rows';
import { parseTags } from '../parse/tags';
import type { AbortSignalLike } from '../util/abort';
import { toRejected, type RejectedRow } from './bulk-claim-outputs';

/** What a dry run needs. */
export interface CheckRowsParams {
  source: RowSource;
  /** Columns from 1, or names of the header; 0 or empty = detect. */
  tokenColumn: number | string;
  tagsColumn: number | string;
  /** Tags for every row. */
  tags: unknown;
}

/** What a dry run found: `rows = claimable + rejected`. */
export interface CheckSummary {
  dryRun: true;
  rows: number;
  claimable: number;
  rejected: number;
  /** Those of `rejected` whose device is in an earlier row. */
  duplicates: number;
  columns: DetectedColumns;
  format: SourceFormat;
}

/** Rows that could be uploaded, as they leave. */
interface ClaimableRows {
  payload: { dryRun: true; rows: number; firstLine: number; lastLine: number };
  rows: Omit<ValidRow, 'ok'>[];
  part: { index: number; count?: number };
}

export interface CheckOutputs {
  onClaimable: (rows: ClaimableRows) => Promise<void> | undefined;
  onRejected: (rows: RejectedRow[]) => Promise<void> | undefined;
}

/** Most rows in one message (contract, for rejected rows). */
const MAX_ROWS = 1000;

/**
 * Reads and checks the rows of a bulk claim without sending anything. Each row leaves exactly once, with all its cells.
 * @param source names the inputs in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` when the source cannot be used
 */
export async function checkRows(
  { source: rowSource, tokenColumn, tagsColumn, tags }: CheckRowsParams,
  source: { source: string; tags: string },
  outputs: CheckOutputs,
  signal: AbortSignalLike,
): Promise<CheckSummary> {
  const added = withSource('bulk claim', source.tags, () => parseTags(tags));
  const reader = readRows(rowSource, { tokenColumn, tagsColumn, tags: added, keepCells: true }, signal);
  const check = new Check(outputs);
  try {
    for await (const rows of reader) {
      for (const row of rows) {
        if (row.ok) await check.addClaimable(row);
        else await check.addRejected(toRejected(row));
      }
    }
  } catch (error) {
    throw namedSource('bulk claim', source.source, error);
  }
  const counts = await check.finish();
  return { dryRun: true, ...counts, columns: reader.columns, format: reader.format };
}

/** Collects rows for messages, and counts them. */
class Check {
  #claimable: ClaimableRows['rows'] = [];
  #rejected: RejectedRow[] = [];
  #parts = 0;
  readonly #counts = { rows: 0, claimable: 0, rejected: 0, duplicates: 0 };

  constructor(private readonly outputs: CheckOutputs) {}

  async addClaimable({ line, deviceId, claimToken, tags, cells }: ValidRow): Promise<void> {
    this.#counts.rows++;
    this.#counts.claimable++;
    // The last message of the sequence has its length, so a full one waits for the next row.
    if (this.#claimable.length === MAX_ROWS) await this.#sendClaimable(false);
    const row = { line, deviceId, claimToken, tags };
    this.#claimable.push(cells === undefined ? row : { ...row, cells });
  }

  async addRejected(row: RejectedRow): Promise<void> {
    this.#counts.rows++;
    this.#counts.rejected++;
    if (row.code === 'DUPLICATE') this.#counts.duplicates++;
    this.#rejected.push(row);
    if (this.#rejected.length === MAX_ROWS) await this.#sendRejected();
  }

  async finish(): Promise<Pick<CheckSummary, 'rows' | 'claimable' | 'rejected' | 'duplicates'>> {
    if (this.#claimable.length > 0) await this.#sendClaimable(true);
    if (this.#rejected.length > 0) await this.#sendRejected();
    return this.#counts;
  }

  async #sendClaimable(isLast: boolean): Promise<void> {
    const rows = this.#claimable;
    this.#claimable = [];
    const index = this.#parts++;
    const payload = {
      dryRun: true as const,
      rows: rows.length,
      firstLine: rows[0]!.line,
      lastLine: rows[rows.length - 1]!.line,
    };
    await this.outputs.onClaimable({ payload, rows, part: isLast ? { index, count: this.#parts } : { index } });
  }

  async #sendRejected(): Promise<void> {
    const rows = this.#rejected;
    this.#rejected = [];
    await this.outputs.onRejected(rows);
  }
}
