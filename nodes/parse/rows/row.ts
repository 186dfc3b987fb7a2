/** What the columns of a CSV mean, as far as the user says, and the tags of every row. */
export interface RowOptions {
  /** Column of the claim token: a number from 1, or a header's name; 0 or empty = detect. */
  tokenColumn: number | string;
  /** Column of the tags: a number from 1, or a header's name; 0 or empty = detect. */
  tagsColumn: number | string;
  /** Added to every row. */
  tags: string[];
  /** Whether rows keep their cells: a dry run shows them, and an upload has no use for them. */
  keepCells?: boolean;
}

/** What the columns of a source were taken for. */
export interface DetectedColumns {
  /** Line of the header, from 1; `null` if there is none. */
  header: number | null;
  /** Column of the claim tokens, from 1; `null` in an array. */
  token: number | null;
  /** Column of the tags, from 1; `null` if there is none. */
  tags: number | null;
  /** Columns that have content and are not used: names, or numbers from 1 where there is no name. */
  ignored: (string | number)[];
}

/** How a source is written. */
export interface SourceFormat {
  /** `null` for text that came as a string, and for an array. */
  encoding: 'utf8' | 'utf16le' | 'utf16be' | null;
  /** Between cells; `null` for an array, and for the log of a terminal. */
  delimiter: string | null;
  /** The cells of the header; empty without one. */
  names: string[];
}

/** A row whose device can be claimed. */
export interface ValidRow {
  ok: true;
  /** Its line in the file, or its index in the array + 1. */
  line: number;
  deviceId: string;
  claimToken: string;
  /** Rows with the same tags share their list: it must not be changed. */
  tags: string[];
  /** All cells as they were found, with `keepCells`. */
  cells?: string[];
}

/** What is wrong with a row. */
export type RowErrorCode = 'INVALID_TOKEN' | 'INVALID_TAG' | 'DUPLICATE' | 'BAD_CSV';

/** A row that is not uploaded, in a form that can be repaired and fed back. */
export interface InvalidRow {
  ok: false;
  /** Its line in the file, or its index in the array + 1. */
  line: number;
  code: RowErrorCode;
  /** What is wrong and what to do, without quoting the row. */
  reason: string;
  /** The token's text as it was found; at most 100 characters of a row that holds no token. */
  claimToken?: string;
  deviceId?: string;
  /** The row's own tags as they were found. */
  tags?: string[];
  /** All cells as they were found, with `keepCells`; at most 100 characters of a row that holds no token. */
  cells?: string[];
}

export type Row = ValidRow | InvalidRow;

/** A row that was read, before any check. */
export interface ReadRow {
  line: number;
  claimToken: unknown;
  tags: unknown[];
  /** Why the cells that should hold tags cannot be used as tags. */
  tagProblem?: string;
  /** All cells of the row, with `keepCells`. */
  cells?: string[];
}

/** A row before any check; one that cannot even be read is invalid already. */
export type FoundRow = ReadRow | InvalidRow;

/** Most rows that are passed on at once, and so are checked without letting other work of Node-RED run. */
export const BATCH_ROWS = 500;

/** Cells or items that follow the tags. */
export const UNQUOTED_TAGS =
  'has content right of the tags; put a list of tags in quotes, or name the columns in a header';

/** A row that cannot be divided into cells. */
export function invalidCsvRow(line: number, reason: string): InvalidRow {
  return { ok: false, line, code: 'BAD_CSV', reason };
}

/** Whether a cell holds nothing that can be seen. */
export function isBlank(cell: string): boolean {
  return cell === '' || cell.trim() === '';
}
