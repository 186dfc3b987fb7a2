import { isObject } from '../util/json';
import type { RowFailure } from '../parse/error-summary';

/** A row of an upload, as bulk claim writes it into `msg.rows`. */
export interface UploadRow {
  /** The row's line in the file, or its place in the array, from 1. */
  line: number;
  deviceId: string;
  claimToken: string;
  tags: string[];
}

/** Why a row was not claimed, with all that is known of the row. */
export interface RowError {
  line?: number;
  /** The row in the upload, from 1. */
  row?: number;
  deviceId?: string;
  claimToken?: string;
  message: string;
  /** The service's own entry, where it could not be matched to a row. */
  item?: unknown;
}

/** What leaves with a failed bulk operation. */
export interface RowErrors {
  errors: RowError[];
  /** The failed rows that are known, each once, ready to be sent into bulk claim again. */
  failedRows: { claimToken: string; tags: string[] }[];
}

/** Reads `msg.rows`, which may have come a long way; what is no row keeps its place but gives nothing. */
export function readUploadRows(value: unknown): (UploadRow | undefined)[] {
  if (!Array.isArray(value)) return [];
  return value.map((row: unknown) => {
    if (!isObject(row) || typeof row['claimToken'] !== 'string') return undefined;
    const { line, deviceId, claimToken, tags } = row;
    return {
      line: typeof line === 'number' ? line : NaN,
      deviceId: typeof deviceId === 'string' ? deviceId : '',
      claimToken,
      tags: Array.isArray(tags) ? tags.filter((tag): tag is string => typeof tag === 'string') : [],
    };
  });
}

/** Joins the failures of an error summary with the rows of its upload. */
export function reportFailures(failures: RowFailure[], rows: (UploadRow | undefined)[]): RowErrors {
  const report = new RowErrorCollector(rows);
  for (const { row, message } of failures) report.add(row, { message });
  return report;
}

/**
 * Joins the `failed` list of a result that came at once with the rows of its upload. The shape of its items is not known
 * publicly: a token, a device UUID or an index is looked for in each; what can't be matched is kept as it is.
 */
export function reportFailedItems(items: unknown[], rows: (UploadRow | undefined)[]): RowErrors {
  const report = new RowErrorCollector(rows);
  const places = new Map<string, number>();
  for (const [index, row] of rows.entries()) {
    if (row === undefined) continue;
    places.set(row.claimToken, index + 1);
    if (row.deviceId !== '') places.set(row.deviceId.toLowerCase(), index + 1);
  }
  for (const item of items) {
    const texts = textsOf(item);
    const row =
      texts.map((text) => placeIn(text, places)).find((place) => place !== undefined) ?? indexOf(item, rows.length);
    const message = messageOf(item, texts);
    report.add(row, row === undefined ? { message, item } : { message });
  }
  return report;
}

class RowErrorCollector implements RowErrors {
  readonly errors: RowError[] = [];
  readonly failedRows: RowErrors['failedRows'] = [];
  readonly #known = new Set<number>();

  constructor(private readonly rows: (UploadRow | undefined)[]) {}

  add(row: number | undefined, rest: Pick<RowError, 'message' | 'item'>): void {
    const source = row === undefined ? undefined : this.rows[row - 1];
    this.errors.push({
      ...(source === undefined || Number.isNaN(source.line) ? {} : { line: source.line }),
      ...(row === undefined ? {} : { row }),
      ...(source === undefined ? {} : { deviceId: source.deviceId, claimToken: source.claimToken }),
      ...rest,
    });
    if (row === undefined || source === undefined || this.#known.has(row)) return;
    this.#known.add(row);
    this.failedRows.push({ claimToken: source.claimToken, tags: source.tags });
  }
}

/** Begins where a word does: else each character of a long word would be tried as the first one. */
const TOKEN = /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{76,82}\.[A-Za-z0-9_-]{102,103}/;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i;

function placeIn(text: string, places: Map<string, number>): number | undefined {
  const token = TOKEN.exec(text)?.[0];
  const uuid = UUID.exec(text)?.[0].toLowerCase();
  return (token === undefined ? undefined : places.get(token)) ?? (uuid === undefined ? undefined : places.get(uuid));
}

/** Numbers count from 0, as in the service's newer error summary, except in a field called row (our choice). */
function indexOf(item: unknown, length: number): number | undefined {
  const index = typeof item === 'string' ? /^\s*\[(\d{1,9})\]/.exec(item)?.[1] : isObject(item) ? item['index'] : item;
  const row = isObject(item) && typeof item['row'] === 'number' ? item['row'] : toNumber(index) + 1;
  return Number.isInteger(row) && row >= 1 && row <= length ? row : undefined;
}

function toNumber(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN;
}

/** The texts in an item, itself or one level down. */
function textsOf(item: unknown): string[] {
  if (typeof item === 'string') return [item];
  if (typeof item !== 'object' || item === null) return [];
  return Object.values(item).filter((value): value is string => typeof value === 'string');
}

function messageOf(item: unknown, texts: string[]): string {
  const named = isObject(item)
    ? ['message', 'error', 'reason', 'detail', 'description'].map((field) => item[field])
    : texts.map((text) =>
        text
          .replace(/^\s*\[\d+\]\s*:/, '')
          .replace(TOKEN, '')
          .replace(UUID, ''),
      );
  const found = named.find((text): text is string => typeof text === 'string' && /\p{L}/u.test(text));
  return found?.trim() ?? 'refused by the service';
}
