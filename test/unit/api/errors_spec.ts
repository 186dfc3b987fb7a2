import assert from 'node:assert/strict';
import { queueFull } from '../../../nodes/api/error-mapping';
import {
  closed,
  hasCode,
  invalidInput,
  isClosed,
  isUnusableSuccess,
  nodeQueueFull,
  notConfigured,
  NrfCloudError,
  withEarlierDoubt,
  withMayHaveSucceeded,
} from '../../../nodes/api/errors';
import type { RequestContext } from '../../../nodes/api/request';
import { assertSentence } from '../../support/sentences';

const FACTS = { operation: 'get device', method: 'GET', path: '/claimed-devices/x', attempts: 0 } as const;
const CONTEXT = { ...FACTS, mayHaveSucceeded: false } as unknown as RequestContext;

describe('errors of what was never sent', () => {
  it('have their codes and facts', () => {
    for (const [error, code, cause] of [
      [queueFull(7, CONTEXT), 'NRFCLOUD_QUEUE_FULL', FACTS],
      [nodeQueueFull('claim', 500), 'NRFCLOUD_QUEUE_FULL', { operation: 'claim', attempts: 0 }],
      [invalidInput('claim', 'a', { rows: 1 }), 'NRFCLOUD_INVALID_INPUT', { operation: 'claim', attempts: 0, rows: 1 }],
      [notConfigured('claim', 'a'), 'NRFCLOUD_NOT_CONFIGURED', { operation: 'claim', attempts: 0 }],
      [closed('claim', 2), 'NRFCLOUD_CLOSED', { operation: 'claim', attempts: 2 }],
      [
        closed('claim', 2, { mayHaveSucceeded: true }),
        'NRFCLOUD_CLOSED',
        { operation: 'claim', attempts: 2, mayHaveSucceeded: true },
      ],
      [
        closed('bulk claim', 0, { resumes: true }),
        'NRFCLOUD_CLOSED',
        { operation: 'bulk claim', attempts: 0, resumes: true },
      ],
    ] as const) {
      assert.deepEqual([error.code, error.cause], [code, cause]);
      assertSentence(error.message);
    }
  });

  it('are errors of which only code and cause are copied', () => {
    const error = closed('claim');
    // Node-RED writes a name in front of the sentence.
    assert.equal(error.name, '');
    assert.deepEqual(Object.keys(error).sort(), ['cause', 'code', 'name']);
    assert.equal(isClosed(error), true);
    assert.equal(isClosed(new Error('NRFCLOUD_CLOSED')), false);
    assert.equal(hasCode(error, 'NRFCLOUD_TIMEOUT', 'NRFCLOUD_CLOSED'), true);
    assert.equal(hasCode(error, 'NRFCLOUD_TIMEOUT'), false);
  });
});

describe('errors of what may have taken effect', () => {
  const uncertain = new NrfCloudError('NRFCLOUD_CONFLICT', 'uncertain', { ...FACTS, mayHaveSucceeded: true });
  const certain = new NrfCloudError('NRFCLOUD_FORBIDDEN', 'certain', FACTS);

  it('withMayHaveSucceeded: an error that says so stays as it is, and another one is copied', () => {
    assert.equal(withMayHaveSucceeded(uncertain), uncertain);
    const { code, message, cause } = withMayHaveSucceeded(certain);
    assert.deepEqual([code, message], ['NRFCLOUD_FORBIDDEN', 'certain']);
    assert.deepEqual(cause, { ...FACTS, mayHaveSucceeded: true });
    assert.equal(certain.mayHaveSucceeded, false);
  });

  it('withEarlierDoubt: only the failure that follows an uncertain error becomes uncertain', () => {
    const defect = new TypeError('defect');
    assert.equal((withEarlierDoubt(certain, uncertain) as NrfCloudError).mayHaveSucceeded, true);
    assert.equal(withEarlierDoubt(certain, certain), certain);
    assert.equal(withEarlierDoubt(uncertain, certain), uncertain);
    assert.equal(withEarlierDoubt(defect, uncertain), defect);
    assert.equal(withEarlierDoubt(defect, certain), defect);
  });

  for (const [what, error, expected] of [
    ['a success whose body cannot be used', badResponse(201), true],
    ['a redirect', badResponse(302), false],
    ['no status', badResponse(undefined), false],
    ['another error of this package', certain, false],
    ['a defect', new TypeError('defect'), false],
  ] as const) {
    it(`isUnusableSuccess: ${what} ${expected ? 'is' : 'is not'} one`, () => {
      assert.equal(isUnusableSuccess(error), expected);
    });
  }

  function badResponse(statusCode: number | undefined): NrfCloudError {
    return new NrfCloudError('NRFCLOUD_BAD_RESPONSE', 'bad', {
      ...FACTS,
      ...(statusCode === undefined ? {} : { statusCode }),
    });
  }
});
