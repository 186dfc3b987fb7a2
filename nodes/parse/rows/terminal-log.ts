import type { RecordBatch } from './record-splitter';
import type { FoundRow } from './row';

/** An answer of the modem with its own quotes, which no CSV has, or a log line of Nordic's firmware with a token. */
const ANSWER = /(?:^|[\r\n])[^,;\r\n]{0,100}%ATTESTTOKEN:\s{0,4}"[\w-]{20,}\.[\w-]{20,}"\s*(?:[\r\n]|$)/i;
const LOG_LINE = /(?:^|[\r\n])[^,;\r\n]{0,16}\[[\d:.]{5,20},\d{3}\]\s*<\w{3}>[^,;\r\n]{0,100}2dn3[\w-]{20,}\./;
/** A line about a device: a token, or a response without one. */
const ROW = /%ATTESTTOKEN:|2dn3|\bERROR\b/i;
const LEADING_TIME = /^\s*(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,6})?Z?\s+/;

/** Whether a text is what a terminal showed: lines with the modem's answers between echoes, OK and log lines. */
export function isTerminalLog(sample: string): boolean {
  return ANSWER.test(sample) || LOG_LINE.test(sample);
}

/** Reads the lines of a terminal log that are about a device; the others (echoes, OK, boot messages) are not rows. */
export function terminalRows({ bytes, records }: RecordBatch): FoundRow[] {
  return records.flatMap(({ line, start, end }) => {
    const text = bytes.toString('utf8', start, end);
    return ROW.test(text) ? [{ line, claimToken: text.replace(LEADING_TIME, ''), tags: [] }] : [];
  });
}
