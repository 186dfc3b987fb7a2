import type { RequestOwner } from '../../../nodes/http/request-owner';
import assert from 'node:assert/strict';
import { anyBody } from '../../../nodes/api/parse-response';
import type { Recovery } from '../../../nodes/api/request';
import { stateOf } from '../../../nodes/http/origin-state';
import { Abort } from '../../../nodes/util/abort';
import { ListenedStop } from '../../support/listened-stop';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const ANY = { parse: anyBody };

describe('Client', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());
  const job = (more: Partial<RequestOwner> = {}): RequestOwner => ({ signal: new Abort(), lane: 'node', ...more });

  it('sends the API key, the user agent and the accepted type', async () => {
    service.respondWith([200, []], [201, {}]);
    const client = service.client();
    await client.send('list devices', { ...ANY, query: new URLSearchParams({ limit: '1' }) }, job());
    const { headers, url } = service.requests[0]!;
    assert.equal(headers['authorization'], 'Bearer key');
    assert.equal(headers['accept'], 'application/json');
    assert.match(headers['user-agent']!, /^node-red-contrib-nrfcloud-provisioning\/\d/);
    assert.equal(headers['content-type'], undefined);
    assert.ok(url.endsWith('?limit=1'));
    await client.send('list devices', { ...ANY, query: new URLSearchParams(), json: { a: 1 } }, job());
    assert.equal(service.requests[1]!.headers['content-type'], 'application/json');
    assert.ok(!service.requests[1]!.url.includes('?'));
  });

  it('removes its listener from the signal of a message after each request', async () => {
    const signal = new ListenedStop();
    service.respondWith('reset', [200, []], [404]);
    const client = service.client();
    await client.send('list devices', ANY, job({ signal }));
    await errorOf(client.send('list devices', ANY, job({ signal })));
    assert.equal(signal.listeners, 0);
    assert.equal(signal.total, 2);
  });

  it('calls onWaiting when a message starts and stops waiting', async () => {
    const told: boolean[] = [];
    const onWaiting = (waiting: boolean): void => void told.push(waiting);
    service.respondWith([500], [200, []], [500], [200, []]);
    const client = service.client();
    await client.send('list devices', ANY, job({ onWaiting }));
    assert.deepEqual(told, [true, false]);
    await client.send('list devices', ANY, job());
  });

  it('holds back other requests when the service asks for it, and calls their onWaiting', async () => {
    const told: string[] = [];
    const waiting = (who: string) => (now: boolean) => void told.push(`${who} ${now ? 'waits' : 'goes on'}`);
    const client = service.client({ concurrency: 1 });
    service.respondWith([429, '', { 'retry-after': '0.1' }], [200, []], [200, []], [200, []]);
    const others: Promise<unknown>[] = [];
    const onWaiting = (now: boolean): void => {
      waiting('first')(now);
      if (now && others.length === 0)
        others.push(client.send('list devices', ANY, job({ onWaiting: waiting('other') })));
    };
    await client.send('list devices', ANY, job({ onWaiting }));
    await Promise.all(others);
    assert.equal(others.length, 1);
    // A timer may be a little early; then it waits once more.
    assert.deepEqual([...new Set(told)].sort(), ['first goes on', 'first waits', 'other goes on', 'other waits']);
    await client.send('list devices', ANY, job({ onWaiting: waiting('after') }));
    assert.ok(!told.includes('after waits'));
    service.respondWith([429, '', { 'retry-after': '0.1' }], [200, []], [200, []]);
    const askOnce = (): void => {
      if (others.length === 1) others.push(client.send('list devices', ANY, job()));
    };
    const quiet = client.send('list devices', ANY, job({ onWaiting: askOnce }));
    await quiet;
    await Promise.all(others);
    assert.equal(others.length, 2);
  });

  it('ignores the Retry-After of a 500, and fails at once if a 503 asks for more than five minutes', async () => {
    service.respondWith([500, '', { 'retry-after': '301' }], [200, []]);
    assert.equal((await service.client().send('list devices', ANY, job())).statusCode, 200);
    service.respondWith([503, '', { 'retry-after': '301' }]);
    const { code, cause } = await errorOf(service.client().send('list devices', ANY, job()));
    assert.deepEqual([code, cause.attempts, cause.retryAfter], ['NRFCLOUD_UNAVAILABLE', 1, 301]);
    service.respondWith([429, '', { 'retry-after': '0' }], [200, []]);
    assert.equal((await service.client().send('list devices', ANY, job())).statusCode, 200);
  });

  const RECOVERY: Recovery<unknown> = {
    operation: 'get device',
    id: 'x',
    judge: ({ statusCode, body }) => (statusCode === 404 ? 'notDone' : { statusCode, body }),
  };

  for (const [response, isLookedUp] of [
    ['reset', true],
    [[500], true],
    [[504], true],
    [[503], false],
    [[429], false],
    [[408], true],
    [[425], false],
  ] as const) {
    it(`looks up the effect of a request only if its response was lost: ${JSON.stringify(response)}`, async () => {
      service.respondWith(response, ...(isLookedUp ? [[404] as const] : []), [201, {}]);
      await service.client().send('claim', { ...ANY, json: {}, recoverWith: RECOVERY }, job());
      assert.equal(service.lines.filter((line) => line.startsWith('GET')).length, isLookedUp ? 1 : 0);
      assert.equal(service.requests.length, isLookedUp ? 3 : 2);
    });
  }

  it('returns the result of a look-up in place of the lost response', async () => {
    service.respondWith('reset', [200, { id: 'x' }]);
    const response = await service.client().send('claim', { ...ANY, json: {}, recoverWith: RECOVERY }, job());
    assert.deepEqual(response, { statusCode: 200, body: { id: 'x' } });
  });

  it('repeats a look-up that finds nothing before it gives up', async () => {
    service.respondWith('reset', [404], [404], [404], [200, { id: 'x' }]);
    const client = service.client({ retries: 0 });
    const response = await client.send('claim', { ...ANY, json: {}, recoverWith: RECOVERY }, job());
    assert.equal(response.statusCode, 200);
    service.respondWith([500], [404], [404], [404], [404], [404]);
    const error = await errorOf(client.send('claim', { ...ANY, json: {}, recoverWith: RECOVERY }, job()));
    assert.deepEqual([error.code, error.cause.mayHaveSucceeded], ['NRFCLOUD_UNAVAILABLE', true]);
    assert.equal(service.requests.length, 11);
  });

  it('does not repeat a look-up without a usable response', async () => {
    service.respondWith([500], [500]);
    const client = service.client({ retries: 0 });
    await errorOf(client.send('claim', { ...ANY, json: {}, recoverWith: RECOVERY }, job()));
    assert.equal(service.requests.length, 2);
  });

  it('repeats a request that must not be done twice only if it had no effect', async () => {
    const request = { ...ANY, id: 'x', recoverWith: RECOVERY, repeatAfterLoss: 'ifNotDone' } as const;
    service.respondWith('reset', [404], [204]);
    assert.equal((await service.client().send('unclaim device', request, job())).statusCode, 204);
    service.respondWith('reset', [500], [500], [500], [500], [500]);
    const error = await errorOf(service.client().send('unclaim device', request, job()));
    assert.deepEqual([error.code, error.cause.mayHaveSucceeded], ['NRFCLOUD_UNAVAILABLE', true]);
    assert.equal(service.lines.filter((line) => line.startsWith('DELETE')).length, 3);
  });

  for (const [response, sent, mayHaveSucceeded] of [
    [[429], 2],
    [[503], 2],
    ['reset', 1, true],
    [[500], 1, true],
    [[408], 1, true],
    [[425], 1],
  ] as const) {
    it(`repeats a request that must never be done twice only after 429 and 503: ${JSON.stringify(response)}`, async () => {
      service.respondWith(response, [201, {}]);
      const request = { ...ANY, id: 'x', json: {}, repeatAfterLoss: 'never', repeatAfterStatus: [429, 503] } as const;
      const result = service.client().send('create command', request, job());
      if (sent === 2) await result;
      else assert.equal((await errorOf(result)).cause.mayHaveSucceeded, mayHaveSucceeded);
      assert.equal(service.requests.length, sent);
    });
  }

  it('reports mayHaveSucceeded if an earlier attempt may have had an effect', async () => {
    service.respondWith([500], [422]);
    assert.equal((await errorOf(service.client().send('claim', { ...ANY, json: {} }, job()))).mayHaveSucceeded, true);
    service.respondWith([503], [422]);
    assert.equal((await errorOf(service.client().send('claim', { ...ANY, json: {} }, job()))).mayHaveSucceeded, false);
  });

  it('stops a look-up with its message', async () => {
    const stop = new Abort();
    service.respondWith('reset', () => stop.abort(new Error('stopped')));
    let started = 0;
    const owner = job({ signal: stop, onStart: () => started++ });
    const error = await errorOf(service.client().send('claim', { ...ANY, json: {}, recoverWith: RECOVERY }, owner));
    assert.equal(error.code, 'NRFCLOUD_CLOSED');
    assert.deepEqual([error.cause.attempts, error.cause.mayHaveSucceeded], [1, true]);
    assert.deepEqual([service.requests.length, started], [2, 1]);
  });

  it('does not refuse a retry or a look-up when the queue is full', async () => {
    const client = service.client({ concurrency: 1, queueLimit: 1, retries: 1 });
    const first = client.send('claim', { ...ANY, json: { first: 1 }, recoverWith: RECOVERY }, job());
    const more: Promise<unknown>[] = [];
    // As soon as the second starts, the third takes its place in the queue.
    const onStart = (): void => {
      if (more.length === 0) more.push(client.send('claim', { ...ANY, json: { third: 1 } }, job()));
    };
    const respond: ScriptedResponse = (request, response) =>
      void response.writeHead(request.method === 'GET' ? 404 : 201).end('{}');
    service.respondWith('reset', respond, respond, respond, respond);
    const second = client.send('claim', { ...ANY, json: { second: 1 } }, job({ onStart }));
    assert.equal((await errorOf(client.send('claim', { ...ANY, json: {} }, job()))).code, 'NRFCLOUD_QUEUE_FULL');
    await Promise.all([first, second]);
    await Promise.all(more);
    const bodies = service.requests.map(({ method, body }) => `${method} ${body}`.trim());
    assert.equal(bodies.length, 5);
    assert.ok(bodies.indexOf('GET') > 0, bodies.join());
    assert.ok(bodies.lastIndexOf('POST {"first":1}') > bodies.indexOf('GET'), bodies.join());
  });

  it('fetches documents although all places for requests are taken', async () => {
    const client = service.client({ concurrency: 1, queueLimit: 1 });
    const held: (() => void)[] = [];
    const respond: ScriptedResponse = (request, response) => {
      if (request.url === '/rows') response.end('rows');
      else held.push(() => response.end('[]'));
    };
    service.respondWith(respond, respond, respond);
    const first = client.send('list devices', ANY, job());
    const second = client.send('list devices', ANY, job());
    const download = client.download('bulk status', `${service.origin}/rows`, job({ lane: 'other' }));
    assert.deepEqual(await download, { text: 'rows' });
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    held[0]!();
    await first;
    while (held.length === 1) await new Promise((resolve) => setImmediate(resolve));
    held[1]!();
    await second;
  });

  it('waits between the attempts of a document, and calls onWaiting', async () => {
    const told: boolean[] = [];
    const client = service.client({ concurrency: 1 });
    service.respondWith([503], [200, 'rows'], [503], [200, 'rows']);
    const onWaiting = (waiting: boolean): void => void told.push(waiting);
    const url = `${service.origin}/rows`;
    assert.deepEqual(await client.download('bulk status', url, job({ onWaiting })), { text: 'rows' });
    assert.deepEqual(told, [true, false]);
    assert.deepEqual(await client.download('bulk status', url, job()), { text: 'rows' });
  });

  it('reports the attempts of a stopped request', async () => {
    const stop = new Abort();
    service.respondWith([500], () => stop.abort());
    const { code, cause } = await errorOf(service.client().send('list devices', ANY, job({ signal: stop })));
    assert.deepEqual([code, cause.attempts], ['NRFCLOUD_CLOSED', 2]);
    const before = await errorOf(service.client().send('list devices', ANY, job({ signal: stop })));
    assert.deepEqual([before.code, before.cause.attempts], ['NRFCLOUD_CLOSED', 0]);
    const document = service.client().download('bulk status', `${service.origin}/x`, job({ signal: stop }));
    assert.equal((await errorOf(document)).cause.attempts, 0);
    assert.equal(service.requests.length, 2);
  });

  it('a document that is not there is a problem, and leaves no listener on the signal of its message', async () => {
    const signal = new ListenedStop();
    service.respondWith([404], [200, 'rows']);
    const client = service.client();
    const url = `${service.origin}/rows`;
    assert.ok('problem' in (await client.download('bulk status', url, job({ signal }))));
    assert.deepEqual(await client.download('bulk status', url, job({ signal })), { text: 'rows' });
    assert.deepEqual([signal.listeners, signal.total], [0, 2]);
  });

  it('reports the failure itself if the retry budget is used up and the connection does not wait', async () => {
    const state = stateOf(service.origin);
    // An outage that has ended leaves half of the budget of 32.
    while (state.takeRetry());
    state.finish({}, 'success', performance.now());
    for (let count = 0; count < 16; count++) assert.equal(state.takeRetry(), true);
    service.respondWith([500]);
    const { message } = await errorOf(service.client({ outageWait: 0 }).send('list devices', ANY, job()));
    assertSentence(message);
  });

  it('ends all requests with NRFCLOUD_CLOSED when it is closed, and starts no more', async () => {
    const client = service.client({ concurrency: 1 });
    let arrived = (): void => undefined;
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    service.respondWith(() => arrived());
    const all = [1, 2].map(() => errorOf(client.send('list devices', ANY, job())));
    await arrival;
    await client.close();
    assert.deepEqual(
      (await Promise.all(all)).map(({ code }) => code),
      ['NRFCLOUD_CLOSED', 'NRFCLOUD_CLOSED'],
    );
    assert.equal((await errorOf(client.send('list devices', ANY, job()))).code, 'NRFCLOUD_CLOSED');
    assert.equal(service.requests.length, 1);
  });

  it('refuses an id that no path can carry', async () => {
    const { code } = await errorOf(service.client().send('get device', { ...ANY, id: '..' }, job()));
    assert.equal(code, 'NRFCLOUD_INVALID_INPUT');
  });

  it('refuses an API key that no header can carry', () => {
    for (const apiKey of ['', 'a b', 'a\r\nb', 'ä']) {
      assert.throws(() => service.client({ apiKey }), {
        name: 'RangeError',
        message: 'the API key holds characters that no HTTP header can carry; copy it again',
      });
    }
  });
});
