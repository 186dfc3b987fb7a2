import assert from 'node:assert/strict';
import { invalidInput, type NrfCloudError } from '../../../nodes/api/errors';
import { namedSource, withSource } from '../../../nodes/api/with-source';
import { InvalidValue } from '../../../nodes/util/invalid-value';
import { assertSentence } from '../../support/sentences';

describe('withSource', () => {
  const thrownBy = (error: unknown, source = 'msg.payload'): NrfCloudError => {
    const read = (): never => {
      throw error;
    };
    try {
      return withSource('claim', source, read);
    } catch (thrown) {
      return thrown as NrfCloudError;
    }
  };

  it('gives what was read', () => {
    assert.equal(
      withSource('claim', 'msg.payload', () => 7),
      7,
    );
  });

  for (const [what, error, source] of [
    ['a value', new InvalidValue('is a UUID; enter the claim token')],
    ['a field of a value', new InvalidValue('is a UUID; enter the claim token', 'claimToken')],
    ['a missing property', new InvalidValue('is missing; enter the claim token')],
    ['a missing result', new InvalidValue('is missing; enter the claim token'), 'the JSONata expression'],
    ['another fault of a result', new InvalidValue('is text that is missing; enter it'), 'the JSONata expression'],
    ['a getter that throws', new TypeError('a getter')],
  ] as const) {
    it(`names the source of ${what}`, () => {
      const { code, message } = thrownBy(error, source);
      assert.equal(code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(message);
    });
  }

  it('leaves an error that is complete already as it is', () => {
    const error = invalidInput('claim', 'msg.payload is a UUID');
    assert.equal(thrownBy(error), error);
  });

  it('namedSource: an error that is not about a value stays as it is', () => {
    const error = new TypeError('defect');
    assert.equal(namedSource('claim', 'msg.payload', error), error);
  });
});
