import assert from 'node:assert/strict';
import { hasCode, NrfCloudError, type ErrorCode } from '../../../nodes/api/errors';
import { RunningClock } from '../../../nodes/operations/running-clock';
import { WatchedCommand } from '../../../nodes/operations/watched-command';
import { stopClock } from '../../support/clock';

describe('watched command', () => {
  let clock: ReturnType<typeof stopClock>;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  function start(deadline: number | null = null): {
    command: WatchedCommand;
    failures: Error[];
    fail: (code: ErrorCode, statusCode?: number) => boolean;
  } {
    const failures: Error[] = [];
    const watch = {
      deviceId: 'device',
      commandId: 'command',
      deadline,
      begunAt: 0,
      createdAt: '2026-11-28T00:00:00.000Z',
      status: null,
    };
    const command = new WatchedCommand('key', 1, 2, watch, new RunningClock(() => undefined), {
      onChange: () => undefined,
      onEnd: () => undefined,
      onFailure: (error) => failures.push(error),
      onTrouble: () => undefined,
    });
    const fail = (code: ErrorCode, statusCode?: number): boolean => {
      const facts = { operation: 'get command', attempts: 1, ...(statusCode && { statusCode }) } as const;
      return command.onError(new NrfCloudError(code, 'x: y', facts), performance.now());
    };
    return { command, failures, fail };
  }

  it('watched command: 408 and 425 are waited out, other refusals end the watch', () => {
    for (const [statusCode, goesOn] of [
      [408, true],
      [425, true],
      [400, false],
    ] as const) {
      const { fail, failures } = start();
      assert.equal(fail('NRFCLOUD_REJECTED', statusCode), goesOn);
      assert.equal(failures.length, goesOn ? 0 : 1);
    }
  });

  it('watched command: without a connection, polls keep their interval after the deadline', async () => {
    const { command, fail, failures } = start(1000);
    assert.equal(command.nextWithin(), 1000);
    await clock.pass(1500);
    assert.equal(fail('NRFCLOUD_NOT_CONFIGURED'), true);
    assert.equal(command.nextWithin(), undefined);
    assert.equal(fail('NRFCLOUD_UNAVAILABLE'), false);
    assert.equal(failures.length, 1);
    assert.ok(hasCode(failures[0], 'NRFCLOUD_TIMEOUT'));
  });
});
