import assert from 'node:assert/strict';
import { NrfCloudError, type ErrorCode } from '../../../nodes/api/errors';
import { WatchedOperation, type Watcher } from '../../../nodes/operations/bulk-status';
import { RunningClock } from '../../../nodes/operations/running-clock';
import { stopClock } from '../../support/clock';

const MINUTE = 60_000;

describe('watched operation', () => {
  let clock: ReturnType<typeof stopClock>;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  function start(deadline: number | null = null): {
    operation: WatchedOperation;
    seen: string[];
    poll: (body: Record<string, unknown>) => boolean;
    fail: (code: ErrorCode, statusCode?: number) => boolean;
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
      fail: (code, statusCode) =>
        operation.onError(
          new NrfCloudError(code, 'x: y', { operation: 'bulk status', attempts: 1, ...(statusCode && { statusCode }) }),
          performance.now(),
        ),
    };
  }

  it('watched operation: each change of status is reported once, and the end ends it', () => {
    const { poll, seen } = start();
    for (const status of ['PENDING', 'PENDING', 'IN_PROGRESS']) assert.equal(poll({ status }), true);
    assert.equal(poll({ status: 'FAILED' }), false);
    assert.deepEqual(seen, ['PENDING', 'IN_PROGRESS', 'end FAILED']);
  });

  it('watched operation: an unknown status with completedAt is an end, without it is waited out', () => {
    const { poll, seen } = start();
    assert.equal(poll({ status: 'PAUSED' }), true);
    assert.equal(poll({ status: 'CANCELLED', completedAt: '2026-11-28T00:00:00.000Z' }), false);
    assert.deepEqual(seen, ['PAUSED', 'end CANCELLED']);
  });

  it('watched operation: 404 is waited out for a minute, and ends the watch after it', async () => {
    const { fail, seen } = start();
    assert.equal(fail('NRFCLOUD_NOT_FOUND'), true);
    await clock.pass(MINUTE + 1);
    assert.equal(fail('NRFCLOUD_NOT_FOUND'), false);
    assert.deepEqual(seen, ['NRFCLOUD_NOT_FOUND']);
  });

  it('watched operation: 401 ends the watch only if it persists for five minutes', async () => {
    const { fail, poll, seen } = start();
    assert.equal(fail('NRFCLOUD_UNAUTHORIZED'), true);
    await clock.pass(4 * MINUTE);
    assert.equal(poll({ status: 'PENDING' }), true);
    await clock.pass(4 * MINUTE);
    assert.equal(fail('NRFCLOUD_UNAUTHORIZED'), true);
    await clock.pass(5 * MINUTE);
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
    await clock.pass(100_000);
    assert.equal(poll({ status: 'SUCCEEDED' }), false);
    assert.deepEqual(seen, ['end SUCCEEDED']);
  });

  it('watched operation: the deadline is judged only after a poll that began after it, failed ones included', async () => {
    const { operation, fail, seen, troubles } = start(1000);
    const before = performance.now();
    await clock.pass(1500);
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

  it('running clock: continues from the saved time, and counts only while it runs', async () => {
    const saved: number[] = [];
    const first = new RunningClock((ms) => void saved.push(ms));
    first.run();
    await clock.pass(2 * MINUTE);
    first.stop();
    const second = new RunningClock(() => undefined);
    second.restore(saved.at(-1)!);
    assert.ok(Math.abs(second.now() - 2 * MINUTE) < 100);
  });
});
