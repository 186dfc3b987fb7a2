import assert from 'node:assert/strict';
import {
  matchFailures,
  matchResult,
  matchUploadResult,
  readUploadRows,
  rowError,
  type UploadRow,
} from '../../../nodes/operations/row-errors';

const uuid = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`;
const token = (number: number): string => `${'t'.repeat(75)}${number}.${'s'.repeat(103)}`;
const row = (number: number): UploadRow => ({ deviceId: uuid(number), claimToken: token(number), tags: [] });
const rows = [row(1), row(2), row(3)];
const NEITHER = 'the service names the device neither as claimed nor as failed';

describe('readUploadRows', () => {
  it('readUploadRows: rows as bulk claim writes them are taken as they are', () => {
    for (const value of [row(1), { line: 1, ...row(2) }]) assert.equal(readUploadRows([value])[0], value);
  });

  for (const [what, value, expected] of [
    ['capital letters', { ...row(1), deviceId: 'ABC' }, { ...row(1), deviceId: 'abc' }],
    ['no device id', { claimToken: 'x', tags: ['a', 7] }, { deviceId: '', claimToken: 'x', tags: ['a'] }],
    ['no tags', { line: 4, claimToken: 'x', tags: 'a' }, { line: 4, deviceId: '', claimToken: 'x', tags: [] }],
    ['another line', { line: '4', ...row(1) }, row(1)],
    ['a line that is not set', { line: undefined, ...row(1) }, row(1)],
    ['more fields', { line: 4, more: 1, ...row(1) }, { line: 4, ...row(1) }],
    ['more fields and no line', { more: 1, ...row(1) }, row(1)],
    ['a token that is no text', { ...row(1), claimToken: 7 }, undefined],
    ['no fields', 7, undefined],
  ] as const) {
    it(`readUploadRows: reads a row with ${what}`, () => {
      const [read] = readUploadRows([value]);
      assert.deepEqual(read, expected);
      assert.equal(read !== undefined && 'line' in read, expected !== undefined && 'line' in expected);
    });
  }

  it('readUploadRows: what is no array has no rows', () => assert.deepEqual(readUploadRows('rows'), []));
});

describe('matchFailures', () => {
  it('matchFailures: a failure of a row that the upload does not have matches none', () => {
    const failures = [{ row: 3, message: 'a' }, { row: 4, message: 'b' }, { message: 'c' }];
    assert.deepEqual(matchFailures(failures, rows), {
      failed: new Map([[3, 'a']]),
      unmatched: [{ message: 'b' }, { message: 'c' }],
    });
    assert.deepEqual([...matchFailures(failures, []).failed.keys()], [3, 4]);
  });
});

describe('matchResult', () => {
  const others = [uuid(1), uuid(3)];
  for (const [what, item, message] of [
    ['a token in a text', ` [7] : ${token(2)}: refused `, ': refused'],
    ['a UUID in a text', `device ${uuid(2).toUpperCase()} is refused`, 'device  is refused'],
    ['a field', { device: uuid(2), message: ' refused ' }, 'refused'],
    ['a field of another name', { device: uuid(2), message: 7, description: 'refused' }, 'refused'],
    ['a list', [uuid(2), 'refused'], 'refused'],
    ['a text without words', `[1]: ${uuid(2)}`, 'refused by the service'],
    ['an index in a text', ' [1]: refused', 'refused'],
    ['an index in a field', { index: 1, reason: 'refused' }, 'refused'],
    ['an index in a text field', { index: '1', error: 'refused' }, 'refused'],
    ['a row in a field', { row: 2, detail: 'refused' }, 'refused'],
    ['a number', 1, 'refused by the service'],
  ] as const) {
    it(`matchResult: finds a failed row by ${what}`, () => {
      const { failed, unmatched, claimed } = matchResult([item], others, rows);
      assert.deepEqual([[...failed], unmatched, [...claimed!]], [[[2, message]], [], [1, 3]]);
    });
  }

  for (const [what, item] of [
    ['another UUID', uuid(9)],
    ['an index after words', 'refused [1]'],
    ['an index that is too large', { index: 3 }],
    ['an index that is negative', { index: -1 }],
    ['a part of an index', { index: 0.5 }],
    ['an index that is true', { index: true }],
    ['a row that is 0', { row: 0 }],
    ['nothing', null],
    ['a list of numbers', [1]],
  ] as const) {
    it(`matchResult: an item with ${what} matches no row, and all others failed`, () => {
      const { failed, unmatched } = matchResult([item], others, rows);
      assert.deepEqual([[...failed], unmatched.length, unmatched[0]!.item], [[[2, NEITHER]], 1, item]);
    });
  }

  it('matchResult: the first failure of a row counts', () => {
    const { failed } = matchResult([`${uuid(2)} one`, `${uuid(2)} two`], others, rows);
    assert.deepEqual([...failed], [[2, 'one']]);
  });

  it('matchResult: an index of two digits is one', () => {
    const many = Array.from({ length: 12 }, (_, index) => ({
      deviceId: `d${index}`,
      claimToken: `t${index}`,
      tags: [],
    }));
    assert.equal(matchResult(['[11]: refused'], [], many).failed.get(12), 'refused');
  });

  it('matchResult: claimed devices are named by id, token or object', () => {
    const { claimed } = matchResult([], [{ id: uuid(1) }, token(2), {}, { id: uuid(9) }, 7], rows);
    assert.deepEqual([...claimed!], [1, 2]);
  });

  it('matchResult: claimed ids of another kind are believed if both lists add up to the rows', () => {
    assert.deepEqual([...matchResult(['[0]: x'], ['a', 'b'], rows).failed], [[1, 'x']]);
    assert.equal(matchResult(['[0]: x'], ['a'], rows).failed.size, 3);
    assert.equal(matchResult(['x'], ['a', 'b'], rows).failed.size, 3);
    assert.equal(matchResult(['[0]: x', '[1]: y'], [uuid(2)], rows).failed.get(3), NEITHER);
  });

  it('matchResult: what is listed twice counts once, so that no row counts as claimed for it', () => {
    assert.equal(matchResult([], ['a', 'a', 'b'], rows).failed.size, 3);
    assert.equal(matchResult(['[0]: x', '[0]: y'], ['a'], rows).failed.size, 3);
    assert.deepEqual([...matchResult(['[0]: x', '[0]: y'], ['a', 'b'], rows).failed], [[1, 'x']]);
  });

  for (const [what, failed, claimedIds, count] of [
    ['rows that are in the list', ['[0]: x', '[0]: y'], [uuid(2), uuid(3)], 1],
    ['rows in neither list', [], [uuid(2)], 2],
    ['all rows if the lists are empty', [], [], 3],
    ['all rows if the ids are of other devices, and do not add up', [], [uuid(8), uuid(9)], 3],
    ['items that match no row, if the lists add up', ['x'], ['a', 'b'], 1],
    ['the entries of an object', { [uuid(1)]: 'x' }, [uuid(2), uuid(3)], 1],
    ['all rows if the list of claimed devices is not a list', ['[0]: x'], 'a', 3],
  ] as const) {
    it(`matchUploadResult: counts ${what}`, () => {
      assert.equal(matchUploadResult({ failed, claimedIds }, rows).count, count);
    });
  }

  it('matchResult: without rows, nothing is added', () => {
    const { failed, unmatched } = matchResult(['x'], [], []);
    assert.deepEqual([failed.size, unmatched], [0, [{ message: 'x', item: 'x' }]]);
  });

  it('matchResult: an item that is no row, and a row without an id, match nothing', () => {
    const { failed } = matchResult([''], [], [undefined, { deviceId: '', claimToken: 'x', tags: [] }]);
    assert.deepEqual([...failed.values()], [NEITHER, NEITHER]);
  });
});

describe('rowError', () => {
  it('rowError: has what is known of the row', () => {
    assert.deepEqual(rowError(2, 'x', undefined), { row: 2, message: 'x' });
    const { deviceId, claimToken } = row(1);
    assert.deepEqual(rowError(1, 'x', row(1)), { row: 1, deviceId, claimToken, message: 'x' });
    assert.deepEqual(rowError(1, 'x', { line: 5, ...row(1) }), { line: 5, row: 1, deviceId, claimToken, message: 'x' });
  });
});
