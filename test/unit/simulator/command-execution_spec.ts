import assert from 'node:assert/strict';

import { CERTIFICATE, create, REQUESTS, useCommands } from './commands';
import { call } from './harness';

describe('simulator: provisioning commands', () => {
  const { sim, device, read } = useCommands();

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
});
