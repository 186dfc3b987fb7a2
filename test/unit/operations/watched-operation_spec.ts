import assert from 'node:assert/strict';
import { NrfCloudError, type ErrorCode } from '../../../nodes/api/errors';
import { readBulkStatusRequest, WatchedOperation, type Watcher } from '../../../nodes/operations/bulk-status';
import { RunningClock } from '../../../nodes/operations/running-clock';
import { stopClock } from '../../support/clock';
import { assertSentence } from '../../support/sentences';

const MINUTE = 60_000;

describe('watched operation', () => {
  let clock: ReturnType<typeof stopClock>;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  function start(deadline: number | null = null): {
    operation: WatchedOperation;
    seen: string[];
    poll: (body: Record<string, unknown>) => boolean;
    fail: (code: ErrorCode, statusCode?: number, body?: string) => boolean;
    troubles: boolean[];
  } {
    const time = new RunningClock(() => undefined);
    const troubles: boolean[] = [];
    const operation = new WatchedOperation('op', 1, 2, time, (trouble) => void troubles.push(trouble));
    const seen: string[] = [];
    const watcher: Watcher = {
      deadline,
      begunAt: 0,
      status: null,
      onChange: () => void seen.push(String(watcher.status)),
      onEnd: ({ body }) => void seen.push(`end ${String((body as Record<string, unknown>)['status'])}`),
      onFailure: (error) => void seen.push(error instanceof NrfCloudError ? error.code : error.message),
    };
    operation.add(watcher);
    return {
      operation,
      seen,
      troubles,
      poll: (body) => operation.onResponse({ statusCode: 200, body }, performance.now()),
      fail: (code, statusCode, body) => {
        const facts = {
          operation: 'bulk status' as const,
          attempts: 1,
          ...(statusCode && { statusCode }),
          ...(body && { body }),
        };
        return operation.onError(new NrfCloudError(code, 'x: y', facts), performance.now());
      },
    };
  }

  it('watched operation: each change of status is reported once, and the end ends it', () => {
    const { poll, seen } = start();
    for (const status of ['PENDING', 'PENDING', 'IN_PROGRESS']) assert.equal(poll({ status }), true);
    assert.equal(poll({ status: 'FAILED' }), false);
    assert.deepEqual(seen, ['PENDING', 'IN_PROGRESS', 'end FAILED']);
  });

  it('watched operation: a status that is no text is an empty one', () => {
    const { poll, seen } = start();
    assert.equal(poll({ status: 7 }), true);
    assert.deepEqual(seen, ['']);
  });

  it('watched operation: an unknown status with completedAt is an end, without it is waited out', () => {
    const { poll, seen } = start();
    assert.equal(poll({ status: 'PAUSED' }), true);
    assert.equal(poll({ status: 'CANCELLED', completedAt: '2026-11-28T00:00:00.000Z' }), false);
    assert.deepEqual(seen, ['PAUSED', 'end CANCELLED']);
  });

  for (const [completedAt, isWaiting] of [
    [1_795_824_000_000, false],
    [0, true],
    ['', true],
    [null, true],
    [false, true],
  ] as const) {
    it(`watched operation: an unknown status with completedAt ${JSON.stringify(completedAt)} is ${isWaiting ? 'waited out' : 'an end'}`, () => {
      assert.equal(start().poll({ status: 'CANCELLED', completedAt }), isWaiting);
    });
  }

  it('watched operation: 404 is waited out for a minute, and ends the watch after it', async () => {
    const { fail, seen } = start();
    assert.equal(fail('NRFCLOUD_NOT_FOUND'), true);
    await clock.pass(MINUTE + 1, MINUTE);
    assert.equal(fail('NRFCLOUD_NOT_FOUND'), false);
    assert.deepEqual(seen, ['NRFCLOUD_NOT_FOUND']);
  });

  it('watched operation: a web page with 404 is waited out, as a gateway may have sent it', async () => {
    const { fail, poll, seen } = start();
    await clock.pass(2 * MINUTE, MINUTE);
    assert.equal(fail('NRFCLOUD_NOT_FOUND', 404, '<!doctype html><title>404</title>'), true);
    assert.equal(poll({ status: 'SUCCEEDED' }), false);
    assert.deepEqual(seen, ['end SUCCEEDED']);
  });

  it('watched operation: 401 ends the watch only if it persists for five minutes', async () => {
    const { fail, poll, seen } = start();
    assert.equal(fail('NRFCLOUD_UNAUTHORIZED'), true);
    await clock.pass(4 * MINUTE, MINUTE);
    assert.equal(poll({ status: 'PENDING' }), true);
    await clock.pass(4 * MINUTE, MINUTE);
    assert.equal(fail('NRFCLOUD_UNAUTHORIZED'), true);
    await clock.pass(5 * MINUTE, MINUTE);
    assert.equal(fail('NRFCLOUD_UNAUTHORIZED'), false);
    assert.deepEqual(seen, ['PENDING', 'NRFCLOUD_UNAUTHORIZED']);
  });

  it('watched operation: 408 and 425 are waited out, other refusals end the watch', () => {
    for (const [statusCode, goesOn] of [
      [408, true],
      [425, true],
      [400, false],
    ] as const) {
      assert.equal(start().fail('NRFCLOUD_REJECTED', statusCode), goesOn);
    }
  });

  it('watched operation: a result that is there after the deadline is delivered', async () => {
    const { poll, seen } = start(1000);
    await clock.pass(100_000, 1000);
    assert.equal(poll({ status: 'SUCCEEDED' }), false);
    assert.deepEqual(seen, ['end SUCCEEDED']);
  });

  it('watched operation: the deadline is judged only after a poll that began after it, failed ones included', async () => {
    const { operation, fail, seen, troubles } = start(1000);
    const before = performance.now();
    await clock.pass(1500, 100);
    assert.equal(operation.onResponse({ statusCode: 200, body: { status: 'PENDING' } }, before), true);
    assert.equal(fail('NRFCLOUD_UNAVAILABLE'), false);
    assert.deepEqual(seen, ['PENDING', 'NRFCLOUD_TIMEOUT']);
    assert.deepEqual(troubles, [true]);
    operation.dispose();
    assert.deepEqual(troubles, [true, false]);
  });

  it('watched operation: the error of a timeout keeps at most 64 KiB of the body, and quotes id and status filtered', async () => {
    const secret = '2dn3hQFQ'.repeat(20);
    const time = new RunningClock(() => undefined);
    const operation = new WatchedOperation(`op\n${secret}`, 1, 2, time, () => undefined);
    let error: Error | undefined;
    operation.add({
      deadline: 1,
      begunAt: 0,
      status: null,
      onChange: () => undefined,
      onEnd: () => assert.fail('it did not end'),
      onFailure: (failure) => (error = failure),
    });
    await clock.pass(2);
    const body = { status: `PENDING\n${secret}`, filler: 'x'.repeat(100_000) };
    operation.onResponse({ statusCode: 200, body }, performance.now());
    assert.ok(error instanceof NrfCloudError);
    assert.equal(error.cause.body, JSON.stringify(body).slice(0, 65_536));
    assert.doesNotMatch(error.message, /2dn3|\n/);
  });

  /** A message that waits, whose error is kept. */
  function waiting(deadline: number | null, begunAt = 0): Watcher & { error?: Error; ended?: boolean } {
    const watcher: Watcher & { error?: Error; ended?: boolean } = {
      deadline,
      begunAt,
      status: null,
      onChange: () => undefined,
      onEnd: () => (watcher.ended = true),
      onFailure: (error) => (watcher.error = error),
    };
    return watcher;
  }
  const codeOf = ({ error }: { error?: Error }): string | undefined =>
    error instanceof NrfCloudError ? error.code : error?.message;

  it('watched operation: polls are due before the first deadline of its messages, if there is one', async () => {
    const operation = new WatchedOperation('op', 1, 2, new RunningClock(() => undefined), () => undefined);
    operation.add(waiting(null));
    assert.equal(operation.nextWithin(), undefined);
    const early = waiting(1000);
    for (const watcher of [waiting(2000), early, waiting(3000)]) operation.add(watcher);
    assert.equal(operation.nextWithin(), 1000);
    await clock.pass(1500, 100);
    assert.equal(operation.nextWithin(), 0);
    operation.remove(early);
    assert.equal(operation.nextWithin(), 500);
    assert.equal(operation.watchers.length, 3);
  });

  it('watched operation: without a connection, polls keep their interval after the deadline', async () => {
    const { operation, fail, seen } = start(1000);
    await clock.pass(1500, 100);
    assert.equal(fail('NRFCLOUD_NOT_CONFIGURED'), true);
    assert.equal(operation.nextWithin(), undefined);
    assert.equal(fail('NRFCLOUD_UNAVAILABLE'), false);
    assert.deepEqual(seen, ['NRFCLOUD_TIMEOUT']);
  });

  it('watched operation: a message ends by itself when its time is over, and the others wait on', async () => {
    const operation = new WatchedOperation('op', 1, 2, new RunningClock(() => undefined), () => undefined);
    const [over, later, never] = [waiting(1000), waiting(1001), waiting(null)];
    for (const watcher of [over, later, never]) operation.add(watcher);
    await clock.pass(1000, 100);
    assert.equal(operation.onResponse({ statusCode: 200, body: { status: 'PENDING' } }, performance.now()), true);
    assert.deepEqual([over, later, never].map(codeOf), ['NRFCLOUD_TIMEOUT', undefined, undefined]);
    assert.deepEqual(operation.watchers, [later, never]);
  });

  it('watched operation: 404 ends only the messages that have waited for a minute', () => {
    const operation = new WatchedOperation('op', 1, 2, new RunningClock(() => undefined), () => undefined);
    const [old, recent] = [waiting(null, -MINUTE), waiting(null, 1 - MINUTE)];
    for (const watcher of [old, recent]) operation.add(watcher);
    const fail = (code: ErrorCode): boolean =>
      operation.onError(new NrfCloudError(code, 'x: y', { operation: 'bulk status', attempts: 1 }), performance.now());
    assert.equal(fail('NRFCLOUD_UNAVAILABLE'), true);
    assert.deepEqual([old, recent].map(codeOf), [undefined, undefined]);
    assert.equal(fail('NRFCLOUD_NOT_FOUND'), true);
    assert.deepEqual([old, recent].map(codeOf), ['NRFCLOUD_NOT_FOUND', undefined]);
  });

  it('watched operation: a defect ends the watch', () => {
    const { operation, seen, troubles } = start();
    assert.equal(operation.onError(new TypeError('a defect'), performance.now()), false);
    assert.deepEqual([seen, troubles], [['a defect'], []]);
  });

  for (const [what, body, code] of [
    ['its last status', { status: 'PENDING' }, undefined],
    ['no status', { status: 7 }, undefined],
    ['the error of the last poll', undefined, 'NRFCLOUD_UNAVAILABLE'],
  ] as const) {
    it(`watched operation: the error of a timeout names ${what}`, async () => {
      const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
      const operation = new WatchedOperation(id, 1, 2, new RunningClock(() => undefined), () => undefined);
      const watcher = waiting(10);
      operation.add(watcher);
      operation.onResponse({ statusCode: 200, body: { status: 'IN_PROGRESS' } }, 0);
      await clock.pass(10, 10);
      const facts = { operation: 'bulk status' as const, attempts: 1, statusCode: 503 } as const;
      if (code === undefined) operation.onResponse({ statusCode: 200, body }, performance.now());
      else operation.onError(new NrfCloudError(code, 'the service is down', facts), performance.now());
      assert.ok(watcher.error instanceof NrfCloudError);
      const { message, cause } = watcher.error;
      const { body: last, ...rest } = cause;
      assert.deepEqual(rest, { operation: 'bulk status', attempts: 2, statusCode: code === undefined ? 200 : 503 });
      assert.deepEqual(last, body);
      assertSentence(message);
    });
  }

  it('running clock: continues from the saved time, and counts only while it runs', async () => {
    const saved: number[] = [];
    const first = new RunningClock((ms) => void saved.push(ms));
    first.run();
    await clock.pass(2 * MINUTE, MINUTE);
    first.stop();
    const second = new RunningClock(() => undefined);
    second.restore(saved.at(-1)!);
    assert.ok(Math.abs(second.now() - 2 * MINUTE) < 100);
  });
});

