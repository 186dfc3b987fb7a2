import assert from 'node:assert/strict';
import { bad, badRows, good, mintTokens, rowsIn } from './read-all-rows';

const [A, B, C, D] = mintTokens(4) as [string, string, string, string];

describe('rows: broken quotes', () => {
  const cases: [string, string[], [number, string][], number[]][] = [
    ['opens, does not close', [A, `${B},"open`, `${C},x`, D], [[2, 'BAD_CSV']], [1, 3, 4]],
    ['before the token', [A, `"${B}`, `"${C}"`, D], [[2, 'BAD_CSV']], [1, 3, 4]],
    ['rows after it are quoted', [`${A},"a`, `${B},"b"`, `${C},"c,d"`], [[1, 'BAD_CSV']], [2, 3]],
    ['at the end', [A, `${B},"b`], [[2, 'BAD_CSV']], [1]],
    [
      'at the end, with more lines',
      [A, `${B},"b`, '', 'x'],
      [
        [2, 'BAD_CSV'],
        [4, 'INVALID_TOKEN'],
      ],
      [1],
    ],
    ['within a cell', [A, `${B},a"b`, C], [[2, 'BAD_CSV']], [1, 3]],
    ['after a cell', [A, `${B},"a"b`, `${C},"c"`], [[2, 'BAD_CSV']], [1, 3]],
    ['a doubled one at the end', [`${A},"a""`, `${B},"b"`, C], [[1, 'BAD_CSV']], [2, 3]],
    [
      'several',
      [`"${A}`, `${B},"`, C, `${D},""x`],
      [
        [1, 'BAD_CSV'],
        [2, 'BAD_CSV'],
        [4, 'BAD_CSV'],
      ],
      [3],
    ],
    [
      'the rows after it are damaged',
      [`${A},"a`, 'x,"b"', 'y', `${B},""`],
      [
        [1, 'BAD_CSV'],
        [2, 'INVALID_TOKEN'],
        [3, 'INVALID_TOKEN'],
      ],
      [4],
    ],
    ['tags before the token', [`"a,${A}`, `"b,c",${B}`, `"d\ne",${C}`], [[1, 'BAD_CSV']], [2, 3]],
  ];
  for (const [name, lines, expectedBad, expectedGood] of cases) {
    it(`spoils one row: ${name}`, async () => {
      const rows = await rowsIn(lines.join('\n'));
      assert.deepEqual([bad(rows), good(rows).map(([line]) => line)], [expectedBad, expectedGood]);
      assert.ok(badRows(rows).every(({ reason }) => !reason.includes('2dn3')));
    });
  }
});

describe('rows: hostile input', () => {
  it('gives up a record that is too long, and goes on after it', async () => {
    const filler = 'x'.repeat(64 * 1024);
    const lines = [A, filler, filler + 'x', `${B},"${filler}"`, C, 'x'.repeat(500_000), D];
    for (const lineBreak of ['\n', '\r\n', '\r']) {
      const rows = await rowsIn(Buffer.from(lines.join(lineBreak)));
      assert.deepEqual(bad(rows), [
        [2, 'INVALID_TOKEN'],
        [3, 'BAD_CSV'],
        [4, 'BAD_CSV'],
        [6, 'BAD_CSV'],
      ]);
      assert.deepEqual(
        good(rows).map(([line]) => line),
        [1, 5, 7],
      );
    }
  });

  it('gives up a quoted cell that goes on for too long, and reads its lines as rows', async () => {
    const lines = [`${A},"a`, ...Array.from({ length: 2000 }, () => 'x'.repeat(50)), `${B},b"`];
    const rows = await rowsIn(lines.join('\n'));
    assert.deepEqual(
      rows.map(({ line }) => line),
      lines.map((_, index) => index + 1),
    );
    assert.deepEqual(
      [rows[0], rows.at(-1)].map((row) => row && 'code' in row && row.code),
      ['BAD_CSV', 'BAD_CSV'],
    );
  });

  it('survives what is no text', async () => {
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex');
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919 + (index >> 3)) % 256));
    for (const source of [
      png,
      noise,
      Buffer.alloc(300_000),
      Buffer.alloc(300_000, ','),
      Buffer.alloc(300_000, '"'),
      Buffer.alloc(200_000, '"\n'),
    ]) {
      const rows = await rowsIn(Buffer.concat([Buffer.from(`token\n${A}\n`), source])).then((all) => all.slice(1));
      assert.ok(rows.every(({ ok }) => !ok));
      const lines = rows.map(({ line }) => line);
      assert.deepEqual(
        lines,
        [...new Set(lines)].sort((one, other) => one - other),
      );
    }
  });
});
