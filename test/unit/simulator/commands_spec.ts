import assert from 'node:assert/strict';

import type { Simulator } from '../../../simulator/index';
import { call, useSimulator } from './harness';

const SEC_TAG = 16842753;
const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n';

const REQUESTS = {
  key: { clientPrivateKeyGeneration: { secTag: SEC_TAG } },
  cloud: { cloudAccessKeyGeneration: { secTag: SEC_TAG } },
  csr: { certificateSigningRequest: { secTag: SEC_TAG, attributes: 'CN=a', keyUsage: '101010000' } },
  root: { serverCertificate: { secTag: SEC_TAG, content: CERTIFICATE } },
  client: { clientCertificate: { secTag: SEC_TAG, content: CERTIFICATE } },
  finished: { finished: {} },
};

/** Creates commands over HTTP, one after the other; returns their ids. */
async function create(sim: Simulator, deviceId: string, ...requests: object[]): Promise<string[]> {
  const ids: string[] = [];
  for (const request of requests) {
    const response = await call(sim, 'POST', `/claimed-devices/${deviceId}/provisioning`, { body: { request } });
    assert.equal(response.status, 201);
    ids.push(response.json.id);
  }
  return ids;
}

describe('simulator: provisioning commands', () => {
  const sim = useSimulator();
  const read = (deviceId: string, id = '') =>
    call(sim(), 'GET', `/claimed-devices/${deviceId}/provisioning${id === '' ? '' : `/${encodeURIComponent(id)}`}`);
  const device = () => {
    sim().setDeviceBehaviour('default', { contactAfterMs: null });
    return sim().fill(1)[0]!;
  };

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

  it('a command is IN_PROGRESS while the device executes it', async () => {
    const deviceId = device();
    sim().setDeviceBehaviour(deviceId, { commandMs: null });
    const [first, second] = await create(sim(), deviceId, REQUESTS.root, REQUESTS.root);
    sim().contact(deviceId);
    assert.equal((await read(deviceId, first)).json.status, 'IN_PROGRESS');
    assert.equal((await read(deviceId, second)).json.status, 'PENDING');
    assert.equal(sim().contact(deviceId).outcome, 'busy');
  });

  it('each command takes the time that is set', async () => {
    const deviceId = device();
    sim().setDeviceBehaviour(deviceId, { commandMs: 10 });
    await create(sim(), deviceId, REQUESTS.root, REQUESTS.root);
    const done = sim().events.waitFor('contact-end');
    const started = performance.now();
    sim().contact(deviceId);
    assert.equal((await done).executed, 2);
    assert.ok(performance.now() - started >= 19);
  });

  it('the device takes its records per round, and finished comes last', async () => {
    const deviceId = device();
    const ids = await create(
      sim(),
      deviceId,
      REQUESTS.finished,
      REQUESTS.key,
      REQUESTS.cloud,
      REQUESTS.root,
      REQUESTS.client,
    );
    const order: string[] = [];
    sim().events.on('command-end', ({ commandId }) => order.push(commandId));
    const done = sim().events.waitFor('contact-end');
    sim().contact(deviceId);
    // 2 + 2 + 1 records, then 1 + 1.
    assert.deepEqual(await done, { deviceId, rounds: 2, executed: 5 });
    assert.deepEqual(order, [...ids.slice(1), ids[0]]);
  });

  it('old firmware fails with too many commands', async () => {
    const deviceId = device();
    sim().setDeviceBehaviour('default', { oldFirmware: true, recordsPerRound: 2 });
    const [first] = await create(sim(), deviceId, REQUESTS.root, REQUESTS.root, REQUESTS.root);
    sim().contact(deviceId);
    assert.deepEqual((await read(deviceId, first)).json.response, { error: { code: 0, message: 'too many commands' } });
  });

  it('an AT command longer than the buffer fails', async () => {
    const deviceId = device();
    const content = CERTIFICATE + 'x'.repeat(2048);
    const [id] = await create(sim(), deviceId, { serverCertificate: { secTag: 1, content } });
    sim().contact(deviceId);
    assert.equal((await read(deviceId, id)).json.status, 'FAILED');
  });

  it('after a failure the rest of the queue is gone, or ends', async () => {
    for (const removedCommands of ['gone', 'end'] as const) {
      sim().set({ removedCommands });
      const deviceId = device();
      sim().setDeviceBehaviour(deviceId, { failAt: { index: 1, cme: 513, text: 'not found' } });
      const [done, failed, removed] = await create(sim(), deviceId, REQUESTS.root, REQUESTS.client, REQUESTS.finished);
      const end = sim().events.waitFor('command-end', ({ commandId }) => commandId === failed);
      sim().contact(deviceId);
      assert.deepEqual((await end).error, { cme: 513, text: 'not found' });
      assert.equal((await read(deviceId, done)).json.status, 'SUCCEEDED');
      assert.equal((await read(deviceId, failed)).json.status, 'FAILED');
      const gone = await read(deviceId, removed);
      assert.deepEqual(
        [gone.status, gone.json.status],
        removedCommands === 'gone' ? [404, undefined] : [200, 'CANCELLED'],
      );
    }
  });

  it('a failure can be bound to a type of command', async () => {
    const deviceId = device();
    sim().setDeviceBehaviour('default', { failAt: { type: 'finished', cme: 0, text: '' } });
    const [first, last] = await create(sim(), deviceId, REQUESTS.root, REQUESTS.finished);
    sim().contact(deviceId);
    assert.equal((await read(deviceId, first)).json.status, 'SUCCEEDED');
    assert.equal((await read(deviceId, last)).json.status, 'FAILED');
  });

  it('end statuses can have any name, and a command any end', async () => {
    const deviceId = device();
    sim().set({ endStatuses: { failed: 'EXPIRED' } });
    sim().setDeviceBehaviour('default', { failAt: { index: 1, cme: 1, text: '' } });
    const [first, second] = await create(sim(), deviceId, REQUESTS.root, REQUESTS.root);
    sim().contact(deviceId);
    assert.equal((await read(deviceId, second)).json.status, 'EXPIRED');
    const ended = sim().events.waitFor('command-end');
    assert.equal(sim().endCommand(deviceId, first!, { status: 'REJECTED', response: 'no' }), true);
    assert.equal((await ended).state, 'other');
    const { status, response } = (await read(deviceId, first)).json;
    assert.deepEqual([status, response], ['REJECTED', 'no']);
    assert.equal(sim().endCommand(deviceId, 'nothing', { status: 'X' }), false);
  });

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

  it('a blocked device cannot contact the service, an unclaimed one is refused', async () => {
    const deviceId = device();
    await create(sim(), deviceId, REQUESTS.root);
    await call(sim(), 'POST', `/claimed-devices/${deviceId}/block`);
    assert.equal(sim().contact(deviceId).outcome, 'blocked');
    assert.equal(sim().commands(deviceId)[0]?.['status'], 'PENDING');
    await call(sim(), 'DELETE', `/claimed-devices/${deviceId}`);
    assert.equal(sim().contact(deviceId).outcome, 'unclaimed');
    assert.deepEqual(sim().commands(deviceId), []);
    assert.equal((await read(deviceId)).status, 404);
  });

  it('an unclaimed device stops in the middle of a command', async () => {
    const deviceId = device();
    sim().setDeviceBehaviour(deviceId, { commandMs: 1 });
    await create(sim(), deviceId, REQUESTS.cloud, REQUESTS.root);
    const ends: unknown[] = [];
    sim().events.on('command-end', (end) => ends.push(end));
    sim().contact(deviceId);
    sim().unclaim(deviceId);
    const other = device();
    sim().setDeviceBehaviour(other, { commandMs: 5 });
    await create(sim(), other, REQUESTS.root);
    const done = sim().events.waitFor('contact-end');
    sim().contact(other);
    assert.equal((await done).deviceId, other);
    assert.equal(ends.length, 1);
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
