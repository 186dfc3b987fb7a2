import type { GoodRow } from './row';

/**
 * Writes rows as the service wants them (source: guide): UTF-8, LF, no header, the token, then the tags as one quoted
 * field. A row without tags has one column.
 */
export function toCsv(rows: readonly Pick<GoodRow, 'claimToken' | 'tags'>[]): string {
  let csv = '';
  for (const { claimToken, tags } of rows) {
    csv += tags.length === 0 ? `${claimToken}\n` : `${claimToken},"${tags.join(',').replaceAll('"', '""')}"\n`;
  }
  return csv;
}
