import assert from 'node:assert/strict';
import { NrfCloudError, type ErrorCode } from '../../../nodes/api/errors';
import { RunningClock } from '../../../nodes/operations/running-clock';
import { WatchedCommand, type CommandResult, type CommandWatch } from '../../../nodes/operations/watched-command';
import { stopClock } from '../../support/clock';
import { assertSentence } from '../../support/sentences';

const MINUTE = 60_000;

describe('watched command', () => {
  let clock: ReturnType<typeof stopClock>;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  /** Watches a command, and gives what is reported in its order. */
  function start(watched: Partial<CommandWatch> = {}): {
    command: WatchedCommand;
    failures: Error[];
    troubles: boolean[];
    changes: CommandResult[];
    ends: CommandResult[];
    poll: (body?: Record<string, unknown>, startedAt?: number) => boolean;
    fail: (code: ErrorCode, statusCode?: number) => boolean;
  } {
    const failures: Error[] = [];
    const troubles: boolean[] = [];
    const changes: CommandResult[] = [];
    const ends: CommandResult[] = [];
    const watch = {
      deviceId: 'device',
      commandId: 'command',
      deadline: null,
      begunAt: 0,
      createdAt: '2026-11-28T00:00:00.000Z',
      status: null,
      ...watched,
    };
    const command = new WatchedCommand('key', 1, 2, watch, new RunningClock(() => undefined), {
      onChange: (result) => changes.push(result),
      onEnd: (result) => ends.push(result),
      onFailure: (error) => failures.push(error),
      onTrouble: (trouble) => troubles.push(trouble),
    });
    const poll = (body?: Record<string, unknown>, startedAt = performance.now()): boolean =>
      command.onResponse({ statusCode: body === undefined ? 404 : 200, body }, startedAt);
    const fail = (code: ErrorCode, statusCode?: number): boolean => {
      const facts = { operation: 'get command', attempts: 1, ...(statusCode && { statusCode }) } as const;
      return command.onError(new NrfCloudError(code, 'x: y', facts), performance.now());
    };
    return { command, failures, troubles, changes, ends, poll, fail };
  }

  const codesOf = (errors: Error[]): string[] =>
    errors.map((error) => (error instanceof NrfCloudError ? error.code : error.message));

  it('watched command: each change of status is reported once, and the end ends the watch', () => {
    const { poll, changes, ends } = start();
    const result = (status: string, more: object = {}): object => ({
      payload: { id: 'command', deviceId: 'device', status, ...more },
      statusCode: 200,
      hasSucceeded: status === 'SUCCEEDED',
    });
    for (const status of ['PENDING', 'PENDING', 'IN_PROGRESS']) assert.equal(poll({ status, response: 'x' }), true);
    assert.deepEqual(changes, [result('PENDING'), result('IN_PROGRESS')]);
    assert.equal(poll({ status: 'SUCCEEDED', response: { a: 1 } }), false);
    assert.deepEqual([changes.length, ends], [2, [result('SUCCEEDED', { response: { a: 1 } })]]);
  });

  it('watched command: a failure has a reason, and no response if there is none', () => {
    const { poll, ends } = start();
    assert.equal(poll({ status: 'FAILED' }), false);
    const { reason, ...rest } = ends[0]!.payload;
    assert.deepEqual(rest, { id: 'command', deviceId: 'device', status: 'FAILED' });
    assertSentence(reason);
    assert.equal(ends[0]!.hasSucceeded, false);
  });

  it('watched command: a status that was reported before a restart is not reported again', () => {
    const { poll, changes } = start({ status: 'PENDING' });
    assert.equal(poll({ status: 'PENDING' }), true);
    assert.deepEqual(changes, []);
  });

  it('watched command: a new command may be missing for a minute, and is removed after it', async () => {
    const { poll, ends } = start();
    assert.equal(poll(), true);
    await clock.pass(MINUTE - 1, MINUTE);
    assert.equal(poll(), true);
    await clock.pass(1);
    assert.equal(poll(), false);
    const [{ payload, statusCode, hasSucceeded }] = ends as [CommandResult];
    assert.deepEqual([payload.id, payload.deviceId, payload.status], ['command', 'device', 'REMOVED']);
    assert.deepEqual([statusCode, hasSucceeded], [404, false]);
    assertSentence(payload.reason);
  });

  it('watched command: a new command that the first poll after a minute misses is removed', async () => {
    await clock.pass(MINUTE, MINUTE);
    const { poll, ends } = start({ begunAt: -MINUTE });
    assert.equal(poll(), false);
    assert.equal(ends.length, 1);
  });

  it('watched command: a command that was there is removed if it is missing twice in a row', () => {
    const { poll, ends } = start();
    assert.equal(poll({ status: 'PENDING' }), true);
    assert.equal(poll(), true);
    assert.equal(poll({ status: 'PENDING' }), true);
    assert.equal(poll(), true);
    assert.equal(ends.length, 0);
    assert.equal(poll(), false);
    assert.equal(ends[0]!.payload.status, 'REMOVED');
  });

  it('watched command: a command that was there before a restart is removed if it is missing twice', () => {
    const { poll, ends } = start({ status: 'PENDING' });
    assert.deepEqual([poll(), poll()], [true, false]);
    assert.equal(ends.length, 1);
  });

  it('watched command: failing polls are reported once, and their end', () => {
    const { command, poll, fail, troubles } = start();
    poll({ status: 'PENDING' });
    assert.deepEqual(troubles, []);
    fail('NRFCLOUD_UNAVAILABLE');
    fail('NRFCLOUD_UNAVAILABLE');
    assert.deepEqual(troubles, [true]);
    poll({ status: 'PENDING' });
    poll({ status: 'PENDING' });
    assert.deepEqual(troubles, [true, false]);
    fail('NRFCLOUD_UNAVAILABLE');
    command.dispose();
    assert.deepEqual(troubles, [true, false, true, false]);
  });

  it('watched command: 401 ends the watch only if it persists for five minutes', async () => {
    const { poll, fail, failures } = start();
    assert.equal(fail('NRFCLOUD_UNAUTHORIZED'), true);
    await clock.pass(4 * MINUTE, MINUTE);
    assert.equal(poll({ status: 'PENDING' }), true);
    await clock.pass(4 * MINUTE, MINUTE);
    assert.equal(fail('NRFCLOUD_UNAUTHORIZED'), true);
    await clock.pass(5 * MINUTE, MINUTE);
    assert.equal(fail('NRFCLOUD_UNAUTHORIZED'), false);
    assert.deepEqual(codesOf(failures), ['NRFCLOUD_UNAUTHORIZED']);
  });

  it('watched command: a defect ends the watch', () => {
    const { command, failures } = start();
    const defect = new TypeError('a defect');
    assert.equal(command.onError(defect, performance.now()), false);
    assert.deepEqual(failures, [defect]);
  });

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
    const { command, fail, failures } = start({ deadline: 1000 });
    assert.equal(command.nextWithin(), 1000);
    await clock.pass(1500, 100);
    assert.equal(command.nextWithin(), 0);
    assert.equal(fail('NRFCLOUD_NOT_CONFIGURED'), true);
    assert.equal(command.nextWithin(), undefined);
    assert.equal(fail('NRFCLOUD_UNAVAILABLE'), false);
    assert.deepEqual(codesOf(failures), ['NRFCLOUD_TIMEOUT']);
  });

  it('watched command: without a deadline, polls may take their interval, and none is the last', async () => {
    const { command, poll } = start();
    await clock.pass(100 * MINUTE, 10 * MINUTE);
    assert.equal(command.nextWithin(), undefined);
    assert.equal(poll({ status: 'PENDING' }), true);
  });

  it('watched command: a result that is there after the deadline is delivered', async () => {
    const { poll, ends, failures } = start({ deadline: 1000 });
    await clock.pass(2000, 100);
    assert.equal(poll({ status: 'SUCCEEDED' }), false);
    assert.deepEqual([ends.length, failures], [1, []]);
  });

  for (const [what, act] of [
    ['has a status', ({ poll }) => poll({ status: 'PENDING', filler: 1 }, 1001)],
    ['has an empty status', ({ poll }) => poll({ status: '' }, 1001)],
    ['is missing', ({ poll }) => poll(undefined, 1001)],
    ['could not be read', ({ fail }) => fail('NRFCLOUD_UNAVAILABLE', 503)],
  ] as [string, (watched: ReturnType<typeof start>) => boolean][]) {
    it(`watched command: the error of a timeout says that the command ${what}`, async () => {
      const watched = start({ deadline: 1000 });
      await clock.pass(1001, 1001);
      assert.equal(watched.poll({ status: 'IN_PROGRESS' }, 999), true);
      if (what === 'is missing') watched.command.watch.status = null;
      assert.equal(act(watched), false);
      const [error] = watched.failures;
      assert.ok(error instanceof NrfCloudError);
      const { code, message, cause } = error;
      assert.deepEqual([code, cause.operation, cause.attempts], ['NRFCLOUD_TIMEOUT', 'get command', 2]);
      assert.equal(cause.statusCode, what === 'could not be read' ? 503 : 200);
      assert.equal('body' in cause, what !== 'could not be read');
      assertSentence(message);
    });
  }

  it('watched command: a deadline that is reached when the poll begins is over', async () => {
    const { poll, fail, failures } = start({ deadline: 1000 });
    await clock.pass(1000, 1000);
    assert.equal(poll({ status: 'PENDING' }, 999), true);
    assert.equal(fail('NRFCLOUD_UNAVAILABLE'), false);
    assert.equal(failures.length, 1);
  });
});
