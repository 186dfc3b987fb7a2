import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { readRows, type ValidRow, type Row, type RowSource } from '../../../nodes/parse/rows/index';
import { writeCsv } from '../../../nodes/parse/rows/write-csv';
import { isPlainlyNoTag } from '../../../nodes/parse/rows/cell-kinds';
import { csvRows } from '../../../nodes/parse/rows/csv-rows';
import type { FoundRow } from '../../../nodes/parse/rows/row';
import { InvalidValue } from '../../../nodes/util/invalid-value';
import { property, type AnyProperty } from '../property';
import { anyRecipe, build } from '../values/hostile';
import { longText, oddText, written } from '../values/texts';
import { damagedToken, soundToken } from '../values/tokens';

const never = new AbortController().signal;
const AUTO = { tokenColumn: 0, tagsColumn: 0, tags: [] };

async function rowsOf(source: RowSource, options = AUTO): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const batch of readRows(source, options, never)) rows.push(...batch);
  return rows;
}

/** What comes of a source: its rows, or why it is refused as a whole. */
async function resultOf<T>(rows: Promise<T[]>): Promise<T[] | string> {
  try {
    return await rows;
  } catch (error) {
    assert.ok(error instanceof InvalidValue, String(error));
    assert.match(error.message, /^(is|has|holds|names) [^\n]{4,2000}$/);
    assert.doesNotMatch(error.message, /[\w-]{70,}\.[\w-]{60,}/, 'a refusal quotes a token');
    return error.message;
  }
}

/** Rows straight from pieces, cut anywhere. */
async function rowsOfPieces(bytes: Buffer, cuts: number[]): Promise<FoundRow[]> {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((one, other) => one - other);
  // eslint-disable-next-line @typescript-eslint/require-await -- a stream of what is there already
  async function* pieces(): AsyncGenerator<Buffer> {
    let at = 0;
    for (const end of [...ends, bytes.length]) {
      if (end > at) yield Buffer.from(bytes.subarray(at, end));
      at = end;
    }
  }
  const rows: FoundRow[] = [];
  const report = {
    columns: { header: null, token: null, tags: null, ignored: [] },
    format: { encoding: null, delimiter: null, names: [] },
  };
  for await (const batch of csvRows(pieces(), AUTO, report)) rows.push(...batch);
  return rows;
}

/** A tag that the service's CSV can express, and that is not changed when it is read. */
const tag = fc
  .oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }), oddText)
  .map((text) =>
    text
      .replace(/[,\r\n\t\p{C}\p{Default_Ignorable_Code_Point}\ufffd\u2018-\u201f«»]/gu, '')
      .trim()
      .slice(0, 90)
      .trim(),
  )
  .filter((text) => text !== '' && !/^[[{]|\p{Surrogate}/u.test(text));
const tags = fc.uniqueArray(tag, { maxLength: 4 }).filter((list) => !isPlainlyNoTag(list.join(',')));
const goodRows = fc.uniqueArray(fc.record({ token: soundToken, tags }), {
  selector: ({ token }) => token.deviceId,
  minLength: 1,
  maxLength: 8,
});

/** How a CSV is written: each layout that the contract names. */
interface Layout {
  delimiter: string;
  lineBreak: string;
  quoted: boolean;
  header: boolean;
  blank: boolean;
  encoding: 'utf8' | 'utf8-bom' | 'utf16le-bom' | 'utf16be-bom';
  fourColumns: boolean;
}
const layout: fc.Arbitrary<Layout> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t'),
  lineBreak: fc.constantFrom('\n', '\r\n', '\r'),
  quoted: fc.boolean(),
  header: fc.boolean(),
  blank: fc.boolean(),
  encoding: fc.constantFrom('utf8', 'utf8-bom', 'utf16le-bom', 'utf16be-bom'),
  fourColumns: fc.boolean(),
});

function encode(text: string, encoding: Layout['encoding']): Buffer {
  if (encoding === 'utf8') return Buffer.from(text);
  if (encoding === 'utf8-bom') return Buffer.from(`\ufeff${text}`);
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return encoding === 'utf16le-bom' ? bytes : bytes.swap16();
}

