/** What the columns of a CSV mean, as far as the user says, and what every row gets. */
export interface RowOptions {
  /** Column of the claim token, from 1; 0 = find out. */
  tokenColumn: number;
  /** Column of the tags, from 1; 0 = find out. */
  tagsColumn: number;
  /** Added to every row. */
  tags: string[];
}

/** A row whose device can be claimed. */
export interface ValidRow {
  ok: true;
  /** Its line in the file, or its index in the array, from 1. */
  line: number;
  deviceId: string;
  claimToken: string;
  tags: string[];
}

/** What is wrong with a row. */
export type RowErrorCode = 'INVALID_TOKEN' | 'INVALID_TAG' | 'DUPLICATE' | 'BAD_CSV';

/** A row that stays here, in a form that can be repaired and given in again. */
export interface InvalidRow {
  ok: false;
  /** Its line in the file, or its index in the array, from 1. */
  line: number;
  code: RowErrorCode;
  /** What is wrong and what to do, without quoting the row. */
  reason: string;
  /** The token's text as it was found. */
  claimToken?: string;
  deviceId?: string;
  /** The row's own tags as they were found. */
  tags?: string[];
}

export type Row = ValidRow | InvalidRow;

/** A row that was read, before any check; one that cannot even be read is bad already. */
export type FoundRow = { line: number; claimToken: unknown; tags: unknown[] } | InvalidRow;

/** Most rows that go on at once: what is checked without letting other work of Node-RED run. */
export const BATCH_ROWS = 500;

/** A row without a form. */
export function invalidCsvRow(line: number, reason: string): InvalidRow {
  return { ok: false, line, code: 'BAD_CSV', reason };
}
