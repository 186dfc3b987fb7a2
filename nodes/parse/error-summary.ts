import { isObject, parseJson } from '../util/json';

/** A failure that an error summary tells of. */
export interface RowFailure {
  /** The row in the upload, from 1; absent if the summary names none. */
  row?: number;
  message: string;
}

/** Said of a row whose message is empty, as Nordic's own tool does. */
const UNKNOWN = 'unknown error';
/** Most rows that one entry may name; a summary is at most some megabytes, and an upload has a thousand rows. */
const MAX_FAILURES = 1_000_000;

/**
 * Reads the document behind `errorSummaryUrl`. Both public formats are understood (source: Nordic's own tool, for the
 * sister API; that this service uses them is inferred):
 *
 * - since December 2025: `{"errors":["[2]: message"]}`, rows from 0;
 * - before: `{"key":"sentence [... (1-based)]: {\"message\":[3]}."}`, rows from 1.
 *
 * @returns the failures with rows from 1, or `undefined` for a text in neither format
 */
export function parseErrorSummary(text: string): RowFailure[] | undefined {
  const failures = fromList(text) ?? fromSentence(text);
  return failures === undefined || failures.length === 0 ? undefined : failures;
}

function fromList(text: string): RowFailure[] | undefined {
  const summary = parse(text);
  const items: unknown = isObject(summary) ? summary['errors'] : undefined;
  if (!Array.isArray(items)) return undefined;
  return items.slice(0, MAX_FAILURES).map((item: unknown) => {
    const words = typeof item === 'string' ? item : JSON.stringify(item);
    const match = /^\s*\[(\d{1,9})\]\s*:([\s\S]*)$/.exec(words);
    return match === null
      ? { message: words.trim() || UNKNOWN }
      : { row: Number(match[1]) + 1, message: match[2]!.trim() || UNKNOWN };
  });
}

const BEFORE = '(1-based)]: ';
const AFTER = '."}';

function fromSentence(text: string): RowFailure[] | undefined {
  const start = text.indexOf(BEFORE);
  const end = text.lastIndexOf(AFTER);
  if (start < 0 || end < start) return undefined;
  const inner = text.slice(start + BEFORE.length, end);
  // The object stands inside a JSON text, so its quotes are escaped once more.
  const rowsByMessage = parse(parse(`"${inner}"`)) ?? parse(inner);
  if (!isObject(rowsByMessage)) return undefined;
  const failures: RowFailure[] = [];
  for (const [message, rows] of Object.entries(rowsByMessage)) {
    for (const row of Array.isArray(rows) ? (rows as unknown[]) : []) {
      if (failures.length >= MAX_FAILURES) return failures;
      if (typeof row !== 'number' || !Number.isInteger(row)) continue;
      failures.push({ ...(row >= 1 ? { row } : {}), message: message.trim() || UNKNOWN });
    }
  }
  return failures;
}

function parse(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
