import { setImmediate } from 'node:timers/promises';
import { isObject, parseJson } from '../util/json';

/** A failure that an error summary reports. */
export interface RowFailure {
  /** The row in the upload, from 1; absent if the summary names none. */
  row?: number;
  message: string;
}

/** Said of a row whose message is empty, as Nordic's own tool does. */
const UNKNOWN = 'unknown error';
/** Most characters of a message that are kept. */
const MAX_MESSAGE = 1000;
/** Most entries that name no row; the rest says nothing of the upload's rows. */
const MAX_UNMATCHED = 10_000;
/** Entries read before other work of Node-RED runs. */
const ENTRIES_PER_TURN = 5000;

/**
 * Reads the document behind `errorSummaryUrl`. Both public formats are understood (source: Nordic's own tool, for the
 * device management API; that this service uses them is inferred), and the first also with one JSON object per line:
 *
 * - since December 2025: `{"errors":["[2]: message"]}`, rows from 0;
 * - before: `{"key":"sentence [... (1-based)]: {\"message\":[3]}."}`, rows from 1.
 *
 * A summary may have a million entries; other work of Node-RED runs in between.
 * @param onOmitted called for each entry that names no row and is not kept, as there are too many
 * @returns the failures, at most one per row, none for an empty text or list, or `undefined` for a text in neither format
 */
export async function parseErrorSummary(
  text: string,
  onOmitted: () => void = () => undefined,
): Promise<RowFailure[] | undefined> {
  if (text.trim() === '') return [];
  const list = await fromList(text, onOmitted);
  if (list !== undefined) return list;
  const failures = (await fromLines(text, onOmitted)) ?? (await fromSentence(text, onOmitted));
  return failures?.length === 0 ? undefined : failures;
}

/** Collects failures, each row once, and lets other work run now and then. */
class FailureList {
  readonly failures: RowFailure[] = [];
  readonly #rows = new Set<number>();
  #unmatched = 0;
  #entries = 0;

  constructor(private readonly onOmitted: () => void) {}

  add(row: number | undefined, message: string): Promise<void> | undefined {
    this.#push(row, message.trim().slice(0, MAX_MESSAGE) || UNKNOWN);
    return ++this.#entries % ENTRIES_PER_TURN === 0 ? setImmediate() : undefined;
  }

  #push(row: number | undefined, message: string): void {
    if (row === undefined) {
      if (++this.#unmatched <= MAX_UNMATCHED) this.failures.push({ message });
      else this.onOmitted();
      return;
    }
    if (this.#rows.has(row)) return;
    this.#rows.add(row);
    this.failures.push({ row, message });
  }
}

async function fromList(text: string, onOmitted: () => void): Promise<RowFailure[] | undefined> {
  const summary = parse(text);
  const items: unknown = isObject(summary) ? summary['errors'] : undefined;
  return Array.isArray(items) ? listOf(items, onOmitted) : undefined;
}

/** One JSON object or text per line, as in `{"errors":[…]}` or its entries. */
async function fromLines(text: string, onOmitted: () => void): Promise<RowFailure[] | undefined> {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  if (lines.length < 2) return undefined;
  const items: unknown[] = [];
  for (const line of lines) {
    const value = parse(line);
    if (value === undefined) return undefined;
    const errors = isObject(value) ? value['errors'] : undefined;
    if (Array.isArray(errors)) for (const error of errors as unknown[]) items.push(error);
    else items.push(value);
    if (items.length % ENTRIES_PER_TURN === 0) await setImmediate();
  }
  return listOf(items, onOmitted);
}

async function listOf(items: readonly unknown[], onOmitted: () => void): Promise<RowFailure[]> {
  const list = new FailureList(onOmitted);
  for (const item of items) {
    const { row, message } = entryOf(item);
    const turn = list.add(row, message);
    if (turn !== undefined) await turn;
  }
  return list.failures;
}

/** `[2]: message` names row 3; an object may name its row by `row` (from 1) or `index` (from 0) (our choice). */
function entryOf(item: unknown): { row: number | undefined; message: string } {
  if (typeof item === 'string') {
    const match = /^\s*\[(\d{1,9})\]\s*:/.exec(item);
    if (match === null) return { row: undefined, message: item };
    return { row: Number(match[1]) + 1, message: item.slice(match[0].length) };
  }
  if (!isObject(item)) return { row: undefined, message: JSON.stringify(item) };
  const { row, index, message, error } = item;
  const place = isRow(row) ? row : isRow(index, 0) ? index + 1 : undefined;
  const words = [message, error].find((value) => typeof value === 'string');
  return { row: place, message: words ?? JSON.stringify(item) };
}

const BEFORE = '(1-based)]: ';
const AFTER = '."}';

async function fromSentence(text: string, onOmitted: () => void): Promise<RowFailure[] | undefined> {
  const start = text.indexOf(BEFORE);
  const end = text.lastIndexOf(AFTER);
  if (start < 0 || end < start) return undefined;
  const inner = text.slice(start + BEFORE.length, end);
  // The object is inside a JSON text, so its quotes are escaped once more.
  const rowsByMessage = parse(parse(`"${inner}"`)) ?? parse(inner);
  if (!isObject(rowsByMessage)) return undefined;
  const list = new FailureList(onOmitted);
  for (const [message, rows] of Object.entries(rowsByMessage)) {
    // A message whose row cannot be read is still a failure, perhaps of any row.
    for (const row of Array.isArray(rows) ? (rows as unknown[]) : [rows]) {
      const turn = list.add(isRow(row) ? row : undefined, message);
      if (turn !== undefined) await turn;
    }
  }
  return list.failures;
}

function isRow(value: unknown, least = 1): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least;
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
