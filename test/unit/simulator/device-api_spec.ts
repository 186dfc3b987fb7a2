import assert from 'node:assert/strict';

import type { Simulator } from '../../../simulator/index';
import { call, useSimulator, type Sending } from './harness';

const KEY = { request: { cloudAccessKeyGeneration: { secTag: 16842753 } } };

const api = (sim: Simulator, method: string, path: string, sending?: Sending) =>
  call(sim, method, sim.deviceApiUrl + path, sending);

describe('simulator: device management host', () => {
  const sim = useSimulator({ viewerKeys: ['viewer'] });
  const get = (path: string, sending?: Sending) => api(sim(), 'GET', path, sending);
  /** Onboards devices and returns their ids. */
  const onboard = (count: number) => {
    sim().setDeviceBehaviour('default', { contactAfterMs: null });
    const ids = sim().fill(count);
    for (const id of ids) sim().onboard(id);
    return ids;
  };
  const idsOf = (response: { json: any }): string[] => response.json.items.map((one: { id: string }) => one.id);

  it('shows the account with team and role', async () => {
    assert.notEqual(new URL(sim().deviceApiUrl).origin, new URL(sim().url).origin);
    const [claimed = ''] = onboard(1);
    const { ownerId } = sim().device(claimed) as { ownerId: string };
    const account = (await get('/account')).json;
    assert.deepEqual(Object.keys(account), ['team', 'role', 'tags', 'plan', 'mqttEndpoint', 'mqttTopicPrefix']);
    assert.deepEqual([account.team.tenantId, account.role], [ownerId, 'editor']);
    assert.equal((await get('/account', { key: 'viewer' })).json.role, 'viewer');
    sim().set({ role: 'owner', extras: { account: { plan: null } } });
    const changed = (await get('/account')).json;
    assert.deepEqual([changed.role, changed.plan], ['owner', null]);
  });

  it('a key of role viewer may only read, on both hosts', async () => {
    sim().set({ role: 'viewer' });
    assert.equal((await get('/account')).json.role, 'viewer');
    assert.equal((await api(sim(), 'POST', '/devices', { body: 'a\n' })).status, 403);
    assert.equal((await call(sim(), 'POST', '/provisioning/tags', { body: { tag: 'a' } })).status, 403);
  });

  it('wants the same key, and refuses an organization auth token', async () => {
    for (const key of [null, 'wrong']) assert.equal((await get('/account', { key })).status, 401);
    sim().setApiKey('oat_abc');
    assert.equal((await get('/account', { key: 'oat_abc' })).status, 401);
    assert.equal((await call(sim(), 'GET', '/claimed-devices', { key: 'oat_abc' })).status, 200);
  });

  it('has none of the paths of the provisioning service', async () => {
    assert.equal((await get('/claimed-devices')).status, 404);
    assert.equal((await call(sim(), 'GET', '/account')).status, 404);
  });

  it('a device appears some time after its key was generated, and reports state later', async () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: 0, onboardAfterMs: 5, stateAfterMs: 5 });
    sim().addRule({ name: 'r', active: true, commands: [KEY], tags: ['a'] });
    const { claimToken, deviceUuid } = sim().mint();
    const [contact, onboarded, state] = [
      sim().events.waitFor('contact'),
      sim().events.waitFor('onboarded'),
      sim().events.waitFor('state'),
    ];
    await call(sim(), 'POST', '/claimed-devices', { body: { claimToken, tags: ['a'] } });
    assert.equal((await contact).outcome, 'commands');
    assert.equal(await onboarded, deviceUuid);
    assert.equal(await state, deviceUuid);
    const device = (await get(`/devices/${deviceUuid}`)).json;
    assert.equal(device.id, deviceUuid);
    assert.ok(device.state.reported);
    assert.equal(sim().onboarded().length, 1);
  });

  it('a device can stay away, stay unconnected or have another id there', async () => {
    const behaviours = [{ onboardAfterMs: null }, { stateAfterMs: null }, { onboardedId: 'nrf-1' }];
    const ids = behaviours.map((behaviour) => {
      sim().setDeviceBehaviour('default', { contactAfterMs: null, onboardAfterMs: 0, stateAfterMs: 0 });
      const [id = ''] = sim().fill(1);
      sim().setDeviceBehaviour(id, behaviour);
      return id;
    });
    const connected = sim().events.waitFor('state');
    for (const id of ids) {
      await call(sim(), 'POST', `/claimed-devices/${id}/provisioning`, { body: KEY });
      sim().contact(id);
    }
    assert.equal(await connected, 'nrf-1');
    const responses = await Promise.all([...ids, 'nrf-1'].map((id) => get(`/devices/${id}`)));
    assert.deepEqual(
      responses.map(({ status }) => status),
      [404, 200, 404, 200],
    );
    assert.equal(responses[1]?.json.state.reported, undefined);
  });

  it('a device unclaimed meanwhile does not appear, and unclaiming removes it', async () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: null, onboardAfterMs: 0 });
    const [gone = '', kept = ''] = sim().fill(2);
    const onboarded = sim().events.waitFor('onboarded');
    for (const id of [gone, kept]) {
      await call(sim(), 'POST', `/claimed-devices/${id}/provisioning`, { body: KEY });
      sim().contact(id);
      if (id === gone) sim().unclaim(gone);
    }
    assert.equal(await onboarded, kept);
    await call(sim(), 'DELETE', `/claimed-devices/${kept}`);
    assert.equal((await get(`/devices/${kept}`)).status, 404);
    const [stays = ''] = onboard(1);
    sim().set({ unclaimOffboards: false });
    sim().unclaim(stays);
    assert.equal((await get(`/devices/${stays}`)).status, 200);
  });

  it('looks up many devices by deviceIds', async () => {
    const ids = onboard(5);
    const { json } = await get(`/devices?deviceIds=${[ids[3], 'unknown', ids[1]].join(',')}`);
    assert.deepEqual([json.total, json.items.length, json.pageNextToken], [2, 2, undefined]);
    assert.deepEqual(
      json.items.map((one: { id: string }) => one.id),
      [ids[3], ids[1]],
    );
    const escaped = await get(`/devices?deviceIds=${encodeURIComponent(`${ids[0]!},${ids[1]!}`)}`);
    assert.equal(escaped.json.total, 2);
  });

  it('deviceIds is a list, a repeated parameter, ignored or refused', async () => {
    const [first = '', second = ''] = onboard(3);
    const comma = `/devices?deviceIds=${first},${second}`;
    const repeated = `/devices?deviceIds=${first}&deviceIds=${second}`;
    for (const [deviceIdsParameter, forComma, forRepeated] of [
      ['comma', 2, 1],
      ['repeated', 0, 2],
      ['both', 2, 2],
      ['ignored', 3, 3],
    ] as const) {
      sim().set({ deviceIdsParameter });
      assert.deepEqual([(await get(comma)).json.total, (await get(repeated)).json.total], [forComma, forRepeated]);
    }
    sim().set({ deviceIdsParameter: 'refused' });
    assert.equal((await get(comma)).status, 400);
    assert.equal((await get('/devices')).status, 200);
  });

  it('a page can be smaller than the number of devices asked for', async () => {
    const ids = onboard(5);
    sim().set({ devicePageSize: 2 });
    for (const path of [`/devices?deviceIds=${ids.join(',')}`, '/devices']) {
      const listed: string[] = [];
      let token: string | undefined = '';
      while (token !== undefined) {
        const separator = path.includes('?') ? '&' : '?';
        const page = await get(token === '' ? path : `${path}${separator}pageNextToken=${encodeURIComponent(token)}`);
        assert.ok(idsOf(page).length <= 2);
        assert.equal(page.json.total, 5);
        listed.push(...idsOf(page));
        token = page.json.pageNextToken;
      }
      assert.deepEqual(listed, ids);
    }
    assert.equal((await get('/devices?pageLimit=4')).json.items.length, 4);
    assert.equal((await get('/devices?pageLimit=x')).status, 400);
  });

  it('the list shows state always, never or when asked', async () => {
    const [id = ''] = sim().fill(1);
    sim().onboard(id, { connected: true });
    const has = async (query = '') => 'state' in (await get(`/devices${query}`)).json.items[0];
    for (const [listState, plain, asked] of [
      ['always', true, true],
      ['asked', false, true],
      ['never', false, false],
    ] as const) {
      sim().set({ listState });
      assert.deepEqual([await has(), await has('?includeState=true')], [plain, asked]);
    }
  });

  it('takes an upload of devices and reports its bulk operation', async () => {
    const pem = '"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"';
    const csv = `nrf-1,sub,a|b,APP|MODEM,${pem}\nnrf-2,,,APP,${pem}\n`;
    const uploaded = await api(sim(), 'POST', '/devices', { body: csv });
    assert.equal(uploaded.status, 202);
    const operation = (await get(`/bulk-ops-requests/${String(uploaded.json.bulkOpsRequestId)}`)).json;
    assert.deepEqual([operation.status, operation.endpoint], ['SUCCEEDED', 'PROVISION_DEVICES']);
    const device = (await get('/devices/nrf-1')).json;
    assert.deepEqual([device.subType, device.tags], ['sub', ['a', 'b']]);
    assert.equal((await api(sim(), 'POST', '/devices', { body: 'a b,,,\n' })).status, 400);
    assert.equal((await get('/bulk-ops-requests/x')).status, 404);
  });

  it('a changed command in the desired state makes the device contact the service', async () => {
    const [id = ''] = onboard(1);
    const contact = sim().events.waitFor('contact');
    const body = { desired: { command: [1, 2] } };
    assert.equal((await api(sim(), 'PATCH', `/devices/${id}/state`, { body })).status, 202);
    assert.equal((await contact).deviceId, id);
    assert.equal((await api(sim(), 'PATCH', '/devices/x/state', { body })).status, 404);
  });

  it('faults, rate limit, records and counters work on this host too', async () => {
    sim().faults.add({ match: { operation: 'account' }, status: 503, times: 1 });
    sim().faults.add({ match: { host: 'deviceApi', path: '/devices' }, retryAfter: 1, times: 1 });
    sim().faults.add({ match: { path: '/account' }, status: 500 });
    const statuses = [(await get('/account')).status, (await get('/devices')).status, (await get('/account')).status];
    assert.deepEqual(statuses, [503, 429, 200]);
    assert.deepEqual(
      sim().requests.map(({ host, operation, status }) => [host, operation, status]),
      [
        ['deviceApi', 'account', 503],
        ['deviceApi', 'listOnboarded', 429],
        ['deviceApi', 'account', 200],
      ],
    );
    assert.deepEqual(sim().counters, { account: 2, listOnboarded: 1 });
    sim().set({ rate: 1 });
    assert.deepEqual([(await get('/account')).status, (await get('/account')).status], [200, 200]);
    sim().set({ rate: 0, deviceApiRate: 1 });
    assert.deepEqual([(await get('/account')).status, (await get('/account')).status], [200, 429]);
    assert.equal((await call(sim(), 'GET', '/claimed-devices')).status, 200);
  });
});
