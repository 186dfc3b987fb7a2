import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseErrorSummary } from '../../../nodes/parse/error-summary';
import { matchFailures, matchResult, readUploadRows, type RowFailures } from '../../../nodes/operations/row-errors';
import { property, type AnyProperty } from '../property';
import { longText, oddText, written } from '../values/texts';
import { soundToken } from '../values/tokens';

const rowNumber = fc.integer({ min: 1, max: 40 });
const words = oddText.filter((text) => text.trim() !== '');
/** A row once each, as of several entries for a row only the first is kept. */
const failures = fc.uniqueArray(fc.record({ row: rowNumber, message: words }), {
  selector: ({ row }) => row,
  minLength: 1,
  maxLength: 6,
});
const newer = (list: { row: number; message: string }[]): string =>
  JSON.stringify({ errors: list.map(({ row, message }) => `[${row - 1}]: ${message}`) });
const older = (byMessage: Record<string, number[]>): string =>
  JSON.stringify({ errors: `could not claim [rows (1-based)]: ${JSON.stringify(byMessage)}.` });

const uploadRows = fc
  .array(soundToken, { maxLength: 10 })
  .map((tokens) => tokens.map((token, index) => ({ ...token, line: index + 1, tags: ['x'] })));

/** What must hold of the failures whatever came in: each has words, and names a row of the upload if that is known. */
function assertFailures({ failed, unmatched }: RowFailures, rows: readonly unknown[]): void {
  for (const [row, message] of failed) {
    assert.ok(Number.isInteger(row) && row >= 1 && (rows.length === 0 || row <= rows.length));
    assert.ok(typeof message === 'string' && message !== '');
  }
  for (const { message } of unmatched) assert.ok(typeof message === 'string' && message !== '');
}

export const summaries: AnyProperty[] = [
  property({
    name: "both formats of an error summary name the service's rows",
    weight: 6,
    limitMs: 100,
    arbitrary: failures,
    check: async (list) => {
      const expected = list.map(({ row, message }) => ({ row, message: message.trim().slice(0, 1000) }));
      assert.deepEqual(await parseErrorSummary(newer(list)), expected);
      const byMessage: Record<string, number[]> = Object.create(null) as Record<string, number[]>;
      for (const { row, message } of list) (byMessage[message] ??= []).push(row);
      const read = (await parseErrorSummary(older(byMessage))) ?? [];
      const order = ({ row }: { row?: number }, other: { row?: number }): number => (row ?? 0) - (other.row ?? 0);
      assert.deepEqual(
        [...read].sort(order).map(({ row }) => row),
        [...expected].sort(order).map(({ row }) => row),
      );
    },
  }),
  property({
    name: 'a damaged error summary is read or is not, and joins with any rows',
    weight: 8,
    limitMs: 100,
    arbitrary: fc.record({
      text: fc.oneof(
        oddText,
        fc
          .tuple(failures.map(newer), fc.nat(200), oddText)
          .map(([text, at, odd]) => text.slice(0, at) + odd + text.slice(at + 1)),
        fc
          .tuple(fc.dictionary(oddText, fc.jsonValue({ maxDepth: 1 })), oddText)
          .map(([by, odd]) => older(by as never) + odd),
        fc.jsonValue().map((errors) => JSON.stringify({ errors })),
        fc.array(fc.jsonValue()).map((errors) => JSON.stringify({ errors })),
      ),
      rows: fc.oneof(uploadRows, fc.array(fc.jsonValue({ maxDepth: 2 }))),
    }),
    check: async ({ text, rows }) => {
      const read = await parseErrorSummary(text);
      if (read === undefined) return;
      assertFailures(matchFailures(read, readUploadRows(rows)), rows);
    },
  }),
  property({
    name: 'deep and long error summaries take no time',
    weight: 0.05,
    limitMs: 500,
    arbitrary: fc.oneof(
      longText(300_000).map(written),
      fc.tuple(fc.constantFrom('[', '{"a":'), fc.constantFrom(1000, 10_000, 100_000)).map(([open, levels]) => {
        const close = open === '[' ? ']' : '}';
        return `{"errors":[${open.repeat(levels)}1${close.repeat(levels)}]}`;
      }),
      longText(100_000).map((text) => JSON.stringify({ errors: [written(text)] })),
      longText(100_000).map((text) => older({ [written(text)]: [1, 2] })),
    ),
    check: async (text) => {
      const read = await parseErrorSummary(text);
      if (read !== undefined) assertFailures(matchFailures(read, []), []);
    },
  }),
  property({
    name: 'a result that came at once joins with its rows, whatever its items are',
    weight: 8,
    limitMs: 200,
    arbitrary: fc.record({
      rows: uploadRows,
      failed: fc.oneof(
        fc.jsonValue(),
        fc.array(
          fc.oneof(
            fc.jsonValue({ maxDepth: 2 }),
            oddText,
            soundToken.map(({ claimToken }) => claimToken),
          ),
        ),
      ),
    }),
    check: ({ rows, failed }) => {
      if (Array.isArray(failed)) assertFailures(matchResult(failed, [], readUploadRows(rows)), rows);
    },
  }),
  property({
    name: 'long items of a result take no time',
    weight: 0.05,
    limitMs: 300,
    arbitrary: longText(200_000),
    check: (text) => {
      const item = written(text);
      assertFailures(matchResult([item, { message: item }, [item]], [], []), []);
    },
  }),
];
