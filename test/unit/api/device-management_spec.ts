import assert from 'node:assert/strict';
import { getAccount, getOnboardedDevice, getOnboardedDevices } from '../../../nodes/api/device-management';
import { listTags } from '../../../nodes/api/tags';
import type { Api } from '../../../nodes/api/api';
import { errorOf, ScriptedServer } from '../../support/scripted-server';

describe('device management', () => {
  let service: ScriptedServer;
  let devices: ScriptedServer;
  beforeEach(async () => {
    service = await ScriptedServer.start({ backOff: false });
    devices = await ScriptedServer.start();
  });
  afterEach(async () => {
    await devices.stop();
    await service.stop();
  });
  const api = (): Api => service.api({ deviceApiUrl: `${devices.origin}/d/` });

  it('is requested with the same key at its own URL', async () => {
    devices.respondWith([200, { team: { tenantId: 't', name: 'Team' }, role: 'editor', plan: 'x' }]);
    service.respondWith([200, []]);
    const session = api();
    const { body } = await getAccount(session);
    await listTags(session);
    assert.deepEqual([body.tenantId, body.teamName, body.role, body['plan']], ['t', 'Team', 'editor', 'x']);
    assert.equal(devices.lines[0], 'GET /d/account');
    assert.equal(devices.requests[0]!.headers['authorization'], 'Bearer key');
    assert.deepEqual([devices.requests.length, service.requests.length], [1, 1]);
  });

  it('is not configured if its URL is not known', async () => {
    const { code } = await errorOf(getAccount(service.api()));
    assert.equal(code, 'NRFCLOUD_NOT_CONFIGURED');
    assert.equal(service.requests.length, 0);
  });

  it('is known for the default host', () => {
    const baseUrl = 'https://api.provisioning.nrfcloud.com/v1';
    assert.deepEqual(service.client({ baseUrl }).origins, [
      'https://api.provisioning.nrfcloud.com',
      'https://api.nrfcloud.com',
    ]);
    assert.throws(() => service.client({ deviceApiUrl: 'http://example.com' }), RangeError);
  });

  for (const body of ['', '[]', { message: 'welcome' }, '<html>']) {
    it(`getAccount does not believe ${JSON.stringify(body)}`, async () => {
      devices.respondWith([200, body]);
      assert.equal((await errorOf(getAccount(api()))).code, 'NRFCLOUD_BAD_RESPONSE');
    });
  }

  it('getOnboardedDevice reads the device once, and undefined if it is not onboarded', async () => {
    devices.respondWith([200, { id: 'ABC' }], [404], [200, { id: 'other' }], [500]);
    assert.deepEqual((await getOnboardedDevice(api(), 'abc'))?.body, { id: 'ABC' });
    assert.equal(await getOnboardedDevice(api(), 'abc'), undefined);
    assert.equal((await errorOf(getOnboardedDevice(api(), 'abc'))).code, 'NRFCLOUD_BAD_RESPONSE');
    assert.equal((await errorOf(getOnboardedDevice(api(), 'abc'))).cause.attempts, 1);
  });

  it('getOnboardedDevices gives what came back, and whether the ids were heeded', async () => {
    devices.respondWith(
      [200, { items: [{ id: 'B' }], total: 1 }],
      [200, { items: [{ id: 'b' }, { id: 'x' }] }],
      [200, { message: 'welcome' }],
    );
    const first = await getOnboardedDevices(api(), ['a', 'b']);
    assert.deepEqual([[...first.devices], first.honoured], [[['b', { id: 'B' }]], true]);
    assert.equal(new URL(devices.requests[0]!.url, 'http://x').searchParams.get('deviceIds'), 'a,b');
    assert.equal((await getOnboardedDevices(api(), ['a', 'b'])).honoured, false);
    assert.equal((await errorOf(getOnboardedDevices(api(), ['a']))).code, 'NRFCLOUD_BAD_RESPONSE');
  });
});
