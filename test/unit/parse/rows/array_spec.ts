import { InvalidValue } from '../../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import { readRows, type InvalidRow } from '../../../../nodes/parse/rows/index';
import { bad, badRows, good, mintTokens, rowsIn } from './read-all-rows';

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
    assert.match(badRows(await rowsIn([{ line: 7, code: 'BAD_CSV', reason: 'x' }]))[0]!.reason, /is missing/);
  });

  it('shows what stood in a bad row, as far as it can be shown', async () => {
    const found = async (item: unknown): Promise<unknown[]> => {
      const [{ claimToken, tags, reason }] = badRows(await rowsIn([item])) as [InvalidRow];
      return [claimToken, tags, reason.replace(/^(the claim token) .*/s, '$1 …')];
    };
    const TOKEN = 'the claim token …';
    assert.deepEqual(await found({ claimToken: ' x ', tags: [' a ', '', 7, true, null, {}] }), [
      'x',
      ['a', '7', 'true'],
      TOKEN,
    ]);
    assert.deepEqual(await found({ claimToken: Buffer.from(' x\n'), tags: 'a, ,b' }), ['x', ['a', 'b'], TOKEN]);
    assert.deepEqual(await found({ claimToken: true, tags: 5 }), ['true', undefined, TOKEN]);
    assert.deepEqual(await found({ claimToken: {} }), [undefined, undefined, TOKEN]);
    const comma = "a tag holds a comma, which the service's CSV cannot say; take it out";
    assert.deepEqual(await found({ claimToken: A, tags: ['a,b'] }), [A, ['a,b'], comma]);
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
    await rows.next();
    controller.abort(new Error('stopped'));
    await assert.rejects(rows.next(), /stopped/);
  });
});
