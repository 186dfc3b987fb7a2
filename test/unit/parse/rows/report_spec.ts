import assert from 'node:assert/strict';
import { csvRows } from '../../../../nodes/parse/rows/csv-rows';
import { readRows, type Row, type RowReader } from '../../../../nodes/parse/rows/index';
import type { FoundRow, RowOptions } from '../../../../nodes/parse/rows/row';
import { mintTokens, readAll, rowsIn } from './read-all-rows';

const [A, B, C] = mintTokens(3) as [string, string, string];
const OPTIONS: RowOptions = { tokenColumn: 0, tagsColumn: 0, tags: [] };

async function readWith(value: unknown, options: Partial<RowOptions>): Promise<{ rows: Row[]; reader: RowReader }> {
  const reader = readRows({ kind: 'value', value }, { ...OPTIONS, ...options }, new AbortController().signal);
  const rows: Row[] = [];
  for await (const batch of reader) rows.push(...batch);
  return { rows, reader };
}

describe('rows: the format of a source', () => {
  const text = `token;tags\n${A};x\n`;
  const utf16 = (): Buffer => Buffer.from(text, 'utf16le');
  for (const [what, value, format] of [
    ['text', text, { encoding: null, delimiter: ';', names: ['token', 'tags'] }],
    ['UTF-8', Buffer.from(text), { encoding: 'utf8', delimiter: ';', names: ['token', 'tags'] }],
    ['UTF-16, little end first', utf16(), { encoding: 'utf16le', delimiter: ';', names: ['token', 'tags'] }],
    ['UTF-16, big end first', utf16().swap16(), { encoding: 'utf16be', delimiter: ';', names: ['token', 'tags'] }],
    ['text without a header', `${A}\n`, { encoding: null, delimiter: ',', names: [] }],
    ['an array', [A], { encoding: null, delimiter: null, names: [] }],
  ] as const) {
    it(`rows: the format of ${what} is reported`, async () => {
      assert.deepEqual((await readWith(value, {})).reader.format, format);
    });
  }
});

describe('rows: cells', () => {
  const text = `token,tags\n${A},x\nhello,y\n${B},"\n`;

  it('rows: with keepCells every row that has cells keeps them', async () => {
    const { rows } = await readWith(text, { keepCells: true });
    assert.deepEqual(
      rows.map((row) => row.cells),
      [[A, 'x'], ['hello', 'y'], undefined],
    );
    assert.deepEqual(Object.keys(rows[2]!), ['ok', 'line', 'code', 'reason']);
  });

  it('rows: the cells of a row without a token are cut after 100 characters together', async () => {
    const [token] = mintTokens(1) as [string];
    const secret = 's'.repeat(60);
    const text = [
      `claimToken,tags,note`,
      `x,"${'t'.repeat(300)}",`,
      `${secret},,${secret}`,
      `${token},"a,b",${secret}${secret}`,
    ];
    const rows = await rowsIn(text.join('\n'), { keepCells: true });
    assert.deepEqual(
      rows.map(({ cells }) => cells),
      [
        ['x', 't'.repeat(99), ''],
        [secret, '', 's'.repeat(40)],
        [token, 'a,b', secret + secret],
      ],
    );
  });

  it('rows: all cells of a row with a damaged token are shown', async () => {
    const damaged = '2dn3'.padEnd(160, 'A');
    const rows = await rowsIn(`claimToken,note\n${damaged},first`, { keepCells: true });
    assert.deepEqual(
      rows.map(({ ok, cells }) => [ok, cells]),
      [[false, [damaged, 'first']]],
    );
  });

  it('rows: without keepCells no row has cells', async () => {
    const { rows } = await readWith(text, {});
    assert.deepEqual(
      rows.map((row) => 'cells' in row),
      [false, false, false],
    );
  });
});

describe('rows: ignored columns', () => {
  for (const [what, text, ignored] of [
    ['are sorted by place, though later rows use them first', `token,a,b,c\n${A},,,x\n${B},x\n`, ['a', 'c']],
    ['are those with content in any row, though rows differ in length', `,${A}, \n,${B}\nx,${C},y\n`, [1, 3]],
    ['are none if they are blank', `token,a\n${A}, \n${B}\n`, []],
    ['have names with single spaces', `token,"my  \n code"\n${A},x\n`, ['my code']],
    ['have names of at most 100 characters', `token,${'x'.repeat(101)}\n${A},x\n`, ['x'.repeat(100)]],
  ] as const) {
    it(`rows: ignored columns ${what}`, async () => assert.deepEqual((await readAll(text)).columns.ignored, ignored));
  }
});

describe('rows: CSV in small pieces', () => {
  it('csvRows: the layout is found in all pieces together', async () => {
    const bytes = Buffer.from(`Device list\ntoken;tags\n${A};x\n${B};y\n`);
    const reused = Buffer.alloc(10);
    // As a file is read: each piece comes in the memory of the one before.
    async function* pieces(): AsyncGenerator<Buffer> {
      for (let at = 0; at < bytes.length; at += reused.length) {
        yield await Promise.resolve(reused.subarray(0, bytes.copy(reused, 0, at)));
      }
    }
    const report = {
      columns: { header: null, token: null, tags: null, ignored: [] },
      format: { encoding: null, delimiter: null, names: [] },
    };
    const rows: FoundRow[] = [];
    for await (const batch of csvRows(pieces(), OPTIONS, report)) rows.push(...batch);
    assert.deepEqual(rows, [
      { line: 3, claimToken: A, tags: ['x'] },
      { line: 4, claimToken: B, tags: ['y'] },
    ]);
    assert.deepEqual(report.columns, { header: 2, token: 1, tags: 2, ignored: [] });
  });
});
