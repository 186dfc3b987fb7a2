import assert from 'node:assert/strict';
import { parseSecurityTag } from '../../../nodes/parse/security-tag';
import { InvalidValue } from '../../../nodes/util/invalid-value';
import { assertSentence } from '../../support/sentences';

describe('parseSecurityTag', () => {
  for (const [value, expected] of [
    [0, 0],
    ['16842753', 16842753],
    [' 7 ', 7],
    [4294967295, 4294967295],
  ] as const) {
    it(`parseSecurityTag: reads ${JSON.stringify(value)}`, () => assert.equal(parseSecurityTag(value), expected));
  }
  for (const value of [-1, 4294967296, 'x', '4294967296', 1.5, NaN, '', '1e3', '0x10', null, undefined, true, {}]) {
    it(`parseSecurityTag: refuses ${JSON.stringify(value)} (${typeof value})`, () => {
      assert.throws(
        () => parseSecurityTag(value),
        (error: Error) => {
          assertSentence(error.message);
          return error instanceof InvalidValue;
        },
      );
    });
  }
});