describe('readBulkStatusRequest', () => {
  const result = { claimedIds: [], failed: [] };
  for (const [what, operation, cancel, expected] of [
    ['an id', ' op ', undefined, { kind: 'watch', id: 'op' }],
    ['an id to cancel', 'op', true, { kind: 'cancel', id: 'op' }],
    ['an id with another cancel', 'op', 'yes', { kind: 'watch', id: 'op' }],
    ['an operation', { bulkOpsRequestId: 'op' }, undefined, { kind: 'watch', id: 'op' }],
    ['an operation to cancel', { bulkOpsRequestId: 'op' }, true, { kind: 'cancel', id: 'op' }],
    ['a result', result, undefined, { kind: 'result', result }],
  ] as const) {
    it(`readBulkStatusRequest: reads ${what}`, () => {
      assert.deepEqual(readBulkStatusRequest(operation, cancel, 'msg.payload'), expected);
    });
  }

  for (const [what, operation, cancel] of [
    ['nothing', undefined, undefined],
    ['null', null, undefined],
    ['empty text', '', undefined],
    ['a number', 7, undefined],
    ['an empty object', {}, undefined],
    ['an object about uploads', { uploaded: 1 }, undefined],
    ['the summary of bulk claim', { uploaded: 1, rejected: 0 }, undefined],
    ['a result to cancel', result, true],
  ] as const) {
    it(`readBulkStatusRequest: refuses ${what}`, () => {
      assert.throws(
        () => readBulkStatusRequest(operation, cancel, 'msg.payload'),
        (error: Error) => {
          assert.ok(error instanceof NrfCloudError);
          assert.deepEqual([error.code, error.cause.operation], ['NRFCLOUD_INVALID_INPUT', 'bulk status']);
          assertSentence(error.message);
          return true;
        },
      );
    });
  }
});
