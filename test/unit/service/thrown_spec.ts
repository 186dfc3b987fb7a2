import assert from 'node:assert/strict';
import { asError } from '../../../nodes/service/thrown';

describe('asError', () => {
  it('gives an error as it is', () => {
    const error = new RangeError('too far');
    assert.equal(asError(error), error);
  });

  it('makes an error of what is none', () => {
    assert.equal(asError('words').message, 'words');
    assert.equal(asError({ name: 'Error', message: 'looks like one' }).message, '[object Object]');
    assert.ok(asError({ name: 'Error', message: 'looks like one' }) instanceof Error);
  });

  for (const facts of [{ name: 5 }, { message: { toString: () => 'readable' } }]) {
    it(`makes another one of an error with the ${Object.keys(facts).join()} of another type`, () => {
      const error = Object.assign(new Error('readable'), facts);
      assert.notEqual(asError(error), error);
      assert.equal(asError(error).message, 'readable');
    });
  }

  for (const [what, thrown] of [
    ['a getter that throws', Object.defineProperty(new Error('a'), 'message', { get: () => assert.fail('asked') })],
    ['what has no text', Object.create(null)],
    ['a symbol in the place of a text', { toString: () => Symbol('none') }],
  ] as const) {
    it(`has words for ${what}`, () => {
      assert.equal(asError(thrown).message, 'something without words was thrown');
    });
  }
});
