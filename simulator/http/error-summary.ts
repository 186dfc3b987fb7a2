import type { FaultRule } from '../faults/rule';
import { toWire, type WireResponse } from '../wire/response';
import type { Settings } from '../settings';
import type { RowFailure } from '../state/bulk-operations';

const EXPIRED =
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>';

/**
 * The document behind `errorSummaryUrl`. Both JSON formats are what Nordic's own parsers read on the sister API
 * (nrf-cloud-api.md §5); that this service writes the same is inferred.
 */
export function errorSummary(failures: readonly RowFailure[], settings: Readonly<Settings>): WireResponse {
  switch (settings.errorSummary) {
    case 'older':
      return document('application/json', olderFormat(failures));
    case 'text':
      return document('text/plain', failures.map(({ row, message }) => `Row ${row + 1}: ${message}\n`).join(''));
    case 'expired':
      return { ...document('application/xml', EXPIRED), status: 403 };
    case 'missing':
    case 'notfound':
      return toWire({ status: 404, body: { message: 'Not Found' } });
    case 'redirect':
      return { status: 302, headers: { location: settings.summaryRedirect }, text: '' };
    default:
      return document('application/json', currentFormat(failures));
  }
}

/** The formats that are a way of failing rather than a document. */
export function summaryFault(settings: Readonly<Settings>): FaultRule | undefined {
  if (settings.errorSummary === 'huge') return { hugeBody: Infinity };
  if (settings.errorSummary === 'hang') return { slow: { where: 'headers', ms: 'forever' } };
  return undefined;
}

/** Format A: `[n]: message`, n from 0. */
function currentFormat(failures: readonly RowFailure[]): string {
  return JSON.stringify({ errors: failures.map(({ row, message }) => `[${row}]: ${message}`) });
}

/**
 * Format B: rows from 1, by message, as JSON escaped inside JSON. Known of it are the delimiters `(1-based)]: ` and
 * `."}`, and that the first word of digits is the count; the key and the words are our choice.
 */
function olderFormat(failures: readonly RowFailure[]): string {
  const rows: Record<string, number[]> = {};
  for (const { row, message } of failures) (rows[message] ??= []).push(row + 1);
  const sentence = `Failed to claim ${failures.length} rows [errors with their rows (1-based)]: ${JSON.stringify(rows)}.`;
  return JSON.stringify({ errorSummary: sentence });
}

function document(contentType: string, text: string): WireResponse {
  return { status: 200, headers: { 'content-type': contentType }, text };
}
