import { InvalidValue } from '../../util/invalid-value';
import { setImmediate } from 'node:timers/promises';
import { isUint8Array } from 'node:util/types';
import type { AbortSignalLike } from '../../util/abort';
import { describeType } from '../../util/json';
import { arrayRows } from './array-rows';
import { RowValidator } from './validate-row';
import { csvRows } from './csv-rows';
import { toUtf8 } from './utf8';
import type { FoundRow, Row, RowOptions } from './row';
import { bufferChunks, fileChunks, textChunks, type RowSource } from './source';

/** Which columns were found; final when reading has ended. */
export interface DetectedColumns {
  /** Line of the header. */
  header: number | null;
  /** Column numbers, from 1. */
  token: number | null;
  tags: number | null;
  /** Names or numbers of ignored columns with content. */
  ignored: (string | number)[];
}

/** Rows, and what was found out about them. */
export interface RowReader extends AsyncIterable<Row[]> {
  readonly columns: DetectedColumns;
  /** There is no header, and an ignored column has content. */
  readonly ignoredContent: boolean;
}

export { writeCsv } from './write-csv';
export type { InvalidRow, ValidRow, Row, RowErrorCode, RowOptions } from './row';
export type { RowSource } from './source';

/**
 * Reads the rows of a bulk claim and checks them: the one way from CSV text, a Buffer, an array or a file to rows that can
 * be uploaded. Each row of the source comes out exactly once, in order, good or bad; of the rows for one device only the
 * first good one is good. Nothing is read ahead, so a slow consumer slows the reading, and other work of Node-RED runs
 * between two batches. A file is closed when the consumer stops.
 * @throws {InvalidValue} if the source cannot be used at all: before the first row, or when a disk fails on the way
 * @throws the signal's reason, once it is aborted
 */
export function readRows(source: RowSource, options: RowOptions, signal: AbortSignalLike): RowReader {
  const columns = { header: null, token: null, tags: null, ignored: [] };
  return { columns, ignoredContent: false, [Symbol.asyncIterator]: () => rowsOf(source, options, signal) };
}

/** Reads and checks rows; see {@link readRows}. */
async function* rowsOf(source: RowSource, options: RowOptions, signal: AbortSignalLike): AsyncGenerator<Row[]> {
  signal.throwIfAborted();
  const check = new RowValidator(options.tags);
  for await (const batch of foundRows(source, options, signal)) {
    const rows = batch.map((row) => check.validate(row));
    if (rows.length > 0) yield rows;
    await setImmediate();
    signal.throwIfAborted();
  }
}

function foundRows(
  source: RowSource,
  options: RowOptions,
  signal: AbortSignalLike,
): AsyncIterable<FoundRow[]> | Iterable<FoundRow[]> {
  const csv = (chunks: AsyncIterable<Buffer>) => csvRows(until(signal, chunks), options);
  if (source.kind === 'file') return csv(toUtf8(fileChunks(source.path)));
  const { value } = source;
  if (Array.isArray(value)) return arrayRows(value);
  if (isUint8Array(value)) return csv(toUtf8(bufferChunks(Buffer.from(value.buffer, value.byteOffset, value.length))));
  if (typeof value === 'string') return csv(textChunks(value.startsWith('\ufeff') ? value.slice(1) : value));
  throw new InvalidValue(`is ${describeType(value)}; give CSV text, a Buffer of CSV, or an array of claim tokens`);
}

/** Stops between two pieces, for a long stretch that has no rows. */
async function* until(signal: AbortSignalLike, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}
