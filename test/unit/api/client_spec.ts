import type { RequestOwner } from '../../../nodes/http/request-owner';
import assert from 'node:assert/strict';
import { Abort } from '../../../nodes/util/abort';
import { ListenedStop } from '../../support/listened-stop';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

describe('Client', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());
  const job = (more: Partial<RequestOwner> = {}): RequestOwner => ({ signal: new Abort(), lane: 'node', ...more });

  it('says who asks and what it wants', async () => {
    service.respondWith([200, []], [201, {}]);
    const client = service.client();
    await client.send('list devices', { query: new URLSearchParams({ limit: '1' }) }, job());
    const { headers, url } = service.requests[0]!;
    assert.equal(headers['authorization'], 'Bearer key');
    assert.equal(headers['accept'], 'application/json');
    assert.match(headers['user-agent']!, /^node-red-contrib-nrfcloud-provisioning\/\d/);
    assert.equal(headers['content-type'], undefined);
    assert.ok(url.endsWith('?limit=1'));
    await client.send('list devices', { query: new URLSearchParams(), json: { a: 1 } }, job());
    assert.equal(service.requests[1]!.headers['content-type'], 'application/json');
    assert.ok(!service.requests[1]!.url.includes('?'));
  });

  it('listens to the signal of a message as long as it is needed', async () => {
    const signal = new ListenedStop();
    service.respondWith('reset', [200, []], [404]);
    const client = service.client();
    await client.send('list devices', {}, job({ signal }));
    await errorOf(client.send('list devices', {}, job({ signal })));
    assert.equal(signal.listeners, 0);
    assert.equal(signal.total, 2);
  });

  it('tells when a message begins and stops to wait, if anybody wants to know', async () => {
    const told: boolean[] = [];
    const onWaiting = (waiting: boolean): void => void told.push(waiting);
    service.respondWith([500], [200, []], [500], [200, []]);
    const client = service.client();
    await client.send('list devices', {}, job({ onWaiting }));
    assert.deepEqual(told, [true, false]);
    await client.send('list devices', {}, job());
  });

  it('holds other requests back when the service asks for it, and tells them', async () => {
    const told: string[] = [];
    const waiting = (who: string) => (now: boolean) => void told.push(`${who} ${now ? 'waits' : 'goes on'}`);
    const client = service.client({ concurrency: 1 });
    service.respondWith([429, '', { 'retry-after': '0.1' }], [200, []], [200, []], [200, []]);
    const others: Promise<unknown>[] = [];
    const onWaiting = (now: boolean): void => {
      waiting('first')(now);
      if (now && others.length === 0)
        others.push(client.send('list devices', {}, job({ onWaiting: waiting('other') })));
    };
    await client.send('list devices', {}, job({ onWaiting }));
    await Promise.all(others);
    assert.equal(others.length, 1);
    // A timer may be a little early; then it waits once more.
    assert.deepEqual([...new Set(told)].sort(), ['first goes on', 'first waits', 'other goes on', 'other waits']);
    await client.send('list devices', {}, job({ onWaiting: waiting('after') }));
    assert.ok(!told.includes('after waits'));
    service.respondWith([429, '', { 'retry-after': '0.1' }], [200, []], [200, []]);
    const askOnce = (): void => {
      if (others.length === 1) others.push(client.send('list devices', {}, job()));
    };
    const quiet = client.send('list devices', {}, job({ onWaiting: askOnce }));
    await quiet;
    await Promise.all(others);
    assert.equal(others.length, 2);
  });

  it('waits no longer than five minutes, and only where the service may ask for it', async () => {
    service.respondWith([500, '', { 'retry-after': '301' }], [200, []]);
    assert.equal((await service.client().send('list devices', {}, job())).statusCode, 200);
    service.respondWith([503, '', { 'retry-after': '301' }]);
    const { code, cause } = await errorOf(service.client().send('list devices', {}, job()));
    assert.deepEqual([code, cause.attempts, cause.retryAfter], ['NRFCLOUD_UNAVAILABLE', 1, 301]);
    service.respondWith([429, '', { 'retry-after': '0' }], [200, []]);
    assert.equal((await service.client().send('list devices', {}, job())).statusCode, 200);
  });

  it('looks what became of a request only when its reply was lost', async () => {
    const looked: string[] = [];
    const send = (): Promise<unknown> =>
      service.client().send('claim', { json: {}, recover: () => Promise.resolve(void looked.push('looked')) }, job());
    for (const [answer, looks] of [
      ['reset', 1],
      [[500], 1],
      [[504], 1],
      [[503], 0],
      [[429], 0],
    ] as const) {
      looked.length = 0;
      service.respondWith(answer, [201, {}]);
      await send();
      assert.equal(looked.length, looks, JSON.stringify(answer));
    }
    looked.length = 0;
    service.respondWith([422]);
    assert.equal((await errorOf(send())).mayHaveSucceeded, false);
    assert.equal(looked.length, 0);
  });

  it('remembers that an earlier attempt may have done the work', async () => {
    service.respondWith([500], [422]);
    assert.equal((await errorOf(service.client().send('claim', { json: {} }, job()))).mayHaveSucceeded, true);
    service.respondWith([503], [422]);
    assert.equal((await errorOf(service.client().send('claim', { json: {} }, job()))).mayHaveSucceeded, false);
  });

  it('looks on behalf of the same message', async () => {
    const told: boolean[] = [];
    const stop = new Abort();
    const onWaiting = (waiting: boolean): void => void told.push(waiting);
    const recover = (looking: RequestOwner): Promise<undefined> => {
      assert.equal(looking.lane, 'node');
      looking.onWaiting?.(true);
      stop.abort(new Error('stopped'));
      assert.equal(looking.signal.aborted, true);
      return Promise.resolve(undefined);
    };
    service.respondWith('reset', 'reset');
    const client = service.client();
    const stopped = await errorOf(client.send('claim', { json: {}, recover }, job({ signal: stop, onWaiting })));
    assert.equal(stopped.code, 'NRFCLOUD_CLOSED');
    assert.equal(stopped.cause.attempts, 1);
    assert.deepEqual(told, [true, false, true]);
    assert.equal(service.requests.length, 1);
    const again = new Abort();
    const quiet = (looking: RequestOwner): Promise<undefined> => {
      looking.onWaiting?.(true);
      return Promise.resolve(undefined);
    };
    service.respondWith([201, {}]);
    await client.send('claim', { json: {}, recover: quiet }, job({ signal: again }));
  });

  it('refuses no attempt but the first when its queue is full again', async () => {
    const client = service.client({ concurrency: 1, queueLimit: 1, retries: 1 });
    const looked = (): Promise<undefined> => client.sendOnce('get device', { id: 'x' }, job()).then(() => undefined);
    const first = client.send('claim', { json: { first: 1 }, recover: looked }, job());
    const more: Promise<unknown>[] = [];
    // As soon as the second starts, the third takes its place in the queue.
    const onStart = (): void => {
      if (more.length === 0) more.push(client.send('claim', { json: { third: 1 } }, job()));
    };
    service.respondWith('reset', [201, {}], [201, {}], [201, {}], [201, {}]);
    const second = client.send('claim', { json: { second: 1 } }, job({ onStart }));
    assert.equal((await errorOf(client.send('claim', { json: {} }, job()))).code, 'NRFCLOUD_QUEUE_FULL');
    await Promise.all([first, second]);
    await Promise.all(more);
    const bodies = service.requests.map(({ method, body }) => `${method} ${body}`.trim());
    assert.equal(bodies.length, 5);
    assert.ok(bodies.indexOf('GET') > 0, bodies.join());
    assert.ok(bodies.lastIndexOf('POST {"first":1}') > bodies.indexOf('GET'), bodies.join());
  });

  it('fetches documents though its queue is full, one in the place of a request', async () => {
    const client = service.client({ concurrency: 1, queueLimit: 1 });
    const held: (() => void)[] = [];
    const answer: ScriptedResponse = (request, response) => void response.end(request.url === '/rows' ? 'rows' : '[]');
    service.respondWith((_request, response) => held.push(() => response.end('[]')), answer, answer, answer);
    const first = client.send('list devices', {}, job());
    const second = client.send('list devices', {}, job());
    const document = client.download('bulk status', `${service.origin}/rows`, job({ lane: 'other' }));
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    held[0]!();
    await first;
    assert.deepEqual((await second).body, []);
    assert.deepEqual(await document, { text: 'rows' });
    assert.deepEqual(await client.download('bulk status', `${service.origin}/rows`, job()), { text: 'rows' });
  });

  it('waits between the attempts of a document, and tells it', async () => {
    const told: boolean[] = [];
    const client = service.client({ concurrency: 1 });
    service.respondWith([503], [200, 'rows'], [503], [200, 'rows']);
    const onWaiting = (waiting: boolean): void => void told.push(waiting);
    const url = `${service.origin}/rows`;
    assert.deepEqual(await client.download('bulk status', url, job({ onWaiting })), { text: 'rows' });
    assert.deepEqual(told, [true, false]);
    assert.deepEqual(await client.download('bulk status', url, job()), { text: 'rows' });
  });

  it('counts the attempts of what was stopped', async () => {
    const stop = new Abort();
    service.respondWith([500], () => stop.abort());
    const { code, cause } = await errorOf(service.client().send('list devices', {}, job({ signal: stop })));
    assert.deepEqual([code, cause.attempts], ['NRFCLOUD_CLOSED', 2]);
    const before = await errorOf(service.client().send('list devices', {}, job({ signal: stop })));
    assert.deepEqual([before.code, before.cause.attempts], ['NRFCLOUD_CLOSED', 0]);
    const document = service.client().download('bulk status', `${service.origin}/x`, job({ signal: stop }));
    assert.equal((await errorOf(document)).cause.attempts, 0);
    assert.equal(service.requests.length, 2);
  });

  it('ends with everything that is on its way, and begins nothing any more', async () => {
    const client = service.client({ concurrency: 1 });
    let arrived = (): void => undefined;
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    service.respondWith(() => arrived());
    const all = [1, 2].map(() => errorOf(client.send('list devices', {}, job())));
    await arrival;
    await client.close();
    assert.deepEqual(
      (await Promise.all(all)).map(({ code }) => code),
      ['NRFCLOUD_CLOSED', 'NRFCLOUD_CLOSED'],
    );
    assert.equal((await errorOf(client.send('list devices', {}, job()))).code, 'NRFCLOUD_CLOSED');
    assert.equal(await client.sendOnce('list devices', {}, job()), undefined);
    assert.equal(service.requests.length, 1);
  });

  it('takes a look for unanswered, whatever goes wrong', async () => {
    const client = service.client();
    service.respondWith('reset', [404], [200, 'no JSON'], [200, { a: 1 }]);
    for (const found of [undefined, undefined, undefined, { statusCode: 200, body: { a: 1 } }]) {
      assert.deepEqual(await client.sendOnce('get device', { id: 'x' }, job()), found);
    }
    assert.equal(service.requests.length, 4);
  });

  it('names what can not be asked for', async () => {
    const { code, message } = await errorOf(service.client().send('get device', { id: '..' }, job()));
    assert.equal(code, 'NRFCLOUD_INVALID_INPUT');
    assert.match(message, /; give the id of a device, tag or operation$/);
  });

  it('can not be made with a key that no header can carry', () => {
    for (const apiKey of ['', 'a b', 'a\r\nb', 'ä']) {
      assert.throws(() => service.client({ apiKey }), {
        name: 'RangeError',
        message: 'the API key holds characters that no HTTP header can carry; copy it again',
      });
    }
  });
});
