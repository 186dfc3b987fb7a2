import assert from 'node:assert/strict';
import { NrfCloudError, type ErrorCode } from '../../../nodes/api/errors';
import { isFinal, RefusedKey } from '../../../nodes/operations/poll-errors';

const MINUTE_MS = 60_000;

function failure(code: ErrorCode, statusCode?: number): NrfCloudError {
  return new NrfCloudError(code, 'text', {
    operation: 'bulk status',
    attempts: 1,
    ...(statusCode === undefined ? {} : { statusCode }),
  });
}

describe('isFinal', () => {
  for (const [code, statusCode, expected] of [
    ['NRFCLOUD_CONFLICT', 409, true],
    ['NRFCLOUD_REJECTED', 400, true],
    ['NRFCLOUD_REJECTED', 408, false],
    ['NRFCLOUD_REJECTED', 425, false],
    ['NRFCLOUD_INVALID_INPUT', undefined, true],
    ['NRFCLOUD_INTERNAL_ERROR', undefined, true],
    ['NRFCLOUD_UNAUTHORIZED', 401, false],
    ['NRFCLOUD_NOT_FOUND', 404, false],
    ['NRFCLOUD_UNAVAILABLE', 503, false],
    ['NRFCLOUD_BAD_RESPONSE', 200, false],
  ] as const) {
    it(`isFinal: ${[code, statusCode].join(' ').trim()} is ${expected ? 'final' : 'waited out'}`, () => {
      assert.equal(isFinal(failure(code, statusCode)), expected);
    });
  }
});

describe('RefusedKey', () => {
  const refused = failure('NRFCLOUD_UNAUTHORIZED', 401);

  for (const code of ['NRFCLOUD_UNAUTHORIZED', 'NRFCLOUD_FORBIDDEN'] as const) {
    it(`RefusedKey: ${code} persists after five minutes`, () => {
      const key = new RefusedKey();
      assert.equal(key.persists(failure(code), 1000), false);
      assert.equal(key.persists(failure(code), 999 + 5 * MINUTE_MS), false);
      assert.equal(key.persists(failure(code), 1000 + 5 * MINUTE_MS), true);
    });
  }

  it('RefusedKey: the five minutes begin anew after a success, and after another error', () => {
    for (const interrupt of [
      (key: RefusedKey) => key.reset(),
      (key: RefusedKey) => assert.equal(key.persists(failure('NRFCLOUD_UNAVAILABLE'), 9 * MINUTE_MS), false),
    ]) {
      const key = new RefusedKey();
      key.persists(refused, 0);
      interrupt(key);
      assert.equal(key.persists(refused, 10 * MINUTE_MS), false);
      assert.equal(key.persists(refused, 15 * MINUTE_MS), true);
    }
  });
});
