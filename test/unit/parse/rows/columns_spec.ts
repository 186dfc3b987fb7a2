import assert from 'node:assert/strict';
import { InvalidValue } from '../../../../nodes/util/invalid-value';
import { bad, badRows, good, mintTokens, readAll, rowsIn } from './read-all-rows';
import { assertSentence } from '../../../support/sentences';

const [A, B, C, D] = mintTokens(4) as [string, string, string, string];

describe('rows: columns with a header', () => {
  for (const [name, header, row, columns, tags] of [
    ['a tags column', 'token,tags', `${A},a`, { header: 1, token: 1, tags: 2, ignored: [] }, ['a']],
    ['a column that is not tags', 'token,color', `${A},a`, { header: 1, token: 1, tags: null, ignored: ['color'] }, []],
    ['one column', 'token', `${A},a`, { header: 1, token: 1, tags: null, ignored: [2] }, []],
    ['another question', 'Token,OK?', `${A},yes`, { header: 1, token: 1, tags: null, ignored: ['OK?'] }, []],
    [
      'odd names',
      `* ' & % °,Token #,"${'long '.repeat(20)}","line\nbreak"`,
      `x,${A},y,z`,
      { header: 1, token: 2, tags: null, ignored: ["* ' & % °", 'long '.repeat(20).trim(), 'line break'] },
      [],
    ],
    ['a name that is empty', 'token,,tags', `${A},x,a`, { header: 1, token: 1, tags: 3, ignored: [2] }, ['a']],
    [
      'two names with tags',
      'token,tag id,tags',
      `${A},x,a`,
      { header: 1, token: 1, tags: 3, ignored: ['tag id'] },
      ['a'],
    ],
    [
      'a JWT beside',
      'jwt token,claim token',
      `x,${A}`,
      { header: 1, token: 2, tags: null, ignored: ['jwt token'] },
      [],
    ],
    ['sep=', 'sep=,\ntoken,tags', `${A},a`, { header: 2, token: 1, tags: 2, ignored: [] }, ['a']],
    ['sep= with delimiters', 'sep=,,\ntoken,tags,x', `${A},a,`, { header: 2, token: 1, tags: 2, ignored: [] }, ['a']],
    [
      'a title',
      'Device list,,\ntoken,station,',
      `${A},ST4,`,
      { header: 2, token: 1, tags: null, ignored: ['station'] },
      [],
    ],
    [
      'a title with the word',
      'Claim tokens\nimei,claim token',
      `1,${A}`,
      { header: 2, token: 2, tags: null, ignored: ['imei'] },
      [],
    ],
  ] as const) {
    it(`are found: ${name}`, async () => {
      const found = await readAll(`${header}\n${row}\n`);
      assert.deepEqual(found.columns, columns);
      assert.deepEqual(
        good(found.rows).map(([, token, own]) => [token, own]),
        [[A, tags]],
      );
      assert.equal(found.ignoredContent, false);
    });
  }

  it('are found in line 20, and not in line 21 or below a token', async () => {
    const title = (lines: number) => 'title\n'.repeat(lines);
    const late = await readAll(`${title(19)}token,tags\n${A},a\n`);
    assert.deepEqual([late.columns.header, late.rows.length], [20, 1]);
    const tooLate = await readAll(`${title(20)}token,tags\n${A},a\n`);
    assert.deepEqual([tooLate.columns.header, tooLate.rows.length], [null, 22]);
    const below = await readAll(`${A}\ntoken,tags\n${B},a\n`);
    assert.deepEqual([below.columns.header, bad(below.rows)], [null, [[2, 'INVALID_TOKEN']]]);
  });

  it('never skip a line with a token', async () => {
    const found = await readAll(`${A.slice(0, 100)}\ntoken,tags\n${B}\n`);
    assert.deepEqual(bad(found.rows), [
      [1, 'INVALID_TOKEN'],
      [2, 'INVALID_TOKEN'],
    ]);
  });

  it('reject content right of the last named column, which is a list without quotes', async () => {
    const rows = await rowsIn(`token,tags\n${A},a,b\n${B},"a,b",\n`);
    assert.deepEqual([bad(rows), good(rows)], [[[2, 'INVALID_TAG']], [[3, B, ['a', 'b']]]]);
    assert.deepEqual(badRows(rows)[0]!.tags, ['a', 'b']);
  });
});

