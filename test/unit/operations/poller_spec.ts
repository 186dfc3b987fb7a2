import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { Poller, type Poll, type PollParams } from '../../../nodes/operations/poller';
import { closed, NrfCloudError } from '../../../nodes/api/errors';
import { Abort } from '../../../nodes/util/abort';

const poll = (status: unknown): Poll => ({ statusCode: 200, body: { bulkOpsRequestId: 'x', status } });
const failure = (code: ConstructorParameters<typeof NrfCloudError>[0]): NrfCloudError =>
  new NrfCloudError(code, `bulk status: ${code}`, { operation: 'bulk status', attempts: 1, statusCode: 500 });

/** A service that answers in turn; the last answer is repeated. */
class Service {
  readonly asked: { id: string; at: number; signal: { aborted: boolean } }[] = [];
  readonly events = new EventEmitter();

  constructor(private readonly answers: (Poll | Error | 'never')[]) {}

  readonly ask = async (id: string, signal: { aborted: boolean }): Promise<Poll> => {
    this.asked.push({ id, at: performance.now(), signal });
    this.events.emit('asked');
    const answer = this.answers.length > 1 ? this.answers.shift()! : this.answers[0]!;
    if (answer === 'never') return new Promise(() => undefined);
    if (answer instanceof Error) throw answer;
    return Promise.resolve(answer);
  };
}

