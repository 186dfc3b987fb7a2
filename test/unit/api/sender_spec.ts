import assert from 'node:assert/strict';
import { mock } from 'node:test';
import type { ApiResponse } from '../../../nodes/api/request';
import type { HttpResponse } from '../../../nodes/http/exchange';
import { ExchangeError, type PermanentFault } from '../../../nodes/http/exchange-error';
import { Abort } from '../../../nodes/util/abort';
import { errorOf } from '../../support/scripted-server';
import { SenderRig, type Outcome } from '../../support/sender-rig';
import { assertSentence } from '../../support/sentences';

const response = (statusCode: number, text = '', headers: HttpResponse['headers'] = {}): HttpResponse => ({
  statusCode,
  text,
  headers,
});
const lost = (): ExchangeError => new ExchangeError('network', true, new Error('other side closed'));
const neverSent = (fault?: PermanentFault): ExchangeError =>
  new ExchangeError('network', false, new Error('refused'), fault);

describe('Sender', () => {
  const rigs: SenderRig[] = [];
  const rigOf = (outcomes: Outcome[], options: ConstructorParameters<typeof SenderRig>[1] = {}): SenderRig => {
    const rig = new SenderRig(outcomes, options);
    rigs.push(rig);
    return rig;
  };
  let random: { mock: { restore(): void } };
  beforeEach(() => (random = mock.method(Math, 'random', () => 0)));
  afterEach(() => {
    random.mock.restore();
    for (const { limiter } of rigs.splice(0)) limiter.close();
  });

  for (const [outcome, result] of [
    [response(200), 'success'],
    [response(404), 'success'],
    [response(499), 'success'],
    [response(429), 'limited'],
    [response(500), 'failed'],
    [response(503), 'failed'],
    [neverSent(), 'failed'],
  ] as const) {
    const what = outcome instanceof ExchangeError ? 'no response' : outcome.statusCode;
    it(`attempt: what it means for the state of its origin: ${what} is ${result}`, async () => {
      const rig = rigOf([outcome], { retries: 0 });
      await rig.request('get device').catch(() => undefined);
      assert.deepEqual(rig.results, [result]);
    });
  }

  it('attempt: one that is aborted on its way says nothing about its origin, and a change may be done', async () => {
    for (const [operation, mayHaveSucceeded] of [
      ['claim', true],
      ['get device', undefined],
    ] as const) {
      const stop = new Abort();
      const rig = rigOf([(signal) => (stop.abort(), Promise.reject(signal.reason))]);
      const { code, cause } = await errorOf(rig.request(operation, {}, { signal: stop }));
      assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_CLOSED', mayHaveSucceeded]);
      assert.deepEqual(rig.results, ['aborted']);
    }
  });

  it('a change that is stopped before it was sent has not succeeded', async () => {
    const stop = new Abort();
    stop.abort();
    const { code, cause } = await errorOf(rigOf([]).request('claim', {}, { signal: stop }));
    assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_CLOSED', undefined]);
  });

  it('retries: a request is sent once and then as often as the connection says', async () => {
    const rig = rigOf([], { retries: 2 });
    assert.equal((await errorOf(rig.request('get device'))).cause.attempts, 3);
    assert.deepEqual([rig.load.retried, rig.load.rateLimited], [2, 0]);
  });

  it('load: responses with HTTP 429 are counted', async () => {
    const rig = rigOf([response(429), response(429), response(200)]);
    await rig.request('get device');
    assert.deepEqual([rig.load.retried, rig.load.rateLimited], [2, 2]);
  });

  it('an id that no path can carry is not a failed request', async () => {
    const rig = rigOf([]);
    const failed = mock.method(rig.load, 'onError');
    const { code, message } = await errorOf(rig.request('get device', { id: '..' }));
    assert.equal(code, 'NRFCLOUD_INVALID_INPUT');
    assertSentence(message);
    assert.equal(failed.mock.callCount(), 0);
    assert.deepEqual(rig.sent, []);
  });

  it('only a list that is not found is a reason to check the base URL', async () => {
    const { code, message } = await errorOf(rigOf([response(404)]).request('get device'));
    assert.equal(code, 'NRFCLOUD_NOT_FOUND');
    assert.doesNotMatch(message, /\/v1/);
  });

  for (const [status, header, waitMs] of [
    [429, '1', 1000],
    [503, '300', 300_000],
    [429, '0', 500],
    [500, '60', 500],
    [408, '60', 500],
  ] as const) {
    it(`Retry-After: ${header} with HTTP ${status} is a wait of ${waitMs} ms`, async () => {
      random.mock.restore();
      random = mock.method(Math, 'random', () => 1);
      const rig = rigOf([response(status, '', { 'retry-after': header })]);
      const enough = new Error('it was seen');
      const pause = mock.method(rig.limiter, 'pause', () => Promise.reject(enough));
      assert.equal(await errorOf(rig.request('get device')), enough);
      assert.equal(pause.mock.calls[0]!.arguments[0], waitMs);
      const heldMs = rig.state.heldUntil - performance.now();
      assert.equal(heldMs > 0, waitMs !== 500);
    });
  }

  it('a request that found no connection is repeated although only 429 and 503 may be', async () => {
    const rig = rigOf([neverSent(), response(201)]);
    const request = { repeatAfterLoss: 'never', repeatAfterStatus: [429, 503] } as const;
    assert.equal((await rig.request('create command', request)).statusCode, 201);
  });

  it('a retry is not refused by a full queue', async () => {
    let goOn = (): void => undefined;
    const held = new Promise<HttpResponse>((resolve) => (goOn = () => resolve(response(200))));
    const rig = rigOf([response(500), () => held, response(200), response(200)], { concurrency: 1, queueLimit: 1 });
    const others: Promise<unknown>[] = [];
    // The first of the others takes the only place, and the second the only one in the queue.
    const onWaiting = (waiting: boolean): void => {
      if (!waiting) for (let count = 0; count < 2; count++) others.push(rig.request('get device'));
    };
    const first = rig.request('get device', {}, { onWaiting });
    while (rig.limiter.waiting < 2) await new Promise((resolve) => setImmediate(resolve));
    goOn();
    assert.equal((await first).statusCode, 200);
    await Promise.all(others);
  });

  it('budget of retries: only attempts without a response of the service use it up', async () => {
    for (const [outcome, attempts] of [
      [response(429), 2],
      [response(408), 2],
      [response(500), 1],
      [neverSent(), 1],
    ] as const) {
      const rig = rigOf([outcome, response(404)], { outageWait: 0 });
      rig.useRetries();
      const { cause, message } = await errorOf(rig.request('get device'));
      assert.equal(cause.attempts, attempts);
      assert.doesNotMatch(message, /has been unavailable/);
    }
  });

  it('outage: a request that fails meanwhile waits for its end, and uses no retry', async () => {
    const waits: boolean[] = [];
    const rig = rigOf([response(500), response(200)], { retries: 0 });
    const onWaiting = (waiting: boolean): void => {
      waits.push(waiting);
      if (waiting) setImmediate(() => rig.endOutage());
    };
    const onStart = (): void => {
      if (rig.sent.length === 0) rig.beginOutage();
    };
    assert.equal((await rig.request('get device', {}, { onStart, onWaiting })).statusCode, 200);
    assert.deepEqual(waits, [true, false]);
  });

  it('outage: what no further attempt can mend fails at once', async () => {
    const rig = rigOf([neverSent('certificate')]);
    const onStart = (): void => rig.beginOutage();
    assert.equal((await errorOf(rig.request('get device', {}, { onStart }))).cause.attempts, 1);
  });

  it('outage: a request fails at once if the connection does not wait', async () => {
    const rig = rigOf([], { outageWait: 0 });
    rig.beginOutage();
    const { code, message, cause } = await errorOf(rig.request('get device'));
    assert.deepEqual([code, cause.attempts], ['NRFCLOUD_UNAVAILABLE', 0]);
    assertSentence(message);
  });

  describe('look-up', () => {
    const recoverWith = {
      operation: 'get device',
      id: 'd/1',
      judge: ({ statusCode, body }: ApiResponse) => (statusCode === 404 ? ('notDone' as const) : { statusCode, body }),
    } as const;

    it('reads what the request was about', async () => {
      const rig = rigOf([lost(), response(200, '{}')]);
      assert.deepEqual(await rig.request('claim', { recoverWith }), { statusCode: 200, body: {} });
      assert.deepEqual(rig.sent, ['POST /identities/claimed-devices', 'GET /claimed-devices/d%2F1']);
    });

    it('one that cannot be believed leaves the effect unclear, which is the failure of the request itself', async () => {
      const page = response(200, '<html>');
      const rig = rigOf([lost(), page, page, page]);
      const { code, cause } = await errorOf(
        rig.request('unclaim device', { recoverWith, repeatAfterLoss: 'ifNotDone' }),
      );
      assert.deepEqual(
        [code, cause.operation, cause.mayHaveSucceeded],
        ['NRFCLOUD_UNAVAILABLE', 'unclaim device', true],
      );
      assert.equal(rig.sent.length, 4);
    });

    it('is left out when its budget is used up', async () => {
      const rig = rigOf([lost(), response(201)]);
      rig.useLookUps();
      assert.equal((await rig.request('claim', { recoverWith })).statusCode, 201);
      assert.equal(rig.sent.length, 2);
      const last = rigOf([lost(), response(201)]);
      last.useLookUps();
      const unclaim = last.request('unclaim device', { recoverWith, repeatAfterLoss: 'ifNotDone' });
      assert.equal((await errorOf(unclaim)).cause.mayHaveSucceeded, true);
    });

    it('its message shows that it waits', async () => {
      for (const isShown of [true, false]) {
        const rig = rigOf([() => (rig.state.hold(50), Promise.reject(lost())), response(404), response(201)]);
        const waits: boolean[] = [];
        const owner = isShown ? { onWaiting: (waiting: boolean) => void waits.push(waiting) } : {};
        assert.equal((await rig.request('claim', { recoverWith }, owner)).statusCode, 201);
        // Before the retry, and for the hold.
        if (isShown) assert.deepEqual(waits.slice(0, 4), [true, false, true, false]);
      }
    });
  });
});
