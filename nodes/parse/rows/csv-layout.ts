import { readCells } from './cells';
import { columnName, couldBeName } from './header-words';
import { RecordSplitter } from './record-splitter';
import type { RowOptions } from './row';

/** How a CSV is laid out. Columns count from 0. */
export interface CsvLayout {
  delimiter: string;
  /** How many records at the top are no rows: a header, and the `sep=;` that Excel reads. */
  preamble: number;
  token: number;
  /** Tags are in all cells from one column up to another, the latter not included. */
  tags: { from: number; to: number };
}

const DELIMITERS = [',', ';', '\t'];
const NO_TAGS = { from: 0, to: 0 };
/** A claim token, whole or cut, clean or as the modem prints it. */
const TOKEN = /^\s*(%ATTESTTOKEN:\s*)?"?(2dn3[\w-]{4,}(\.[\w-]*)?|[\w-]{40,}\.[\w-]{20,})"?\s*$/i;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** What is no tag although it stands beside the token: a UUID, an IMEI, a point in time. */
const ID_OR_TIME = /^([\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}|\d{14,17}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*)$/i;

/**
 * Finds out how a CSV is laid out.
 *
 * - **Delimiter**: of comma, semicolon and tab, the one that makes the most cells claim tokens; then the one that makes the
 *   first record a header; then the one with the fewest broken records; then the one that cuts the most records alike.
 * - **Token column**: the one with the most cells that look like claim tokens. If there are none: the one that the header
 *   names, the third of Nordic's four-column file, or the first.
 * - **Header**: the first record, if each of its cells could be a name and one is a name that is known, of a token column or
 *   beside others. A single word that is not known is taken for a row, which comes out as rejected, and is not lost.
 * - **Tags columns**: the one that the header names, with the cells beyond the header if it is the last. Else, with a header,
 *   the second of two columns, if the token is in the first and its name is not known to be something else. Without a
 *   header all cells right of the token, up to one that holds ids or times: so the four-column file has none, and
 *   `token,a,b` has two tags.
 *
 * A column that the user names is taken as it is, and alone.
 * @param sample the beginning of the CSV as UTF-8
 * @param whole whether the sample is all of it
 */
export function detectLayout(sample: Buffer, whole: boolean, options: RowOptions): CsvLayout {
  const candidates = DELIMITERS.map((delimiter) => new Candidate(delimiter, sample, whole, options.tokenColumn - 1));
  const announced = candidates.find(({ announces }) => announces !== undefined)?.announces;
  const possible = candidates.filter(({ delimiter }) => announced === undefined || delimiter === announced);
  const best = possible.reduce((one, other) => (other.isBetterThan(one) ? other : one));
  return best.layout(options);
}

/** The sample, as one delimiter cuts it. */
class Candidate {
  /** The delimiter that the first line announces. */
  readonly announces: string | undefined;
  readonly #records: string[][];
  readonly #header: string[] | undefined;
  /** Cells that look like claim tokens, by column. */
  readonly #tokens: number[];
  readonly #score: readonly number[];

  constructor(
    readonly delimiter: string,
    sample: Buffer,
    whole: boolean,
    tokenColumn: number,
  ) {
    const records = recordsOf(sample, whole, delimiter);
    this.announces = /^sep=([,;\t])$/i.exec(records[0]?.join(delimiter) ?? '')?.[1];
    const top = records[this.announces === undefined ? 0 : 1];
    this.#header = isHeader(top) ? top : undefined;
    this.#records = records.filter((cells) => cells !== undefined);
    this.#tokens = countByColumn(this.#records, TOKEN);
    this.#score = [
      tokenColumn >= 0 ? (this.#tokens[tokenColumn] ?? 0) : greatest(this.#tokens),
      this.#header?.length ?? 0,
      this.#records.length - records.length,
      alike(this.#records),
    ];
  }

  isBetterThan(other: Candidate): boolean {
    const differs = this.#score.findIndex((value, index) => value !== other.#score[index]);
    return differs >= 0 && this.#score[differs]! > other.#score[differs]!;
  }

  layout({ tokenColumn, tagsColumn }: RowOptions): CsvLayout {
    const token = tokenColumn > 0 ? tokenColumn - 1 : this.#tokenColumn();
    const tags = tagsColumn > 0 ? { from: tagsColumn - 1, to: tagsColumn } : this.#tagsColumns(token);
    const preamble = (this.announces === undefined ? 0 : 1) + (this.#header === undefined ? 0 : 1);
    return { delimiter: this.delimiter, preamble, token, tags };
  }

  #tokenColumn(): number {
    const most = greatest(this.#tokens);
    if (most > 0) return this.#tokens.indexOf(most);
    const named = this.#header?.findIndex((cell) => columnName(cell) === 'token') ?? -1;
    if (named >= 0) return named;
    const uuids = this.#records.filter((cells) => cells.length === 4 && UUID.test(cells[1]!.trim())).length;
    return uuids * 2 > this.#records.length ? 2 : 0;
  }

  #tagsColumns(token: number): CsvLayout['tags'] {
    const header = this.#header;
    if (header === undefined) return { from: token + 1, to: this.#firstIdColumn(token + 1) };
    const named = header.findIndex((cell, column) => column !== token && columnName(cell) === 'tags');
    if (named >= 0) return { from: named, to: named === header.length - 1 ? Infinity : named + 1 };
    const guideLike = token === 0 && header.length <= 2 && columnName(header[1] ?? '') === undefined;
    return guideLike ? { from: 1, to: Infinity } : NO_TAGS;
  }

  #firstIdColumn(from: number): number {
    const ids = countByColumn(this.#records, ID_OR_TIME);
    const filled = countByColumn(this.#records, /\S/);
    const column = ids.findIndex((count, index) => index >= from && count * 2 > filled[index]!);
    return column >= 0 ? column : Infinity;
  }
}

/** The cells of the sample's records, `undefined` for a broken one. */
function recordsOf(sample: Buffer, whole: boolean, delimiter: string): (string[] | undefined)[] {
  const records: (string[] | undefined)[] = [];
  // The splitter uses a batch's memory again for the next one.
  for (const batch of new RecordSplitter(delimiter).split(sample, whole)) records.push(...readCells(batch, delimiter));
  return records;
}

function countByColumn(records: string[][], pattern: RegExp): number[] {
  const counts: number[] = [];
  for (const cells of records) {
    cells.forEach((cell, column) => {
      counts[column] = (counts[column] ?? 0) + (pattern.test(cell.trim()) ? 1 : 0);
    });
  }
  return counts;
}

function isHeader(cells: string[] | undefined): boolean {
  if (cells === undefined || !cells.every(couldBeName)) return false;
  const names = cells.map(columnName).filter((name) => name !== undefined);
  return names.includes('token') || (names.length > 0 && cells.length > 1);
}

function greatest(counts: number[]): number {
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/** How many records have as many cells as the first, and more than one. */
function alike(records: string[][]): number {
  const columns = records[0]?.length ?? 0;
  return columns > 1 ? records.filter((cells) => cells.length === columns).length : 0;
}
