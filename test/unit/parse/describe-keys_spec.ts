import assert from 'node:assert/strict';
import { describeKeys, listKeys } from '../../../nodes/parse/describe-keys';

const eight = 'abcdefgh'.split('');

describe('listKeys', () => {
  it('listKeys: up to eight keys are all named', () => {
    assert.equal(listKeys(eight), 'a, b, c, d, e, f, g, h');
  });

  it('listKeys: of more keys the first eight are named, and an ellipsis says that there are others', () => {
    assert.equal(listKeys([...eight, 'i', 'j']), 'a, b, c, d, e, f, g, h, …');
  });
});

describe('describeKeys', () => {
  it('describeKeys: one key is singular, several are plural', () => {
    assert.deepEqual(
      [describeKeys(['a']), describeKeys(['a', 'b'])],
      ['an object with the key a', 'an object with the keys a, b'],
    );
  });
});