describe('Watch', () => {
  const order = (more: Partial<PollParams> = {}): PollParams & { changes: string[]; troubles: boolean[] } => {
    const [changes, troubles]: [string[], boolean[]] = [[], []];
    return {
      id: 'x',
      interval: 0.03,
      maxInterval: 0.03,
      deadline: undefined,
      onChange: (_poll, status) => changes.push(status),
      onTrouble: (trouble) => troubles.push(trouble),
      signal: new Abort(),
      changes,
      troubles,
      ...more,
    };
  };

  for (const end of ['SUCCEEDED', 'FAILED', 'Succeeded', 'failed']) {
    it(`ends with ${end}, telling each change of status once`, async () => {
      const service = new Service([poll('PENDING'), poll('PENDING'), poll('RUNNING'), poll(end)]);
      const asked = order();
      const last = await new Poller(service.ask, () => 0).follow(asked);
      assert.equal(last?.body['status'], end);
      assert.deepEqual(asked.changes, ['PENDING', 'RUNNING']);
      assert.deepEqual(asked.troubles, []);
      assert.equal(service.asked.length, 4);
    });
  }

  it('does not tell a status that is known, and takes one that is no text for none', async () => {
    const known = order({ status: 'PENDING' });
    await new Poller(new Service([poll('PENDING'), poll('SUCCEEDED')]).ask).follow(known);
    assert.deepEqual(known.changes, []);
    const odd = order();
    await new Poller(new Service([poll(7), poll('SUCCEEDED')]).ask).follow(odd);
    assert.deepEqual(odd.changes, ['']);
  });

  it('tells trouble and its end once each', async () => {
    const service = new Service([
      failure('NRFCLOUD_UNAVAILABLE'),
      failure('NRFCLOUD_TIMEOUT'),
      poll('PENDING'),
      failure('NRFCLOUD_RATE_LIMITED'),
      poll('SUCCEEDED'),
    ]);
    const asked = order();
    await new Poller(service.ask).follow(asked);
    assert.deepEqual(asked.troubles, [true, false, true, false]);
  });

  for (const code of [
    'NRFCLOUD_UNAUTHORIZED',
    'NRFCLOUD_FORBIDDEN',
    'NRFCLOUD_NOT_FOUND',
    'NRFCLOUD_CONFLICT',
    'NRFCLOUD_REJECTED',
    'NRFCLOUD_NOT_CONFIGURED',
    'NRFCLOUD_INVALID_INPUT',
    'NRFCLOUD_CLOSED',
  ] as const) {
    it(`ends at once with ${code}`, async () => {
      const service = new Service([failure(code)]);
      await assert.rejects(new Poller(service.ask).follow(order()), { code });
      assert.equal(service.asked.length, 1);
    });
  }

  it('ends at once with what is no failure of the service', async () => {
    await assert.rejects(new Poller(new Service([new Error('a bug')]).ask).follow(order()), /a bug/);
  });

  it('waits as chance decides: at least a fifth of the interval before the second poll, nine tenths later', async () => {
    for (const [chance, second, later] of [
      [0, 0.2, 0.9],
      [1, 1, 1],
    ] as const) {
      const service = new Service([poll('PENDING'), poll('PENDING'), poll('SUCCEEDED')]);
      await new Poller(service.ask, () => chance).follow(order({ interval: 0.2, maxInterval: 0.2 }));
      const [first, next, last] = service.asked.map(({ at }) => at) as [number, number, number];
      // A tick is 25 ms; a busy machine is later still.
      assert.ok(next - first >= 200 * second - 1, `${next - first}`);
      assert.ok(last - next >= 200 * later - 1, `${last - next}`);
      if (chance === 0) assert.ok(next - first < 190, `${next - first}`);
    }
  });

  it('lets the interval grow by half up to the largest one, and never shrink', async () => {
    const service = new Service([...Array<Poll>(4).fill(poll('PENDING')), poll('SUCCEEDED')]);
    await new Poller(service.ask, () => 1).follow(order({ interval: 0.1, maxInterval: 0.2 }));
    const waits = service.asked.slice(1).map(({ at }, index) => at - service.asked[index]!.at);
    for (const [index, least] of [100, 150, 200, 200].entries()) assert.ok(waits[index]! >= least - 1, String(waits));
    assert.ok(waits[0]! < 150 && waits[1]! < 200, String(waits));
    const steady = new Service([poll('PENDING'), poll('PENDING'), poll('SUCCEEDED')]);
    await new Poller(steady.ask, () => 1).follow(order({ interval: 0.1, maxInterval: 0.01 }));
    assert.ok(steady.asked[2]!.at - steady.asked[1]!.at >= 99);
  });

  it('polls an operation once for all who wait for it, and each has its own deadline and ending', async () => {
    const service = new Service([poll('PENDING')]);
    const watch = new Poller(service.ask, () => 1);
    const [patient, impatient] = [order(), order({ deadline: Date.now() + 60 })];
    const ends = [watch.follow(patient), watch.follow(impatient)];
    await assert.rejects(ends[1]!, (error: Error) => {
      assert.ok(error instanceof NrfCloudError);
      assert.equal(error.code, 'NRFCLOUD_TIMEOUT');
      assert.equal(
        error.message,
        'bulk status: the operation x did not end in time (its last status is PENDING); raise the timeout of the node, or ask again later',
      );
      const { attempts, ...facts } = error.cause;
      assert.deepEqual(facts, { operation: 'bulk status', statusCode: 200, body: poll('PENDING').body });
      assert.ok(attempts >= 1);
      return true;
    });
    const before = service.asked.length;
    watch.cancel('x');
    assert.equal(await ends[0], undefined);
    assert.deepEqual([patient.changes, impatient.changes], [['PENDING'], ['PENDING']]);
    assert.ok(before < 5, 'two who wait are not asked for twice');
    assert.doesNotThrow(() => watch.cancel('x'));
    assert.doesNotThrow(() => watch.cancel('unknown'));
  });

  it('says at the deadline what the trouble is, or that no status is known', async () => {
    const troubled = new Poller(new Service([failure('NRFCLOUD_UNAVAILABLE')]).ask);
    await assert.rejects(troubled.follow(order({ deadline: Date.now() + 60 })), (error: NrfCloudError) => {
      assert.match(error.message, /\(the service could not be asked: bulk status: NRFCLOUD_UNAVAILABLE\)/);
      assert.equal(error.cause.statusCode, 500);
      return true;
    });
    const silent = new Poller(new Service(['never']).ask);
    await assert.rejects(
      silent.follow(order({ deadline: Date.now() + 30, id: 'y'.repeat(100) })),
      (error: NrfCloudError) => {
        assert.ok(
          error.message.startsWith(
            `bulk status: the operation ${'y'.repeat(64)} did not end in time (its last status is not known); `,
          ),
        );
        assert.deepEqual(error.cause, { operation: 'bulk status', attempts: 1 });
        return true;
      },
    );
  });

  it('ends with the signal, and takes back a poll that is on its way', async () => {
    const service = new Service(['never']);
    const watch = new Poller(service.ask);
    const stop = new Abort();
    const end = watch.follow(order({ signal: stop }));
    await once(service.events, 'asked');
    const reason = closed('bulk status');
    stop.abort(reason);
    await assert.rejects(end, reason);
    assert.equal(service.asked[0]!.signal.aborted, true);
    await assert.rejects(watch.follow(order({ signal: stop })), reason);
    assert.equal(service.asked.length, 1);
  });

  it('begins anew with an operation that was watched before', async () => {
    const service = new Service([poll('SUCCEEDED')]);
    const watch = new Poller(service.ask);
    await watch.follow(order());
    await watch.follow(order());
    assert.equal(service.asked.length, 2);
  });
});
