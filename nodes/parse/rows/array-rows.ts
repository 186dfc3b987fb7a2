import { isObject } from '../../util/json';
import { bytesOf } from '../bytes';
import { indexOfName, readColumnChoice, type ColumnChoice } from './column-choice';
import type { ColumnReport } from './csv-rows';
import { columnName, isTagsOnly, type ColumnName } from './header-words';
import { BATCH_ROWS, UNQUOTED_TAGS, type FoundRow, type RowOptions } from './row';

/** Keys of rows that bulk claim and bulk status send; they are not lost when such rows are fed back. */
const OWN_KEYS = new Set(['ok', 'line', 'row', 'code', 'reason', 'message', 'deviceId', 'mayHaveSucceeded']);
/** Most ignored keys and columns that are reported, and most keys whose meaning is remembered. */
const MAX_IGNORED = 256;
const MAX_KNOWN_KEYS = 10_000;

/**
 * Reads rows from an array: of tokens, of `[token, tags]`, of `{ claimToken, tags? }`, or of objects whose keys are found
 * like a CSV's header (rows of a core csv node), mixed if need be. Each item is one row, whatever it is.
 * @param report gets the names of keys, and the numbers of columns, that have content and are not used
 */
export function* arrayRows(
  items: readonly unknown[],
  options: RowOptions,
  report: ColumnReport,
): Generator<FoundRow[]> {
  const reader = new ItemReader(options);
  for (let start = 0; start < items.length; start += BATCH_ROWS) {
    const length = Math.min(BATCH_ROWS, items.length - start);
    const rows = Array.from({ length }, (_, index) => reader.row(items, start + index));
    report.columns = { header: null, token: null, tags: null, ignored: [...reader.ignored] };
    yield rows;
  }
}

class ItemReader {
  readonly ignored = new Set<string | number>();
  readonly #names = new Map<string, ColumnName | undefined>();
  readonly #token: ColumnChoice;
  readonly #tags: ColumnChoice;

  constructor({ tokenColumn, tagsColumn }: RowOptions) {
    this.#token = readColumnChoice(tokenColumn);
    this.#tags = readColumnChoice(tagsColumn);
  }

  /** Getters of foreign objects may throw anything. */
  row(items: readonly unknown[], index: number): FoundRow {
    const line = index + 1;
    try {
      const item = items[index];
      if (Array.isArray(item)) return this.#ofCells(line, item);
      if (isObject(item) && bytesOf(item) === undefined) return this.#ofObject(line, item);
      return { line, claimToken: item, tags: [] };
    } catch {
      return { ok: false, line, code: 'INVALID_TOKEN', reason: 'the item of the array cannot be read' };
    }
  }

  #ofCells(line: number, cells: unknown[]): FoundRow {
    const token = indexOf(this.#token) ?? 0;
    const tags = indexOf(this.#tags) ?? (token === 0 ? 1 : undefined);
    const row = { line, claimToken: cells[token], tags: tags === undefined ? [] : [cells[tags]] };
    const rest = this.#tags === undefined && tags === 1 ? cells.slice(2) : [];
    if (rest.some(hasContent)) return { ...row, tags: cells.slice(1), tagProblem: UNQUOTED_TAGS };
    for (let column = 0; column < Math.min(cells.length, MAX_IGNORED); column++) {
      if (column !== token && column !== tags) this.#noteIgnored(column + 1, cells[column]);
    }
    return row;
  }

  #ofObject(line: number, item: Record<string, unknown>): FoundRow {
    const keys = Object.keys(item);
    const token = this.#keyOf(keys, this.#token, 'token', 'claimToken') ?? 'claimToken';
    const tags = this.#keyOf(keys, this.#tags, 'tags', 'tags');
    for (const key of keys) {
      if (key !== token && key !== tags && !OWN_KEYS.has(key)) this.#noteIgnored(key, item[key]);
    }
    return { line, claimToken: item[token], tags: tags === undefined ? [] : [item[tags]] };
  }

  #noteIgnored(name: string | number, content: unknown): void {
    if (this.ignored.size < MAX_IGNORED && !this.ignored.has(name) && hasContent(content)) this.ignored.add(name);
  }

  /** The key that the user names, or this package's own, or one that a header would be found by. */
  #keyOf(keys: string[], choice: ColumnChoice, name: 'token' | 'tags', own: string): string | undefined {
    if (choice !== undefined && 'name' in choice) return keys[indexOfName(keys, choice.name)];
    if (keys.includes(own)) return own;
    const named = keys.filter((key) => this.#nameOf(key) === name);
    return name === 'tags' ? (named.find(isTagsOnly) ?? named[0]) : named[0];
  }

  #nameOf(key: string): ColumnName | undefined {
    if (!this.#names.has(key) && this.#names.size < MAX_KNOWN_KEYS) this.#names.set(key, columnName(key));
    return this.#names.get(key);
  }
}

function indexOf(choice: ColumnChoice): number | undefined {
  return choice !== undefined && 'index' in choice ? choice.index : undefined;
}

function hasContent(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}
