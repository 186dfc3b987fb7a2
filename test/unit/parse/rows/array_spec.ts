import { InvalidValue } from '../../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import { readRows, type InvalidRow } from '../../../../nodes/parse/rows/index';
import { bad, badRows, good, mintTokens, readAll, rowsIn } from './read-all-rows';
import { assertSentence } from '../../../support/sentences';

const [A, B, C, D] = mintTokens(4) as [string, string, string, string];

describe('rows: arrays', () => {
  it('reads tokens, pairs and objects', async () => {
    const rows = await rowsIn([A, [B, 'a, b'], { claimToken: C, tags: ['c'] }, { claimToken: Buffer.from(D) }]);
    assert.deepEqual(good(rows), [
      [1, A, []],
      [2, B, ['a', 'b']],
      [3, C, ['c']],
      [4, D, []],
    ]);
  });

  it('takes back what bulk claim rejects and what bulk status calls failed', async () => {
    const first = await rowsIn([[A, 'a'], [A, 'b'], 'x', { claimToken: B, tags: ['c,d'] }, null]);
    const again = await rowsIn(badRows(first));
    assert.deepEqual(good(again), [[1, A, ['b']]]);
    assert.deepEqual(bad(again), [
      [2, 'INVALID_TOKEN'],
      [3, 'INVALID_TAG'],
      [4, 'INVALID_TOKEN'],
    ]);
    assert.deepEqual(good(await rowsIn([{ claimToken: C, tags: [] }])), [[1, C, []]]);
    assertSentence(badRows(await rowsIn([{ line: 7, code: 'BAD_CSV', reason: 'x' }]))[0]!.reason);
  });

  it('shows what stood in a bad row, as far as it can be shown', async () => {
    const found = async (item: unknown): Promise<unknown[]> => {
      const [{ claimToken, tags, reason }] = badRows(await rowsIn([item])) as [InvalidRow];
      return [claimToken, tags, reason.replace(/^(the token) .*/s, '$1 …')];
    };
    const TOKEN = 'the token …';
    assert.deepEqual(await found({ claimToken: ' x ', tags: [' a ', '', 7, true, null, {}] }), [
      'x',
      ['a', '7', 'true'],
      TOKEN,
    ]);
    assert.deepEqual(await found({ claimToken: Buffer.from(' x\n'), tags: 'a, ,b' }), ['x', ['a', 'b'], TOKEN]);
    assert.deepEqual(await found({ claimToken: true, tags: 5 }), ['true', undefined, TOKEN]);
    assert.deepEqual(await found({ claimToken: {} }), [undefined, undefined, TOKEN]);
    assert.deepEqual((await found({ claimToken: A, tags: ['a,b'] })).slice(0, 2), [A, ['a,b']]);
    const thrower = Object.defineProperty({}, 'claimToken', { get: () => assert.fail('asked') });
    assert.deepEqual(await found(thrower), [undefined, undefined, 'the item of the array cannot be read']);
  });

  it('makes a bad row of every odd item', async () => {
    const hostile = Object.defineProperty({}, 'claimToken', {
      get: () => {
        throw new Error('no');
      },
    });
    const throwing = new Proxy([], {
      get: () => {
        throw new Error('no');
      },
    });
    const items: unknown[] = [
      null,
      undefined,
      352656106118683,
      true,
      Symbol('x'),
      {},
      [],
      [[A]],
      () => A,
      hostile,
      throwing,
      JSON.parse('{"__proto__":{"claimToken":"x"}}'),
      { claimToken: { claimToken: A } },
    ];
    items.length++;
    const rows = await rowsIn(items);
    assert.deepEqual(
      bad(rows),
      Array.from(items, (_, index) => [index + 1, 'INVALID_TOKEN']),
    );
    assert.equal(badRows(rows)[2]?.claimToken, '352656106118683');
    const tags = [{}, [{}], 7, throwing, 'a\ufffd'];
    assert.deepEqual(
      bad(await rowsIn(tags.map((tag) => ({ claimToken: A, tags: tag })))).map(([, code]) => code),
      tags.map(() => 'INVALID_TAG'),
    );
  });

  it('finds the keys of objects like the columns of a header', async () => {
    const { rows, columns, ignoredContent } = await readAll([
      { token: A, Tags: 'a,b', station: 'x' },
      { imei: '1', 'Claim token': B, time: '' },
      { claimToken: C, tag: 'c' },
      { serial: 1 },
    ]);
    assert.deepEqual(good(rows), [
      [1, A, ['a', 'b']],
      [2, B, []],
      [3, C, ['c']],
    ]);
    assert.deepEqual(bad(rows), [[4, 'INVALID_TOKEN']]);
    assert.deepEqual(columns, { header: null, token: null, tags: null, ignored: ['station', 'imei', 'serial'] });
    assert.equal(ignoredContent, false);
  });

  it('takes the keys and the items that it is told', async () => {
    const options = { tokenColumn: 'code', tagsColumn: 'Station' };
    assert.deepEqual(good(await rowsIn([{ code: A, station: 'x', tags: 'y' }], options)), [[1, A, ['x']]]);
    assert.deepEqual(good(await rowsIn([['x', A, 'y']], { tokenColumn: 2, tagsColumn: '3' })), [[1, A, ['y']]]);
    assert.deepEqual(good(await rowsIn([['x', A, 'y']], { tokenColumn: 2 })), [[1, A, []]]);
  });

  it('rejects items right of the tags', async () => {
    const rows = await rowsIn([
      [A, 'a', 'b'],
      [B, 'a', ''],
    ]);
    assert.deepEqual([bad(rows), good(rows)], [[[1, 'INVALID_TAG']], [[2, B, ['a']]]]);
  });

  for (const [what, options, item, ignored] of [
    ['a chosen token column', { tokenColumn: 2 }, ['imei', A, '', 'note'], [1, 4]],
    ['a chosen tags column', { tagsColumn: 3 }, [A, 'note', 'a', null, 0], [2, 5]],
    [
      'a name as the token column, which arrays do not have',
      { tokenColumn: 'token', tagsColumn: 'tags' },
      [A, 'a', 7],
      [3],
    ],
    ['the places of token and tags', {}, [A, 'a', ''], []],
  ] as const) {
    it(`rows: ignored columns of arrays are named with ${what}`, async () => {
      const { columns, ignoredContent } = await readAll([[A], item], options);
      assert.deepEqual([columns.ignored, ignoredContent], [ignored, ignored.length > 0]);
    });
  }

  it('names no key of its own rows as ignored', async () => {
    const { columns } = await readAll([
      { line: 1, code: 'INVALID_TAG', reason: 'x', deviceId: 'y', claimToken: A, tags: [] },
    ]);
    assert.deepEqual(columns.ignored, []);
  });

  it('reads the rows that were there when it began', async () => {
    const value = [A, B, C];
    const reader = readRows(
      { kind: 'value', value },
      { tokenColumn: 0, tagsColumn: 0, tags: [] },
      new AbortController().signal,
    );
    value.length = 0;
    const rows = [];
    for await (const batch of reader) rows.push(...batch);
    assert.equal(rows.length, 3);
  });

  it('refuses what is no source', async () => {
    for (const value of [undefined, null, 7, true, {}]) {
      await assert.rejects(rowsIn(value), InvalidValue);
    }
  });

  it('stops when it is told', async () => {
    const controller = new AbortController();
    const rows = readRows(
      { kind: 'value', value: Array(5000).fill(A) },
      { tokenColumn: 0, tagsColumn: 0, tags: [] },
      controller.signal,
    );
    const batches = rows[Symbol.asyncIterator]();
    await batches.next();
    controller.abort(new Error('stopped'));
    await assert.rejects(batches.next(), /stopped/);
  });
});
