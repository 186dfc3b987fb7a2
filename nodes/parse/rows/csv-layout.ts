import { InvalidValue } from '../../util/invalid-value';
import { sanitize } from '../../util/sanitize';
import { isPlainlyNoTag, looksLikeToken } from './cell-kinds';
import { readCells } from './cells';
import { indexOfName, readColumnChoice, type ColumnChoice } from './column-choice';
import { findHeader, type Header, type SampleRecord } from './header';
import { columnName, isTagsOnly } from './header-words';
import { describeTextWithoutTokens, refuseOtherText } from './other-format';
import { RecordSplitter } from './record-splitter';
import { isBlank, type RowOptions } from './row';

/** How a CSV is laid out. Columns count from 0. */
export interface CsvLayout {
  delimiter: string;
  /** Lines at the top that hold no rows: the header and what is above it, and the `sep=;` that Excel reads. */
  linesBefore: number;
  header: Pick<Header, 'line' | 'cells'> | undefined;
  token: number;
  tags: number | undefined;
  /** Whether the tags column is known by its place alone, so that values which are plainly no tags are refused. */
  tagsByPlace: boolean;
  /** First column that must be empty, since content in it is a list of tags without quotes. */
  tagsEnd: number;
}

const DELIMITERS = [',', ';', '\t'];
/** Most columns that an error names. */
const MAX_NAMED_COLUMNS = 10;
/** A claim token in a record that cannot be divided into cells. */
const TOKEN = /2dn3[\w-]{8}/;
const SEPARATOR_LINE = /^\ufeff?"?sep=([^\r\n])"?[,;\t" ]*(?:[\r\n]|$)/i;

/**
 * Finds out how a CSV is laid out. Nothing is guessed silently: what is found is reported with the rows.
 *
 * - **Delimiter**: of comma, semicolon and tab, the one that makes the most cells claim tokens; then the one with the best
 *   header; then the one with the fewest broken records; then the one that cuts the most records alike.
 * - **Header**: see {@link findHeader}. Without one, no line is skipped.
 * - **Token column**: the one that the user or the header names; else the one with the most claim tokens.
 * - **Tags column**: the one that the user or the header names; without a header, the second if the tokens are in the first
 *   (the guide's format), unless its values are plainly something else.
 * @param sample the beginning of the CSV as UTF-8
 * @param whole whether the sample is all of it
 * @throws {InvalidValue} if the sample is empty, is not a CSV, holds neither a claim token nor a header that names one, or lacks a
 *   column that the user chose by name
 */
export function detectLayout(sample: Buffer, whole: boolean, options: RowOptions): CsvLayout {
  const text = sample.toString('utf8');
  refuseOtherText(text);
  const choices = { token: readColumnChoice(options.tokenColumn), tags: readColumnChoice(options.tagsColumn) };
  const separator = SEPARATOR_LINE.exec(text)?.[1];
  if (separator !== undefined && !DELIMITERS.includes(separator)) throw otherDelimiter(separator);
  const delimiters = separator === undefined ? DELIMITERS : [separator];
  const separatorLines = separator === undefined ? 0 : 1;
  const candidates = delimiters.map((delimiter) => new Candidate(delimiter, sample, whole, separatorLines, choices));
  const best = candidates.reduce((one, other) => (other.isBetterThan(one) ? other : one));
  if (best.isUsable) return best.layout();
  if (candidates.some(({ isEmpty }) => isEmpty))
    throw new InvalidValue('is empty; check what wrote it, and enter a CSV with a column of claim tokens');
  const bars = new Candidate('|', sample, whole, 0, choices);
  if (bars.isUsable && bars.width > 1) throw otherDelimiter('|');
  const problem = describeTextWithoutTokens(text);
  if (problem !== undefined) throw new InvalidValue(problem);
  throw new InvalidValue(
    `holds neither a claim token nor a header that names one (${best.columnList()}); enter a CSV with a column of claim tokens`,
  );
}

function otherDelimiter(delimiter: string): InvalidValue {
  return new InvalidValue(
    `has ${delimiter === '|' ? '|' : 'another character'} between its columns; save it with commas, semicolons or tabs`,
  );
}

interface Choices {
  token: ColumnChoice;
  tags: ColumnChoice;
}

/** The sample, as one delimiter cuts it. */
class Candidate {
  readonly #header: Header | undefined;
  /** Records that are not blank. */
  readonly #records: SampleRecord[];
  /** Cells that look like claim tokens, by column. */
  readonly #tokens: number[];
  readonly #score: readonly number[];
  /** Whether there are no records, not even broken ones. */
  readonly isEmpty: boolean;
  /** Whether a record that cannot be divided into cells holds a claim token. */
  readonly #hasBrokenToken: boolean;

  constructor(
    readonly delimiter: string,
    sample: Buffer,
    whole: boolean,
    private readonly separatorLines: number,
    private readonly choices: Choices,
  ) {
    const { records, broken, hasBrokenToken } = recordsOf(sample, whole, delimiter);
    this.isEmpty = whole && records.length === 0 && broken === 0;
    this.#hasBrokenToken = hasBrokenToken;
    this.#records = records.filter(({ line }) => line > separatorLines);
    this.#header = findHeader(this.#records, choices.token, choices.tags);
    this.#tokens = countTokens(this.#records);
    const { token } = choices;
    this.#score = [
      token !== undefined && 'index' in token ? (this.#tokens[token.index] ?? 0) : greatest(this.#tokens),
      this.#header?.knownNames ?? 0,
      -broken,
      alike(this.#records),
    ];
  }

  /** Whether it has a claim token or a header. */
  get isUsable(): boolean {
    return this.#header !== undefined || greatest(this.#tokens) > 0 || this.#hasBrokenToken;
  }

  /** Most cells of a record. */
  get width(): number {
    return greatest(this.#records.map(({ cells }) => cells.length));
  }

  isBetterThan(other: Candidate): boolean {
    const differs = this.#score.findIndex((value, index) => value !== other.#score[index]);
    return differs >= 0 && this.#score[differs]! > other.#score[differs]!;
  }

  layout(): CsvLayout {
    const header = this.#header;
    const token = this.#tokenColumn();
    const tags = this.#tagsColumn(token);
    if (token === tags.column) {
      throw new InvalidValue(`has its claim tokens in column ${token + 1}; choose another column for the tags`);
    }
    return {
      delimiter: this.delimiter,
      linesBefore: Math.max(this.separatorLines, header?.line ?? 0),
      header,
      token,
      tags: tags.column,
      tagsByPlace: tags.byPlace === true,
      tagsEnd: tags.end ?? Infinity,
    };
  }

  /** The columns that were found, in words. */
  columnList(): string {
    const cells = (this.#header ?? this.#records[0])?.cells ?? [];
    if (cells.length === 0) return 'no columns';
    const names = cells.slice(0, MAX_NAMED_COLUMNS).map((cell) => sanitize(cell) || '(empty)');
    const more = cells.length > names.length ? ', …' : '';
    return `${cells.length === 1 ? 'column' : 'columns'}: ${names.join(', ')}${more}`;
  }

  #tokenColumn(): number {
    const chosen = this.#chosen(this.choices.token);
    if (chosen !== undefined) return chosen;
    const named = this.#columnsNamed('token');
    if (named.length === 0) return Math.max(0, this.#tokens.indexOf(greatest(this.#tokens)));
    return named.reduce((best, column) => ((this.#tokens[column] ?? 0) > (this.#tokens[best] ?? 0) ? column : best));
  }

  #tagsColumn(token: number): { column: number | undefined; byPlace?: boolean; end?: number } {
    const chosen = this.#chosen(this.choices.tags);
    if (chosen !== undefined) return { column: chosen };
    const header = this.#header;
    if (header === undefined) {
      const isGuideFormat = token === 0 && !this.#isPlainlyNoTags(1);
      return isGuideFormat ? { column: 1, byPlace: true, end: 2 } : { column: undefined };
    }
    const named = this.#columnsNamed('tags').filter((column) => column !== token);
    const column = named.find((index) => isTagsOnly(header.cells[index]!)) ?? named[0];
    return column === undefined ? { column } : { column, end: header.cells.length };
  }

  /** Whether at least half of a column's values are plainly no tags. */
  #isPlainlyNoTags(column: number): boolean {
    const values = this.#records.map(({ cells }) => cells[column] ?? '').filter((cell) => !isBlank(cell));
    return values.length > 0 && values.filter(isPlainlyNoTag).length * 2 >= values.length;
  }

  #columnsNamed(name: 'token' | 'tags'): number[] {
    return (this.#header?.cells ?? []).flatMap((cell, column) => (columnName(cell) === name ? [column] : []));
  }

  #chosen(choice: ColumnChoice): number | undefined {
    if (choice === undefined) return undefined;
    if ('index' in choice) return choice.index;
    const column = indexOfName(this.#header?.cells ?? [], choice.name);
    // Rows that cannot be divided into cells need no columns.
    if (column >= 0 || this.#records.length === 0) return Math.max(0, column);
    throw new InvalidValue(
      `has no column "${sanitize(choice.name)}" (${this.columnList()}); enter the name of a column of its header, or a number`,
    );
  }
}

/** The records of the sample that are whole and not blank, how many are broken, and whether one of these holds a token. */
function recordsOf(
  sample: Buffer,
  whole: boolean,
  delimiter: string,
): { records: SampleRecord[]; broken: number; hasBrokenToken: boolean } {
  const records: SampleRecord[] = [];
  let broken = 0;
  let hasBrokenToken = false;
  // The splitter uses a batch's memory again for the next one.
  for (const batch of new RecordSplitter(delimiter).split(sample, whole)) {
    for (const [index, cells] of readCells(batch, delimiter).entries()) {
      const { line, start, end } = batch.records[index]!;
      if (cells === undefined) {
        broken++;
        hasBrokenToken ||= TOKEN.test(batch.bytes.toString('latin1', start, end));
      } else if (!cells.every(isBlank)) records.push({ line, cells });
    }
  }
  // The first record is longer than the sample.
  if (records.length === 0 && broken === 0) hasBrokenToken = TOKEN.test(sample.toString('latin1'));
  return { records, broken, hasBrokenToken };
}

function countTokens(records: readonly SampleRecord[]): number[] {
  const counts: number[] = [];
  for (const { cells } of records) {
    cells.forEach((cell, column) => {
      counts[column] = (counts[column] ?? 0) + (looksLikeToken(cell) ? 1 : 0);
    });
  }
  return counts;
}

function greatest(counts: number[]): number {
  return counts.reduce((most, count) => Math.max(most, count), 0);
}

/** How many records have as many cells as the first, and more than one. */
function alike(records: readonly SampleRecord[]): number {
  const columns = records[0]?.cells.length ?? 0;
  return columns > 1 ? records.filter(({ cells }) => cells.length === columns).length : 0;
}
