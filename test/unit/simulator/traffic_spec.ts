import assert from 'node:assert/strict';

import { call, useSimulator } from './harness';

describe('simulator: keys, limits and records', () => {
  const sim = useSimulator({ viewerKeys: ['viewer'], bodyLimit: 2000 });

  it('wants its key, which can be changed', async () => {
    const list = (key: string | null) => call(sim(), 'GET', '/claimed-devices', { key });
    assert.equal((await list('sim-key')).status, 200);
    for (const key of [null, 'wrong', 'oat_abc']) {
      const reply = await list(key);
      assert.deepEqual([reply.status, reply.json], [401, { message: 'Unauthorized' }]);
    }
    const basic = { authorization: 'Basic sim-key' };
    assert.equal((await call(sim(), 'GET', '/claimed-devices', { key: null, headers: basic })).status, 401);
    sim().setApiKey('fresh');
    assert.equal((await list('sim-key')).status, 401);
    assert.equal((await list('fresh')).status, 200);
  });

  it('lets a viewer read and nothing else', async () => {
    const { claimToken } = sim().mint();
    const [id = ''] = sim().fill(1);
    const send = async (method: string, path: string, body?: unknown) =>
      (await call(sim(), method, path, { key: 'viewer', body })).status;
    assert.equal(await send('GET', `/claimed-devices/${id}`), 200);
    assert.equal(await send('POST', '/claimed-devices', { claimToken }), 403);
    assert.equal(await send('POST', `/claimed-devices/${id}/block`), 403);
    assert.equal(await send('DELETE', `/claimed-devices/${id}`), 403);
    assert.equal(await send('POST', '/provisioning/tags', { tag: 'a' }), 403);
  });

  it('answers 404 with JSON for paths that are none', async () => {
    for (const path of ['/', '/nothing', '/claimed-devices/a/b/c', '/claimed-devices/']) {
      const reply = await call(sim(), 'GET', path);
      assert.equal(reply.status, 404, path);
      assert.ok(reply.json.message);
    }
    assert.equal((await call(sim(), 'GET', sim().url.replace('/v1', '/claimed-devices'))).status, 404);
  });

  it('answers 413 to a body over the limit', async () => {
    const reply = await call(sim(), 'POST', '/claimed-devices/bulk', { body: 'x'.repeat(2001) });
    assert.equal(reply.status, 413);
    assert.equal(sim().requests[0]?.status, 413);
  });

  it('unescapes ids', async () => {
    const { deviceUuid, claimToken } = sim().mint();
    await call(sim(), 'POST', '/claimed-devices', { body: { claimToken } });
    assert.equal((await call(sim(), 'GET', `/claimed-devices/${deviceUuid.replace('-', '%2D')}`)).status, 200);
    assert.equal((await call(sim(), 'GET', '/claimed-devices/a%2Fb')).status, 404);
  });

  it('records requests, and counts operations', async () => {
    const { claimToken } = sim().mint();
    await call(sim(), 'POST', '/claimed-devices', { body: { claimToken } });
    const reply = await call(sim(), 'GET', '/claimed-devices?pageLimit=5');
    const [first, second] = sim().requests;
    assert.deepEqual(
      [first?.method, first?.url, JSON.parse(first?.body ?? ''), first?.status, first?.operation],
      ['POST', '/v1/claimed-devices', { claimToken }, 201, 'claim'],
    );
    assert.equal(second?.url, '/v1/claimed-devices?pageLimit=5');
    assert.equal(second.headers['authorization'], 'Bearer sim-key');
    assert.equal(reply.headers.get('x-request-id'), `sim-${second.number}`);
    assert.deepEqual(sim().counters, { claim: 1, listDevices: 1 });
    sim().set({ record: false });
    await call(sim(), 'GET', '/claimed-devices');
    assert.deepEqual([sim().requests.length, sim().requestCount], [2, 3]);
  });

  it('takes its time, and knows how many requests are in flight', async () => {
    sim().set({ latency: [30, 40] });
    const started = performance.now();
    await Promise.all(Array.from({ length: 5 }, () => call(sim(), 'GET', '/claimed-devices')));
    assert.ok(performance.now() - started >= 29);
    assert.deepEqual([sim().maxInFlight, sim().inFlight], [5, 0]);
    sim().set({ latency: 0 });
    for (let round = 0; round < 20; round++) await call(sim(), 'GET', '/claimed-devices');
    assert.deepEqual([sim().maxInFlight, sim().inFlight], [5, 0]);
  });

  it('limits the rate, and says how long to wait in the form one asks for', async () => {
    sim().set({ rate: 3 });
    const replies = await Promise.all(Array.from({ length: 5 }, () => call(sim(), 'GET', '/claimed-devices')));
    const refused = replies.filter((reply) => reply.status === 429);
    assert.equal(refused.length, 2);
    assert.equal(refused[0]?.headers.get('retry-after'), '1');
    sim().set({ rateRetryAfter: 'date' });
    const dated = (await call(sim(), 'GET', '/claimed-devices')).headers.get('retry-after') ?? '';
    assert.ok(Date.parse(dated) > Date.now() - 1000);
    sim().set({ rateRetryAfter: 'none' });
    const bare = await call(sim(), 'GET', '/claimed-devices');
    assert.deepEqual([bare.status, bare.headers.get('retry-after')], [429, null]);
    sim().set({ rate: 0 });
    assert.equal((await call(sim(), 'GET', '/claimed-devices')).status, 200);
  });

  it('refuses settings that do not exist or cannot be', () => {
    const wrong: Record<string, unknown>[] = [
      { apy: 'guide' },
      { api: 'both-of-them' },
      { latency: -1 },
      { latency: [5, 1] },
      { latency: 'slow' },
      { rate: '5' },
      { viewerKeys: 'viewer' },
      { refusals: { malformed: 42 } },
      { refusals: { tired: 400 } },
      { extras: null },
      { verify: 1 },
      { commandLimitStatus: 42 },
      { ruleFields: 'some' },
      { endStatuses: { failed: '' } },
      { endStatuses: { tired: 'x' } },
    ];
    for (const change of wrong) assert.throws(() => sim().set(change), TypeError, JSON.stringify(change));
    assert.equal(sim().settings.api, 'both');
  });
});
