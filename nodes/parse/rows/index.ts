import { setImmediate } from 'node:timers/promises';
import type { AbortSignalLike } from '../../util/abort';
import { InvalidValue } from '../../util/invalid-value';
import { describeType, isObject } from '../../util/json';
import { bytesOf } from '../bytes';
import { describeKeys } from '../describe-keys';
import { arrayRows } from './array-rows';
import { csvRows, type ColumnReport } from './csv-rows';
import type { DetectedColumns, FoundRow, Row, RowOptions, SourceFormat } from './row';
import { bufferChunks, ChangedFile, fileChunks, isBeingWritten, textChunks, type RowSource } from './source';
import { toUtf8 } from './utf8';
import { RowValidator } from './validate-row';

export { PackedRows } from './packed-rows';
export type { DetectedColumns, InvalidRow, ValidRow, Row, RowOptions, SourceFormat } from './row';
export { cleanPath, fileIdentity, type RowSource } from './source';

/** The rows of a source, in batches. */
export interface RowReader extends AsyncIterable<Row[]> {
  /** What the columns were taken for; final when the iteration has ended. */
  readonly columns: DetectedColumns;
  /** How the source is written; final when the iteration has ended. */
  readonly format: SourceFormat;
  /** Whether a column without a name is not used and has content: perhaps something was meant by it. */
  readonly ignoredContent: boolean;
  /** What is wrong with the source if its file is still being written after its last row was read. */
  findChange(): Promise<InvalidValue | undefined>;
}

/**
 * Reads the rows of a bulk claim and checks them: the one way from CSV text, a Buffer, an array or a file to rows that can
 * be uploaded. Each row of the source comes out exactly once, in order, valid or invalid; of the rows for one device only
 * the first valid one is valid. The same source gives the same rows each time. Nothing is read ahead, so a slow consumer
 * slows the reading, and other work of Node-RED runs between two batches. A file is closed when the consumer stops.
 *
 * Iterating throws {@link InvalidValue} if the source cannot be used at all (before the first row, or when the disk fails
 * or the file changes on the way), and the signal's reason once it is aborted.
 */
export function readRows(source: RowSource, options: RowOptions, signal: AbortSignalLike): RowReader {
  return new SourceReader(copyArray(source), options, signal);
}

class SourceReader implements RowReader {
  readonly #report: ColumnReport = {
    columns: { header: null, token: null, tags: null, ignored: [] },
    format: { encoding: null, delimiter: null, names: [] },
  };

  /** That of the last row. */
  #line = 0;

  constructor(
    private readonly source: RowSource,
    private readonly options: RowOptions,
    private readonly signal: AbortSignalLike,
  ) {}

  get columns(): DetectedColumns {
    return this.#report.columns;
  }

  get format(): SourceFormat {
    return this.#report.format;
  }

  get ignoredContent(): boolean {
    const { header, ignored } = this.columns;
    return header === null && ignored.some((column) => typeof column === 'number');
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Row[]> {
    const { signal } = this;
    signal.throwIfAborted();
    const validator = new RowValidator(this.options.tags);
    try {
      for await (const batch of this.#foundRows()) {
        const rows = batch.map((row) => validator.validate(row));
        this.#line = rows.at(-1)?.line ?? this.#line;
        if (rows.length > 0) yield rows;
        await setImmediate();
        signal.throwIfAborted();
      }
    } catch (error) {
      throw error instanceof ChangedFile ? new ChangedFile(this.#line) : error;
    }
  }

  async findChange(): Promise<InvalidValue | undefined> {
    const { source } = this;
    if (source.kind === 'value' || source.was === undefined) return undefined;
    return (await isBeingWritten(source.path, source.was)) ? new ChangedFile(this.#line) : undefined;
  }

  #foundRows(): AsyncIterable<FoundRow[]> | Iterable<FoundRow[]> {
    const { source, options } = this;
    const report = this.#report;
    const csv = (chunks: AsyncIterable<Buffer>) => csvRows(until(this.signal, chunks), options, report);
    const onEncoding = (encoding: SourceFormat['encoding']): void => {
      report.format.encoding = encoding;
    };
    if (source.kind === 'file') return csv(toUtf8(fileChunks(source.path, source.was), onEncoding));
    const { value } = source;
    if (Array.isArray(value)) return arrayRows(value, options, report);
    if (typeof value === 'string') return csv(textChunks(value));
    const bytes = bytesOf(value);
    if (bytes !== undefined) return csv(toUtf8(bufferChunks(bytes), onEncoding));
    throw new InvalidValue(`${describeValue(value)}; enter CSV text, a Buffer of CSV, or an array of claim tokens`);
  }
}

/** Other messages may change an array from a context while it is read. What cannot be copied is read item by item. */
function copyArray(source: RowSource): RowSource {
  if (source.kind !== 'value' || !Array.isArray(source.value)) return source;
  try {
    return { kind: 'value', value: source.value.slice() };
  } catch {
    return source;
  }
}

function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'is missing';
  const keys = isObject(value) ? Object.keys(value) : [];
  return `is ${keys.length === 0 ? describeType(value) : describeKeys(keys)}`;
}

/** Stops between two pieces, for a long stretch that has no rows. */
async function* until(signal: AbortSignalLike, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}
