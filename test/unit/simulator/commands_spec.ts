import assert from 'node:assert/strict';

import { create, REQUESTS, useCommands } from './commands';
import { call } from './harness';

describe('simulator: provisioning commands', () => {
  const { sim, device, read } = useCommands();

  for (const api of ['guide', 'current'] as const) {
    it(`${api}: a command is created, waits for the device and succeeds`, async () => {
      sim().set({ api });
      const deviceId = device();
      const path = `/claimed-devices/${deviceId}/provisioning`;
      const body = { description: 'root', request: REQUESTS.root };
      const created = await call(sim(), 'POST', path, { body });
      assert.equal(created.status, 201);
      assert.deepEqual([created.json.status, created.json.description], ['PENDING', 'root']);
      const { id } = created.json;
      assert.deepEqual((await read(deviceId)).json.items, [created.json]);
      const report = sim().contact(deviceId);
      assert.deepEqual(report, { deviceId, outcome: 'commands', commandIds: [id] });
      const ended = (await read(deviceId, id)).json;
      assert.deepEqual([ended.status, ended.response], ['SUCCEEDED', { serverCertificate: {} }]);
      assert.equal(sim().contact(deviceId).outcome, 'idle');
      assert.deepEqual(
        sim().requests.map(({ host, operation }) => `${host} ${String(operation)}`),
        ['api createCommand', 'api listCommands', 'api getCommand'],
      );
    });
  }

  it('a device error is shown in the place that is set, a response in its form', async () => {
    const deviceId = device();
    const [worked] = await create(sim(), deviceId, REQUESTS.root);
    sim().contact(deviceId);
    sim().setDeviceBehaviour('default', { failAt: { cme: 4, text: 'no' } });
    const [failed] = await create(sim(), deviceId, REQUESTS.root);
    sim().contact(deviceId);
    const error = { code: 4, message: 'no' };
    for (const [commandError, response, field] of [
      ['response', { error }, undefined],
      ['keyed', { serverCertificate: { error } }, undefined],
      ['text', '+CME ERROR: 4 no', undefined],
      ['field', undefined, error],
      ['missing', undefined, undefined],
    ] as const) {
      sim().set({ commandError });
      const { json } = await read(deviceId, failed);
      assert.deepEqual([json.response, json.error], [response, field], commandError);
    }
    for (const [commandResponse, response] of [
      ['object', { serverCertificate: {} }],
      ['text', 'OK'],
      ['missing', undefined],
    ] as const) {
      sim().set({ commandResponse });
      assert.deepEqual((await read(deviceId, worked)).json.response, response);
    }
  });

  it('shows the fields, ids and lists that are set', async () => {
    const deviceId = device();
    sim().set({ commandIdForm: 'text', commandFields: 'brief', extras: { command: { more: 1 } } });
    const [id = ''] = await create(sim(), deviceId, REQUESTS.root);
    assert.match(id, /^cmd\/.*\?\+ä$/);
    const shown = { id, status: 'PENDING', more: 1 };
    assert.deepEqual((await read(deviceId, id)).json, shown);
    for (const [commandList, body] of [
      ['items', { items: [shown] }],
      ['commands', { commands: [shown] }],
      ['array', [shown]],
    ] as const) {
      sim().set({ commandList });
      assert.deepEqual((await read(deviceId)).json, body);
    }
    for (const commandList of ['404', '405'] as const) {
      sim().set({ commandList });
      assert.equal((await read(deviceId)).status, Number(commandList));
    }
  });

  it('the 21st open command is refused, with the status that is set', async () => {
    const deviceId = device();
    await create(sim(), deviceId, ...Array.from({ length: 20 }, () => REQUESTS.root));
    const again = () =>
      call(sim(), 'POST', `/claimed-devices/${deviceId}/provisioning`, { body: { request: REQUESTS.root } });
    assert.equal((await again()).status, 400);
    sim().set({ commandLimitStatus: 422 });
    const refused = await again();
    assert.equal(refused.status, 422);
    assert.match(refused.json.message, /20/);
    sim().contact(deviceId);
    assert.equal((await again()).status, 201);
  });

  it('refuses commands for unclaimed, foreign and blocked devices with the status that is set', async () => {
    const { deviceUuid } = sim().mint();
    const foreign = sim().mint().deviceUuid;
    sim().claimByOther(foreign);
    const blocked = device();
    await call(sim(), 'POST', `/claimed-devices/${blocked}/block`);
    const status = async (id: string) =>
      (await call(sim(), 'POST', `/claimed-devices/${id}/provisioning`, { body: { request: REQUESTS.root } })).status;
    assert.deepEqual([await status(deviceUuid), await status(foreign), await status(blocked)], [404, 404, 201]);
    sim().set({ commandUnclaimedStatus: 400, commandForeignStatus: 403, commandBlockedStatus: 409 });
    assert.deepEqual([await status(deviceUuid), await status(foreign), await status(blocked)], [400, 403, 409]);
    assert.equal((await read(deviceUuid)).status, 404);
    assert.equal((await read(blocked, 'nothing')).status, 404);
  });

  it('refuses what is no command', async () => {
    const deviceId = device();
    const send = async (body: unknown) =>
      (await call(sim(), 'POST', `/claimed-devices/${deviceId}/provisioning`, { body })).status;
    for (const body of [
      {},
      { request: {} },
      { request: { ...REQUESTS.root, ...REQUESTS.key } },
      { request: { cloudAccessKeyGeneration: { secTag: -1 } } },
      { request: { cloudAccessKeyGeneration: { secTag: 2 ** 32 } } },
      { request: { serverCertificate: { secTag: 1 } } },
      { request: { certificateSigningRequest: { secTag: 1, attributes: 'CN=a', keyUsage: '1' } } },
      { request: REQUESTS.root, description: 1 },
      { request: { toString: {} } },
    ]) {
      assert.equal(await send(body), 400, JSON.stringify(body));
    }
    assert.equal(await send({ request: { somethingNew: { a: 1 } } }), 400);
    sim().set({ commandCheck: 'none' });
    assert.equal(await send({ request: { somethingNew: { a: 1 } } }), 201);
    sim().contact(deviceId);
    assert.equal(sim().commands(deviceId)[0]?.['status'], 'SUCCEEDED');
  });

  it('a finished command is found for its lifetime only', async () => {
    const deviceId = device();
    const [id] = await create(sim(), deviceId, REQUESTS.root);
    sim().contact(deviceId);
    sim().set({ commandLifetimeMs: 100_000 });
    assert.equal((await read(deviceId, id)).status, 200);
    sim().set({ commandLifetimeMs: 0.001 });
    assert.equal((await read(deviceId, id)).status, 404);
  });

  it('a command whose creation lost its response exists', async () => {
    const deviceId = device();
    sim().faults.add({ match: { operation: 'createCommand' }, drop: 'after' });
    await assert.rejects(create(sim(), deviceId, REQUESTS.root));
    assert.equal(sim().commands(deviceId).length, 1);
  });
});
