import { isPlainlyNoTag } from './cell-kinds';
import { readCells } from './cells';
import { ColumnUse } from './column-use';
import { detectLayout, type CsvLayout } from './csv-layout';
import { MAX_RECORD_BYTES, RecordSplitter, type RecordBatch, type Shape } from './record-splitter';
import {
  invalidCsvRow,
  isBlank,
  UNQUOTED_TAGS,
  type DetectedColumns,
  type FoundRow,
  type RowOptions,
  type SourceFormat,
} from './row';
import { isTerminalLog, terminalRows } from './terminal-log';

/** How much of a CSV is looked at to find out its layout, in bytes (contract). */
const SAMPLE = 64 * 1024;

const MISPLACED_QUOTE = 'a quote is in the wrong place; put the cell in quotes and double those within it';
const BROKEN: Partial<Record<Shape, string>> = {
  unclosed: 'a quote opens here and does not close; close it, or double it if it belongs to the text',
  long: `the row is longer than ${MAX_RECORD_BYTES} bytes`,
};
const OTHER_VALUE =
  'has a date, number, id or address where tags are expected; name the columns in a header, or choose the column of the tags';

/** White space with a line break in it; a search that began within a long run of spaces would take for ever. */
const LINE_BREAK = /(?<![\t ])[\t ]*[\r\n]\s*/g;

/** Where a reader reports what it detected. */
export interface ColumnReport {
  columns: DetectedColumns;
  format: SourceFormat;
}

/** Reads the rows of a batch of records. */
interface BatchReader {
  delimiter: string;
  rows: (batch: RecordBatch) => FoundRow[];
}

/**
 * Reads rows from CSV, batch by batch, as they are asked for. Blank lines, lines of delimiters, the header with what is
 * above it, and Excel's `sep=` are no rows; every other record is one, broken ones included.
 * @param chunks UTF-8
 * @param report gets the detected columns
 * @throws {InvalidValue} for a text that is not a CSV with claim tokens
 */
export async function* csvRows(
  chunks: AsyncIterable<Buffer>,
  options: RowOptions,
  report: ColumnReport,
): AsyncGenerator<FoundRow[]> {
  let sample: Buffer = Buffer.alloc(0);
  let reader: PieceReader | undefined;
  for await (const chunk of chunks) {
    if (reader !== undefined) {
      yield* reader.read(chunk, false);
      continue;
    }
    sample = sample.length === 0 ? chunk : Buffer.concat([sample, chunk]);
    if (sample.length < SAMPLE) {
      sample = Buffer.from(sample);
      continue;
    }
    reader = new PieceReader(readerFor(sample.subarray(0, SAMPLE), false, options, report));
    yield* reader.read(sample, false);
  }
  if (reader === undefined) yield* new PieceReader(readerFor(sample, true, options, report)).read(sample, true);
  else yield* reader.read(Buffer.alloc(0), true);
}

function readerFor(sample: Buffer, whole: boolean, options: RowOptions, report: ColumnReport): BatchReader {
  if (isTerminalLog(sample.toString('utf8'))) return { delimiter: ',', rows: terminalRows };
  return new CsvReader(detectLayout(sample, whole, options), report, options.keepCells === true);
}

/** Cuts the pieces of a source into records, and passes them to a reader. */
class PieceReader {
  readonly #splitter: RecordSplitter;

  constructor(private readonly reader: BatchReader) {
    this.#splitter = new RecordSplitter(reader.delimiter);
  }

  *read(chunk: Buffer, last: boolean): Generator<FoundRow[]> {
    for (const batch of this.#splitter.split(chunk, last)) yield this.reader.rows(batch);
  }
}

class CsvReader implements BatchReader {
  readonly delimiter: string;
  readonly #use: ColumnUse;
  /** The last value of the tags column, and whether it is plainly no tag: many rows have the same. */
  #last = { text: '', isOther: false };

  constructor(
    private readonly layout: CsvLayout,
    private readonly report: ColumnReport,
    private readonly keepCells: boolean,
  ) {
    this.delimiter = layout.delimiter;
    report.format.delimiter = layout.delimiter;
    report.format.names = layout.header?.cells ?? [];
    this.#use = new ColumnUse(layout);
    report.columns = this.#use.columns;
  }

  rows(batch: RecordBatch): FoundRow[] {
    const rows: FoundRow[] = [];
    for (const [index, cells] of readCells(batch, this.delimiter).entries()) {
      const { line, shape } = batch.records[index]!;
      if (line <= this.layout.linesBefore) continue;
      const row = cells === undefined ? invalidCsvRow(line, BROKEN[shape] ?? MISPLACED_QUOTE) : this.#row(line, cells);
      if (row === undefined) continue;
      if (this.keepCells && cells !== undefined) row.cells = cells;
      rows.push(row);
    }
    this.report.columns = this.#use.columns;
    return rows;
  }

  /** The row of some cells; `undefined` if they are all blank. */
  #row(line: number, cells: string[]): FoundRow | undefined {
    const { token, tags, tagsEnd } = this.layout;
    const claimToken = cells[token];
    if ((claimToken === undefined || isBlank(claimToken)) && cells.every(isBlank)) return undefined;
    this.#use.note(cells);
    if (tags === undefined) return { line, claimToken, tags: [] };
    if (cells.length > tagsEnd && cells.some((cell, column) => column >= tagsEnd && !isBlank(cell))) {
      return { line, claimToken, tags: cells.slice(tags), tagProblem: UNQUOTED_TAGS };
    }
    const row = { line, claimToken, tags: cells.slice(tags, tags + 1).map(inOneLine) };
    return this.#isOtherValue(cells[tags]) ? { ...row, tagProblem: OTHER_VALUE } : row;
  }

  #isOtherValue(text: string | undefined): boolean {
    if (!this.layout.tagsByPlace || text === undefined) return false;
    if (text !== this.#last.text) this.#last = { text, isOther: isPlainlyNoTag(text) };
    return this.#last.isOther;
  }
}

/** Makes one space of each line break in a cell: a spreadsheet has them where its text goes on in the next line. */
function inOneLine(cell: string): string {
  return /[\r\n]/.test(cell) ? cell.replace(LINE_BREAK, ' ') : cell;
}
