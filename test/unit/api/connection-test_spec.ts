import assert from 'node:assert/strict';
import type { ClientOptions } from '../../../nodes/api/client';
import { testConnection, type ConnectionTestResult } from '../../../nodes/api/connection-test';
import { Abort } from '../../../nodes/util/abort';
import { ScriptedServer } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

describe('testConnection', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  const test = (options: Partial<ClientOptions> = {}): Promise<ConnectionTestResult> =>
    testConnection(
      { guide: service.client({ ...options, api: 'guide' }), current: service.client({ ...options, api: 'current' }) },
      { signal: new Abort(), lane: 'test' },
    );

  it('reports which API versions respond', async () => {
    service.respondWith([200, { items: [] }], [200, []], [404]);
    assert.deepEqual(await test(), { reachable: true, keyAccepted: true, generations: ['guide'] });
    service.respondWith([200, []], [500], [200, []]);
    assert.deepEqual(await test(), { reachable: true, keyAccepted: true, generations: ['current'] });
    assert.equal(service.requests.length, 6);
  });

  it('reports what is wrong', async () => {
    for (const status of [401, 403]) {
      service.respondWith([status, {}]);
      const { problem, ...rest } = await test();
      assert.deepEqual(rest, { reachable: true, keyAccepted: false, generations: [] });
      assert.match(problem!, new RegExp(`HTTP ${status}`));
    }
    service.respondWith([500]);
    const { problem, ...rest } = await test();
    assert.deepEqual(rest, { reachable: true, generations: [] });
    assertSentence(problem!);
    service.respondWith('reset');
    assert.equal((await test()).reachable, false);
  });

  it('does not take the web page of a proxy for a refused key', async () => {
    service.respondWith([403, '<html>Blocked by the proxy</html>']);
    const { problem, ...rest } = await test();
    assert.deepEqual(rest, { reachable: true, generations: [] });
    assertSentence(problem!);
  });

  for (const body of ['null', '"text"', { items: {} }, {}, '']) {
    it(`takes no ${JSON.stringify(body)} for a list`, async () => {
      service.respondWith([200, body]);
      const { problem, ...rest } = await test();
      assert.deepEqual(rest, { reachable: true, generations: [] });
      assert.equal(typeof problem, 'string');
    });
  }

  it('gives team and role, if the device API is known', async () => {
    const deviceApiUrl = `${service.origin}/devices-api`;
    service.respondWith([200, []], [200, []], [200, []], [200, { team: { name: 'Team' }, role: 'owner' }]);
    const found = { reachable: true, keyAccepted: true, generations: ['guide', 'current'] };
    assert.deepEqual(await test({ deviceApiUrl }), { ...found, team: 'Team', role: 'owner' });
    for (const [account, known] of [
      [{ role: 'owner' }, { role: 'owner' }],
      [{ team: { name: 'Team' } }, { team: 'Team' }],
    ]) {
      service.respondWith([200, []], [200, []], [200, []], [200, account]);
      assert.deepEqual(await test({ deviceApiUrl }), { ...found, ...known });
    }
    for (const account of [[401], [500]] as const) {
      service.respondWith([200, []], [200, []], [200, []], account);
      const { warnings, ...rest } = await test({ deviceApiUrl });
      assert.deepEqual([rest, warnings?.length], [found, 1]);
      assertSentence(warnings![0]);
    }
  });
});