describe('rows: columns without a header', () => {
  it('have tags right of a token in the first column, and nowhere else', async () => {
    const guide = await readAll(`${A},"a,b"\n${B},c\n${C}\n`);
    assert.deepEqual(guide.columns, { header: null, token: 1, tags: 2, ignored: [] });
    assert.deepEqual(
      good(guide.rows).map(([, , tags]) => tags),
      [['a', 'b'], ['c'], []],
    );
    const other = await readAll(`x,${A},a\n`);
    assert.deepEqual(other.columns, { header: null, token: 2, tags: null, ignored: [1, 3] });
    assert.deepEqual([good(other.rows), other.ignoredContent], [[[1, A, []]], true]);
  });

  it('reject cells right of the tags', async () => {
    const rows = await rowsIn(`${A},a,b\n${B},c,\n`);
    assert.deepEqual([bad(rows), good(rows)], [[[1, 'INVALID_TAG']], [[2, B, ['c']]]]);
  });

  for (const value of [
    '2026-11-27',
    '2026-11-27T01:08:00Z',
    '2026-11-27 01:08',
    '27.11.2026 01:08',
    '11/27/2026',
    '20261127',
    '01:08:00',
    '1:08 pm',
    'Nov 27 2026',
    '27 Nov 2026 01:08',
    '"Fri, 27 Nov 2026 01:08:00 GMT"',
    '1764205680',
    '1764205680.123',
    '3.55026E+14',
    '"3,55026E+14"',
    '355025930000000',
    "'355025930000000",
    '35-502593-000000-0',
    '8947080037110000000F',
    '89470800371100000000',
    '89049032000001000000000000000001',
    'd1a36dd0-d8eb-4699-9d2b-cf6318a61dac',
    'F4:CE:36:A1:B2:C3',
    'f4-ce-36-a1-b2-c3',
    'F4CE36A1B2C3',
    'a@example.com',
  ]) {
    it(`take ${value} for no tag`, async () => {
      const { rows, columns, ignoredContent } = await readAll(`${A},${value}\n${B},${value}\n`);
      assert.deepEqual(
        good(rows).map(([, , tags]) => tags),
        [[], []],
      );
      assert.deepEqual([columns.tags, columns.ignored, ignoredContent], [null, [2], true]);
      const mixed = await rowsIn(`${A},a\n${B},a\n${C},${value}\n${D},a\n`);
      assert.deepEqual(bad(mixed), [[3, 'INVALID_TAG']]);
    });
  }

  for (const value of ['Oslo', 'batch-7', 'location=Oslo', '2026', 'v1.2.3', 'line 4', 'beef', '12345', 'May', 'dec']) {
    it(`take ${value} for a tag`, async () => {
      assert.deepEqual(good(await rowsIn(`${A},${value}\n`)), [[1, A, [value]]]);
    });
  }

  it('name no more than 256 ignored columns', async () => {
    const { columns } = await readAll(`x,${A}${',y'.repeat(10_000)}\n`);
    assert.equal(columns.ignored.length, 255);
  });
});

describe('rows: columns that the user chooses', () => {
  it('are found by name, whatever the case', async () => {
    const { rows, columns } = await readAll(`Export\nSerial;My Code;Where\n1;${A};x,y\n`, {
      tokenColumn: 'my code',
      tagsColumn: 'WHERE',
    });
    assert.deepEqual(good(rows), [[3, A, ['x', 'y']]]);
    assert.deepEqual(columns, { header: 2, token: 2, tags: 3, ignored: ['Serial'] });
  });

  it('may be the tags alone', async () => {
    const { rows } = await readAll(`token,station\n${A},x\n`, { tagsColumn: 'station' });
    assert.deepEqual(good(rows), [[2, A, ['x']]]);
  });

  it('are an error with the names of the columns if there is none of that name', async () => {
    for (const options of [{ tokenColumn: 'nope' }, { tagsColumn: 'nope' }]) {
      await assert.rejects(rowsIn(`token,station\n${A},x\n`, options), (error: Error) => {
        assert.ok(error instanceof InvalidValue);
        assertSentence(error.message);
        return true;
      });
    }
  });
});
