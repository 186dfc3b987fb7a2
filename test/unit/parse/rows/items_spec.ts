import assert from 'node:assert/strict';
import { bad, badRows, good, mintTokens, readAll, rowsIn } from './read-all-rows';

const [A, B] = mintTokens(2) as [string, string];

describe('rows: items of an array', () => {
  it('rows: every item of a long array is a row', async () => {
    const rows = await rowsIn(Array.from({ length: 501 }, () => 'x'));
    assert.deepEqual(
      rows.map(({ line }) => line),
      Array.from({ length: 501 }, (_, index) => index + 1),
    );
  });

  it('rows: bytes are a token', async () => {
    assert.deepEqual(good(await rowsIn([Buffer.from(A), new Uint8Array(Buffer.from(B))])), [
      [1, A, []],
      [2, B, []],
    ]);
  });

  for (const [what, item, tags] of [
    ['claimToken, whatever other keys name a token', { token: 'x', claimToken: A }, []],
    ['tags, whatever other keys name tags', { claimToken: A, label: 'x', tags: 'a' }, ['a']],
    ['the key that says tags and nothing else', { claimToken: A, 'tag id': 'x', labels: 'a' }, ['a']],
    [
      'the first key that says tags, if each says something else, too',
      { claimToken: A, 'tag id': 'a', 'tag no': 'x' },
      ['a'],
    ],
  ] as const) {
    it(`rows: an object is read by ${what}`, async () => assert.deepEqual(good(await rowsIn([item])), [[1, A, tags]]));
  }

  it('rows: items right of chosen tags are left alone', async () => {
    assert.deepEqual(good(await rowsIn([[A, 'a', 'b']], { tagsColumn: 2 })), [[1, A, ['a']]]);
  });

  it('rows: items right of the tags are shown as tags of the invalid row', async () => {
    assert.deepEqual(badRows(await rowsIn([[A, 'a', 'b']]))[0]!.tags, ['a', 'b']);
  });

  it('rows: keys without content are not reported as ignored', async () => {
    const { columns } = await readAll([{ claimToken: A, x: null, y: undefined, z: '', some: 0 }]);
    assert.deepEqual(columns.ignored, ['some']);
  });

  it('rows: at most 256 keys are reported as ignored', async () => {
    const keys = Array.from({ length: 300 }, (_, index) => `k${index}`);
    const { columns } = await readAll([{ claimToken: A, ...Object.fromEntries(keys.map((key) => [key, 1])) }]);
    assert.deepEqual(columns.ignored, keys.slice(0, 256));
  });

  it('rows: an array that cannot be copied is read item by item', async () => {
    const array = new Proxy([A, 'x'], {
      get: (items, key) => (key === 'slice' ? assert.fail('copied') : (Reflect.get(items, key) as unknown)),
    });
    const rows = await rowsIn(array);
    assert.deepEqual([good(rows), bad(rows)], [[[1, A, []]], [[2, 'INVALID_TOKEN']]]);
  });
});