const cell = (text: string, quoted: boolean): string =>
  quoted || /[",;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

/** Text that looks like CSV, good and bad rows mixed. */
const csvish = fc
  .array(
    fc.oneof(
      soundToken.map(({ claimToken }) => claimToken),
      damagedToken,
      oddText,
      fc.constantFrom(',', ';', '\t', '\n', '\n', '\r\n', '"', '""', '","', '\n\n', '\u0000'),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(''));

let folder: string;

export const csvRowsProperties: AnyProperty[] = [
  property({
    name: 'every layout of a CSV gives the same rows',
    weight: 0.5,
    limitMs: 500,
    arbitrary: fc.record({ rows: goodRows, how: layout }),
    check: async ({ rows, how }) => {
      const { delimiter, lineBreak, quoted, header, blank, fourColumns } = how;
      const lines = rows.map(({ token, tags: own }) =>
        fourColumns
          ? ['352656106118683', token.deviceId, token.claimToken, '2026-11-24T10:00:00Z']
              .map((text) => cell(text, quoted))
              .join(delimiter)
          : [cell(token.claimToken, quoted), ...(own.length === 0 ? [] : [cell(own.join(','), true)])].join(delimiter),
      );
      if (header)
        lines.unshift((fourColumns ? ['imei', 'uuid', 'token', 'time'] : ['claimToken', 'tags']).join(delimiter));
      const text = lines.flatMap((line) => (blank ? [line, ' '] : [line])).join(lineBreak);
      const found = await rowsOf({ kind: 'value', value: encode(text, how.encoding) });
      const expected = rows.map(({ token, tags: own }) => ({ ...token, tags: fourColumns ? [] : own }));
      assert.deepEqual(
        found.map(({ claimToken, deviceId, tags: read }) => ({ claimToken, deviceId, tags: read })),
        expected,
      );
    },
  }),
  property({
    name: 'what is uploaded reads back the same',
    weight: 1,
    limitMs: 500,
    arbitrary: goodRows.map((rows) => rows.map(({ token, tags: own }) => ({ ...token, tags: own }))),
    check: async (rows) => {
      const found = await rowsOf({ kind: 'value', value: writeCsv(rows).toString() });
      assert.deepEqual(
        found.map(({ claimToken, tags: read }) => ({ claimToken, tags: read })),
        rows.map(({ claimToken, tags: own }) => ({ claimToken, tags: own })),
      );
    },
  }),
  property({
    name: 'what an array holds goes into the upload, or is refused',
    weight: 1,
    limitMs: 500,
    arbitrary: fc.array(fc.tuple(soundToken, fc.array(oddText, { maxLength: 3 })), { maxLength: 5 }),
    check: async (items) => {
      const value = items.map(([{ claimToken }, own]) => ({ claimToken, tags: own }));
      const rows = await rowsOf({ kind: 'value', value });
      assert.equal(rows.length, items.length);
      const good = rows.filter((row): row is ValidRow => row.ok);
      // Nothing is uploaded then.
      if (good.length === 0) return;
      const back = await rowsOf({ kind: 'value', value: writeCsv(good) }, { ...AUTO, tagsColumn: 2 });
      assert.deepEqual(
        back.map(({ claimToken, tags: read }) => ({ claimToken, tags: read })),
        good.map(({ claimToken, tags: own }) => ({ claimToken, tags: own })),
      );
    },
  }),
  property({
    name: 'rows do not depend on where the pieces are cut',
    weight: 2,
    limitMs: 500,
    arbitrary: fc.tuple(csvish, fc.array(fc.nat(4000), { maxLength: 8 })),
    check: async ([text, cuts]) => {
      const bytes = Buffer.from(text);
      assert.deepEqual(await resultOf(rowsOfPieces(bytes, cuts)), await resultOf(rowsOfPieces(bytes, [])));
    },
  }),
  property({
    name: 'lines of rows rise, each once, and texts and Buffers agree',
    weight: 1.5,
    limitMs: 500,
    arbitrary: csvish,
    check: async (text) => {
      const rows = await resultOf(rowsOf({ kind: 'value', value: text }));
      const lines = (typeof rows === 'string' ? [] : rows).map(({ line }) => line);
      assert.deepEqual(
        lines,
        [...new Set(lines)].sort((one, other) => one - other),
      );
      assert.ok(lines.every((line) => line >= 1 && line <= text.split(/\r\n|\r|\n/).length));
      if (/^\ufeff|\p{Surrogate}/u.test(text) || text.includes('\0')) return;
      assert.deepEqual(await resultOf(rowsOf({ kind: 'value', value: Buffer.from(text) })), rows);
    },
  }),
  property({
    name: 'a file gives the rows of its text',
    weight: 0.125,
    limitMs: 1500,
    arbitrary: fc.tuple(csvish, fc.integer({ min: 0, max: 800 })),
    setUp: async () => {
      folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
      await Promise.resolve();
    },
    tearDown: async () => {
      rmSync(folder, { recursive: true });
      await Promise.resolve();
    },
    check: async ([text, times]) => {
      const bytes = Buffer.from(`${text}\n`.repeat(times)).subarray(0, 140_000);
      const path = join(folder, 'rows.csv');
      writeFileSync(path, bytes);
      const [fromFile, fromBuffer] = [
        await resultOf(rowsOf({ kind: 'file', path })),
        await resultOf(rowsOf({ kind: 'value', value: bytes })),
      ];
      assert.deepEqual(fromFile, fromBuffer);
    },
  }),
  property({
    name: 'bytes of any kind are rows or are none',
    weight: 1,
    limitMs: 500,
    arbitrary: fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array)),
      fc.tuple(csvish, fc.constantFrom<BufferEncoding>('utf16le', 'latin1'), fc.nat(3)).map(([text, encoding, cut]) => {
        const bytes = Buffer.from(text, encoding);
        return bytes.subarray(0, Math.max(0, bytes.length - cut));
      }),
    ),
    check: async (bytes) => {
      await resultOf(rowsOf({ kind: 'value', value: bytes }));
    },
  }),
  property({
    name: 'long texts take no time as CSV',
    weight: 0.03,
    limitMs: 1500,
    arbitrary: longText(50_000),
    check: async (text) => {
      await resultOf(rowsOf({ kind: 'value', value: written(text) }));
    },
  }),
  property({
    name: 'each item of an array is one row, whatever it is',
    weight: 1.5,
    limitMs: 500,
    arbitrary: fc.array(anyRecipe, { maxLength: 6 }),
    check: async (recipes) => {
      const rows = await rowsOf({ kind: 'value', value: recipes.map(build) });
      assert.deepEqual(
        rows.map(({ line }) => line),
        recipes.map((_, index) => index + 1),
      );
    },
  }),
];
