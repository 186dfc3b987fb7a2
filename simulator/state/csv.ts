import { Refusal } from './refusal';

/** A row of an upload: `row` counts from 0, as the newer error summaries do. */
export interface UploadRow {
  row: number;
  text: string;
}

/**
 * Cuts an upload into rows at its line feeds. One line feed at the very end closes the last row; every other empty line
 * is a row (which will fail): our choice.
 * @throws Refusal 400 for an empty upload or one with too many rows
 */
export function splitRows(csv: string, rowCap: number): UploadRow[] {
  const text = csv.endsWith('\n') ? csv.slice(0, -1) : csv;
  if (text === '') throw new Refusal(400, 'The uploaded CSV is empty.');
  const rows = text.split('\n');
  if (rows.length > rowCap) {
    throw new Refusal(400, `The uploaded CSV has ${rows.length} rows, at most ${rowCap} are allowed.`);
  }
  return rows.map((line, row) => ({ row, text: line }));
}

/**
 * Reads a row: a token, then perhaps its tags as one comma-separated field (the guide). Fields may be quoted, `""` is a
 * quote. Strict about everything else, so that a sloppy client shows: our choice.
 * @throws Refusal 400, whose message is what the error summary says about the row
 */
export function readRow(text: string): { claimToken: string; tags: string[] } {
  if (text === '') throw new Refusal(400, 'The row is empty.');
  if (text.startsWith('\ufeff')) throw new Refusal(400, 'The row begins with a byte order mark.');
  if (text.includes('\r')) throw new Refusal(400, 'The row holds a carriage return.');
  const fields = splitFields(text);
  const [claimToken = '', list = ''] = fields;
  if (fields.length > 2) throw new Refusal(400, `The row has ${fields.length} columns, at most 2 are allowed.`);
  return { claimToken, tags: list === '' ? [] : list.split(',').map((tag) => tag.trim()) };
}

function splitFields(text: string): string[] {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (;;) {
    const found = field.exec(text);
    if (!found) throw new Refusal(400, 'The row is not valid CSV.');
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] === '') return fields;
  }
}
