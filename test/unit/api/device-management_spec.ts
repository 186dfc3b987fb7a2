import assert from 'node:assert/strict';
import {
  anyOnboardedId,
  getAccount,
  getOnboardedDevice,
  getOnboardedDevices,
  hasReportedState,
} from '../../../nodes/api/device-management';
import { listTags } from '../../../nodes/api/tags';
import type { Api } from '../../../nodes/api/api';
import { errorOf, ScriptedServer } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

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
      const { code, message } = await errorOf(getAccount(api()));
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  }

  for (const [account, known] of [
    [{ team: { tenantId: 't' } }, { tenantId: 't' }],
    [{ team: { tenantId: 5, name: 'Team' } }, { teamName: 'Team' }],
    [{ role: 'viewer' }, { role: 'viewer' }],
    [{ team: { name: 'Team' }, role: 5 }, { teamName: 'Team' }],
    [{ team: 'Team', role: 'viewer' }, { role: 'viewer' }],
  ] as const) {
    it(`getAccount: ${JSON.stringify(account)} shows ${JSON.stringify(known)}`, async () => {
      devices.respondWith([200, account]);
      assert.deepEqual((await getAccount(api())).body, { ...account, ...known });
    });
  }

  it('getAccount requests again after a failure, unless it is to be requested once', async () => {
    devices.respondWith([500], [200, { role: 'owner' }], [500]);
    assert.equal((await getAccount(api())).body.role, 'owner');
    assert.equal((await errorOf(getAccount(api(), { sendOnce: true }))).cause.attempts, 1);
  });

  it('getOnboardedDevice reads the device once, and undefined if it is not onboarded', async () => {
    devices.respondWith([200, { id: 'ABC' }], [404], [200, { id: 'other' }], [500]);
    assert.deepEqual((await getOnboardedDevice(api(), 'abc'))?.body, { id: 'ABC' });
    assert.equal(await getOnboardedDevice(api(), 'abc'), undefined);
    assert.equal((await errorOf(getOnboardedDevice(api(), 'abc'))).code, 'NRFCLOUD_BAD_RESPONSE');
    assert.equal((await errorOf(getOnboardedDevice(api(), 'abc'))).cause.attempts, 1);
  });

  it('getOnboardedDevice: the web page of a gateway does not say that the device is missing', async () => {
    devices.respondWith([404, '<html>no backend</html>']);
    assert.equal((await errorOf(getOnboardedDevice(api(), 'abc'))).code, 'NRFCLOUD_NOT_FOUND');
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

  it('getOnboardedDevices leaves out what it cannot assign, and requests once', async () => {
    const items = [{ id: 'a' }, { id: 'x' }, { id: 5 }, { name: 'b' }, 'b', null];
    devices.respondWith([200, { items }], [500]);
    const { devices: found, honoured, count } = await getOnboardedDevices(api(), ['a', 'B', '5']);
    assert.deepEqual([[...found.keys()], honoured, count], [['a'], false, 6]);
    assert.equal((await errorOf(getOnboardedDevices(api(), ['a']))).cause.attempts, 1);
  });

  it('getOnboardedDevices says whether more pages follow', async () => {
    devices.respondWith([200, { items: [], pageNextToken: 'p' }], [200, { items: [] }]);
    assert.equal((await getOnboardedDevices(api(), ['a'])).isComplete, false);
    assert.equal((await getOnboardedDevices(api(), ['a'])).isComplete, true);
  });

  it('getOnboardedDevices asks for the state only if it is wanted', async () => {
    devices.respondWith([200, []], [200, []]);
    await getOnboardedDevices(api(), ['a']);
    await getOnboardedDevices(api(), ['a'], { includeState: true });
    assert.deepEqual(devices.lines, [
      'GET /d/devices?deviceIds=a&pageLimit=100',
      'GET /d/devices?deviceIds=a&pageLimit=100&includeState=true',
    ]);
  });

  it('anyOnboardedId reads one device, once', async () => {
    devices.respondWith([200, { items: [{ id: 'a' }, { id: 'b' }] }], [500]);
    assert.equal(await anyOnboardedId(api()), 'a');
    assert.equal(devices.lines[0], 'GET /d/devices?pageLimit=1');
    assert.equal((await errorOf(anyOnboardedId(api()))).cause.attempts, 1);
  });

  for (const items of [[], [{}], [{ id: 5 }], ['a'], [null]]) {
    it(`anyOnboardedId: ${JSON.stringify(items)} shows no id`, async () => {
      devices.respondWith([200, { items }]);
      assert.equal(await anyOnboardedId(api()), undefined);
    });
  }

  it('hasReportedState: only a device with a reported object has connected', () => {
    assert.equal(hasReportedState({ state: { reported: {} } }), true);
    for (const device of [{}, { state: {} }, { state: { desired: {} } }, { state: { reported: 1 } }, { state: 1 }]) {
      assert.equal(hasReportedState(device), false, JSON.stringify(device));
    }
  });
});
