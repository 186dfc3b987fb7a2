import type { ValidRow } from './row';

/** Bytes that a row mostly takes at most: a token has 180. */
const USUAL_BYTES = 256;
/** Most bytes of UTF-8 for each of JavaScript's characters. */
const BYTES_A_CHARACTER = 3;

/**
 * Writes rows as the service wants them (source: guide): UTF-8, LF, no header, the token, then the tags as one quoted
 * field. A row without tags has one column.
 *
 * Each row is written by itself: one long text, encoded at the end, took five times as long (docs/performance.md).
 */
export function writeCsv(rows: readonly Pick<ValidRow, 'claimToken' | 'tags'>[]): Buffer {
  let csv = Buffer.allocUnsafe(rows.length * USUAL_BYTES);
  let length = 0;
  let last: readonly string[] = [];
  let end = '\n';
  for (const { claimToken, tags } of rows) {
    // Hot path: rows with the same tags share their list.
    if (tags !== last) [last, end] = [tags, endOf(tags)];
    const needed = length + (claimToken.length + end.length) * BYTES_A_CHARACTER;
    if (needed > csv.length) csv = enlarged(csv, length, needed);
    length += csv.write(claimToken, length);
    length += csv.write(end, length);
  }
  return csv.subarray(0, length);
}

/** What follows the token of a row. */
function endOf(tags: readonly string[]): string {
  return tags.length === 0 ? '\n' : `,"${tags.join(',').replaceAll('"', '""')}"\n`;
}

function enlarged(bytes: Buffer, used: number, needed: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(2 * needed);
  bytes.copy(larger, 0, 0, used);
  return larger;
}
