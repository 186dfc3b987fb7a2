import type { CsvLayout } from './csv-layout';
import { isBlank, type DetectedColumns } from './row';

/** Columns beyond this one are not watched: a row may have thousands of cells. */
const MAX_COLUMNS = 256;
/** Most characters of a column's name. */
const MAX_NAME_LENGTH = 100;

/** Notes which columns of a CSV have content although they are not used. */
export class ColumnUse {
  /** Columns with content, except the tokens', and the tags' if it is known anyway. */
  readonly #used = new Set<number>();
  /** Columns that may still be added to them. */
  #watched: number[] = [];
  /** Most cells of a record so far. */
  #width = 0;

  constructor(private readonly layout: CsvLayout) {}

  /** Notes the cells of a row (hot path: two comparisons for a row of known columns). */
  note(cells: readonly string[]): void {
    if (cells.length > this.#width) this.#widen(cells.length);
    if (this.#watched.length === 0) return;
    const found = this.#watched.filter((column) => column < cells.length && !isBlank(cells[column]!));
    if (found.length === 0) return;
    for (const column of found) this.#used.add(column);
    this.#watched = this.#watched.filter((column) => !this.#used.has(column));
  }

  /** What the columns were taken for, as far as rows were read. */
  get columns(): DetectedColumns {
    const { header, token, tags, tagsByPlace } = this.layout;
    const ignored = [...this.#used].filter((column) => column !== tags).sort((one, other) => one - other);
    const hasTags = tags !== undefined && (!tagsByPlace || this.#used.has(tags));
    return {
      header: header?.line ?? null,
      token: header === undefined && this.#width === 0 ? null : token + 1,
      tags: hasTags ? tags + 1 : null,
      ignored: ignored.map((column) => nameOf(header?.cells[column]) || column + 1),
    };
  }

  #widen(width: number): void {
    const { token, tags, tagsByPlace, tagsEnd } = this.layout;
    for (let column = this.#width; column < Math.min(width, MAX_COLUMNS, tagsEnd); column++) {
      if (column !== token && (tagsByPlace || column !== tags)) this.#watched.push(column);
    }
    this.#width = width;
  }
}

function nameOf(cell: string | undefined): string {
  return (cell ?? '').replace(/\s+/g, ' ').trim().slice(0, MAX_NAME_LENGTH);
}
