import { createRequire } from 'node:module';
import type * as CsvParse from 'csv-parse/sync';
import { LF, QUOTE, type Extent, type RecordBatch } from './record-splitter';

const load = createRequire(__filename);

/** Loads csv-parse, if it is not loaded already: most files need it for few records or none. */
export function loadCsvParse(): typeof CsvParse {
  return load('csv-parse/sync') as typeof CsvParse;
}

/**
 * Reads the cells of records. From the first quoted cell of a record on, csv-parse parses it, for all records of a batch at
 * once. The cells before that, or all cells of a record without quotes, have nothing to parse and are split at the delimiter;
 * nor has a last cell that is quoted and holds no quote. So rows `token,"tags"` with all their checks take less time than
 * csv-parse alone, which looks at each byte (docs/performance.md); and csv-parse makes no error object for each row whose
 * number of cells differs.
 * @returns the cells of each record, untrimmed before the first quote; `undefined` for a record that is broken
 */
export function readCells({ bytes, records }: RecordBatch, delimiter: string): (string[] | undefined)[] {
  const toParse = records.filter((record) => record.shape === 'quoted' && !endsSimply(bytes, record));
  const parsed = parseQuoted(bytes, toParse, delimiter).values();
  return records.map((record) => {
    const { shape, start, end, quoted } = record;
    if (shape === 'plain') return splitPlain(bytes, start, end, delimiter);
    if (shape === 'formula') return splitFormulas(bytes.toString('utf8', start, end), delimiter);
    if (shape !== 'quoted') return undefined;
    const before = quoted === start ? [] : splitPlain(bytes, start, quoted - 1, delimiter);
    if (endsSimply(bytes, record)) {
      before.push(bytes.toString('utf8', quoted + 1, end - 1));
      return before;
    }
    const rest = parsed.next().value;
    return rest === undefined ? undefined : before.concat(rest);
  });
}

/** Whether the first quoted cell of a record is its last, and holds no quote: then its text is between two quotes. */
function endsSimply(bytes: Buffer, { quoted, end }: Extent): boolean {
  return bytes[quoted] === QUOTE && bytes.indexOf(QUOTE, quoted + 1) === end - 1;
}

function splitPlain(bytes: Buffer, start: number, end: number, delimiter: string): string[] {
  return bytes.toString('utf8', start, end).split(delimiter);
}

/** Splits a record with cells like `="355026070123456"`, by which a spreadsheet keeps text from becoming a number. */
function splitFormulas(text: string, delimiter: string): string[] {
  // A tab between cells is not white space around one.
  const space = delimiter === '\t' ? ' *' : '[ \\t]*';
  const cell = new RegExp(
    `${space}=?"((?:[^"]|"")*)"${space}(?:${delimiter}|$)|([^${delimiter}]*)(?:${delimiter}|$)`,
    'y',
  );
  const cells: string[] = [];
  while (cell.lastIndex < text.length) {
    const [, quoted, plain = ''] = cell.exec(text)!;
    cells.push(quoted?.replaceAll('""', '"') ?? plain);
  }
  if (text.endsWith(delimiter)) cells.push('');
  return cells;
}

/** Parses records together; if they do not come out one by one, each by itself, so that one cannot spoil the others. */
function parseQuoted(bytes: Buffer, records: Extent[], delimiter: string): (string[] | undefined)[] {
  if (records.length === 0) return [];
  const together = parseCsv(quotedParts(bytes, records), delimiter);
  if (together?.length === records.length) return together;
  if (records.length === 1) return [undefined];
  return records.flatMap((record) => parseQuoted(bytes, [record], delimiter));
}

/** The records from their first quoted cell on, one per line. */
function quotedParts(bytes: Buffer, records: Extent[]): Buffer {
  const parts = Buffer.allocUnsafe(records.reduce((sum, { quoted, end }) => sum + end - quoted + 1, 0));
  let at = 0;
  for (const { quoted, end } of records) {
    at += bytes.copy(parts, at, quoted, end);
    parts[at++] = LF;
  }
  return parts;
}

function parseCsv(bytes: Buffer, delimiter: string): string[][] | undefined {
  const { parse } = loadCsvParse();
  try {
    return parse(bytes, { delimiter, record_delimiter: '\n', relax_column_count: true, trim: true });
  } catch {
    return undefined;
  }
}
