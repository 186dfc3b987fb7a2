import { readCells } from './cells';
import { detectLayout, type CsvLayout } from './csv-layout';
import { MAX_RECORD_BYTES, RecordSplitter, type RecordBatch, type Shape } from './record-splitter';
import { invalidCsvRow, type FoundRow, type RowOptions } from './row';

/** How much of a CSV is looked at to find out its layout, in bytes. */
const SAMPLE = 64 * 1024;

const MISPLACED_QUOTE = 'a quote is in the wrong place; put the cell in quotes and double those within it';
const BROKEN: Partial<Record<Shape, string>> = {
  unclosed: 'a quote opens here and does not close; close it, or double it if it belongs to the text',
  long: `the row is longer than ${MAX_RECORD_BYTES} bytes`,
};

/**
 * Reads rows from CSV, batch by batch, as they are asked for. Blank lines, a header and Excel's `sep=` are no rows; every
 * other record is one, broken ones included.
 * @param chunks UTF-8 without byte order mark
 */
export async function* csvRows(chunks: AsyncIterable<Buffer>, options: RowOptions): AsyncGenerator<FoundRow[]> {
  let sample: Buffer = Buffer.alloc(0);
  let reader: CsvReader | undefined;
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
    reader = new CsvReader(detectLayout(sample.subarray(0, SAMPLE), false, options));
    yield* reader.read(sample, false);
  }
  if (reader === undefined) yield* new CsvReader(detectLayout(sample, true, options)).read(sample, true);
  else yield* reader.read(Buffer.alloc(0), true);
}

class CsvReader {
  readonly #splitter: RecordSplitter;
  #preamble: number;

  constructor(private readonly layout: CsvLayout) {
    this.#splitter = new RecordSplitter(layout.delimiter);
    this.#preamble = layout.preamble;
  }

  *read(chunk: Buffer, last: boolean): Generator<FoundRow[]> {
    for (const batch of this.#splitter.split(chunk, last)) {
      const rows = this.#rows(batch);
      yield this.#preamble === 0 ? rows : rows.slice(this.#preamble);
      this.#preamble = Math.max(0, this.#preamble - rows.length);
    }
  }

  #rows(batch: RecordBatch): FoundRow[] {
    const { delimiter, token, tags } = this.layout;
    return readCells(batch, delimiter).map((cells, index) => {
      const { line, shape } = batch.records[index]!;
      if (cells === undefined) return invalidCsvRow(line, BROKEN[shape] ?? MISPLACED_QUOTE);
      return { line, claimToken: cells[token], tags: cells.slice(tags.from, tags.to) };
    });
  }
}
