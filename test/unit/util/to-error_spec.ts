import assert from 'node:assert/strict';
import { toError } from '../../../nodes/util/to-error';

describe('toError', () => {
  it('gives an error as it is', () => {
    const error = new RangeError('too far');
    assert.equal(toError(error), error);
  });

  it('makes an error of what is none', () => {
    assert.equal(toError('words').message, 'words');
    assert.equal(toError({ name: 'Error', message: 'looks like one' }).message, '[object Object]');
    assert.ok(toError({ name: 'Error', message: 'looks like one' }) instanceof Error);
  });

  for (const facts of [{ name: 5 }, { message: { toString: () => 'readable' } }]) {
    it(`makes another one of an error with the ${Object.keys(facts).join()} of another type`, () => {
      const error = Object.assign(new Error('readable'), facts);
      assert.notEqual(toError(error), error);
      assert.equal(toError(error).message, 'readable');
    });
  }

  for (const [what, thrown] of [
    ['a getter that throws', Object.defineProperty(new Error('a'), 'message', { get: () => assert.fail('asked') })],
    ['what has no text', Object.create(null)],
    ['a symbol in the place of a text', { toString: () => Symbol('none') }],
  ] as const) {
    it(`has words for ${what}`, () => {
      assert.equal(toError(thrown).message, 'something without words was thrown');
    });
  }
});
