import { isObject } from '../../util/json';
import { BATCH_ROWS, type FoundRow } from './row';

/**
 * Reads rows from an array: of tokens, of `[token, tags]`, or of `{ claimToken, tags? }`, mixed if need be. What the bulk
 * nodes give for failed and rejected rows is such an array. Each item is one row, whatever it is.
 */
export function* arrayRows(items: readonly unknown[]): Generator<FoundRow[]> {
  for (let start = 0; start < items.length; start += BATCH_ROWS) {
    const length = Math.min(BATCH_ROWS, items.length - start);
    yield Array.from({ length }, (_, index) => rowOf(items, start + index));
  }
}

/** Getters of foreign objects may throw anything. */
function rowOf(items: readonly unknown[], index: number): FoundRow {
  const line = index + 1;
  try {
    const item = items[index];
    if (Array.isArray(item)) return { line, claimToken: item[0], tags: item.slice(1) };
    if (isObject(item) && !Buffer.isBuffer(item)) return { line, claimToken: item['claimToken'], tags: [item['tags']] };
    return { line, claimToken: item, tags: [] };
  } catch {
    return { ok: false, line, code: 'INVALID_TOKEN', reason: 'the item of the array cannot be read' };
  }
}
