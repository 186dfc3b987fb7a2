import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import commandNode from '../../nodes/nrfcloud-command';
import type { Simulator } from '../../simulator';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-command: waiting', () => {
  let simulator: Simulator;
  let device: string;
  const defineRig = useSimulator((started) => {
    simulator = started;
    simulator.setDeviceBehaviour('default', { contactAfterMs: null });
    [device] = simulator.fill(1) as [string];
  });
  const rig = defineRig({
    node: commandNode,
    type: 'nrfcloud-command',
    config: { interval: 0.05, maxInterval: 0.1 },
    outputs: 3,
    connection: { retries: 0, timeout: 1 },
  });
  const created = (): Promise<unknown> =>
    simulator.events.waitFor('response', ({ operation, status }) => operation === 'createCommand' && status === 201);
  const polled = (): Promise<unknown> =>
    simulator.events.waitFor('response', ({ operation }) => operation === 'getCommand');

  describe('the journal while a command waits', () => {
    const SECRET = '00112233445566778899aabbccddeeff';
    const request = { clientCertificate: { secTag: 1, content: SECRET } };
    let userDir: string;
    beforeEach(() => (userDir = mkdtempSync(join(tmpdir(), 'nrfcloud-command-'))));
    afterEach(() => rmSync(userDir, { recursive: true }));
    const journal = (): string => {
      const folder = join(userDir, 'nrfcloud-provisioning');
      return readdirSync(folder)
        .map((name) => readFileSync(join(folder, name), 'latin1'))
        .join('\n');
    };

    for (const [requestInputType, requestInput, properties] of [
      ['msg', 'raw', { raw: request }],
      ['msg', 'provisioningRequest1', { provisioningRequest1: request }],
      ['msg', 'device.request.provisioningRequest', { device: { request: { provisioningRequest: request } } }],
      ['msg', '"pre.shared"', { 'pre.shared': request }],
      ['jsonata', '{"clientCertificate": {"secTag": 1, "content": key}}', { key: SECRET }],
      ['jsonata', 'msg.raw', { raw: request }],
      ['jsonata', '*[clientCertificate]', { raw: request }],
      ['jsonata', '$lookup($, "r" & "aw")', { raw: request }],
    ] as const) {
      it(`command: does not hold the request of ${requestInputType} ${requestInput}, but other properties`, async () => {
        const flow = await rig({ command: 'request', requestInput, requestInputType }, {}, { settings: { userDir } });
        const isWhole = /[*]|\$\w*\(\$/.test(requestInput);
        flow.send({ payload: device, topic: 'topic-1', ...properties });
        await created();
        await polled();
        assert.ok(JSON.stringify(simulator.requests.map(({ body }) => body)).includes(SECRET));
        assert.equal(journal().includes(SECRET), false);
        assert.deepEqual([journal().includes(device), journal().includes('topic-1')], [true, !isWhole]);
        simulator.contact(device);
        await flow.ended(1);
        assert.equal(journal().includes(SECRET), false);
      });
    }
  });

  for (const commandResponse of ['object', 'text', 'missing'] as const) {
    for (const commandFields of ['full', 'brief'] as const) {
      it(`a command that succeeded leaves by output 1 (${commandResponse}, ${commandFields})`, async () => {
        simulator.set({ commandResponse, commandFields, commandIdForm: commandFields === 'full' ? 'uuid' : 'text' });
        const flow = await rig();
        flow.send({ payload: device });
        await created();
        await polled();
        simulator.contact(device);
        await flow.ended(1);
        const { payload, statusCode } = flow.outputs[0]![0]!;
        const [command] = simulator.commands(device);
        assert.equal(payload.id, command!['id']);
        assert.equal(payload.deviceId, device);
        assert.equal(payload.status, 'SUCCEEDED');
        assert.deepEqual(payload.response, command!['response']);
        assert.equal('response' in payload, commandResponse !== 'missing');
        assert.equal(statusCode, 200);
        assert.equal(flow.outputs[2]![0]!['payload'].status, 'PENDING');
        assert.equal(flow.statuses.at(-1)!.fill, 'green');
      });
    }
  }

  for (const commandError of ['response', 'keyed', 'text', 'field', 'missing'] as const) {
    it(`a command that failed leaves by output 2 with its reason (${commandError})`, async () => {
      simulator.set({ commandError });
      simulator.setDeviceBehaviour('default', { failAt: { index: 0, cme: 528, text: 'no memory' } });
      const flow = await rig();
      flow.send({ payload: device });
      await polled();
      simulator.contact(device);
      await flow.ended(1);
      const { payload } = flow.outputs[1]![0]!;
      assert.equal(payload.status, 'FAILED');
      assert.ok(payload.reason.length > 20);
      if (commandError !== 'missing') assertSentence(payload.reason);
      await flow.until(() => flow.statuses.at(-1)!.fill === 'red');
    });
  }

  for (const removedCommands of ['gone', 'end'] as const) {
    it(`a command that was removed after another failed leaves by output 2 (${removedCommands})`, async () => {
      simulator.set({ removedCommands });
      simulator.setDeviceBehaviour('default', { failAt: { index: 0, cme: 1, text: '' } });
      const flow = await rig();
      flow.send({ payload: device, topic: 'first' });
      await polled();
      flow.send({ payload: device, topic: 'second' });
      await flow.until(() => flow.outputs[2]!.length === 2);
      simulator.contact(device);
      await flow.ended(2);
      const second = flow.outputs[1]!.find(({ topic }) => topic === 'second')!;
      assert.equal(flow.outputs[1]!.length, 2);
      assert.ok(String(second['payload'].reason).length > 20);
      if (removedCommands === 'gone') assertSentence(second['payload'].reason);
    });
  }

  it('a status never seen before is an end, and no success', async () => {
    const flow = await rig();
    flow.send({ payload: device });
    await polled();
    simulator.endCommand(device, simulator.commands(device)[0]!['id'] as string, { status: 'EXPLODED' });
    await flow.ended(1);
    assert.equal(flow.outputs[1]![0]!['payload'].status, 'EXPLODED');
  });

  it('a new command may be unknown for a while', async () => {
    const fault = simulator.faults.add({ match: { operation: 'getCommand' }, status: 404, times: 4 });
    const flow = await rig();
    flow.send({ payload: device });
    await flow.until(() => flow.outputs[2]!.length === 1);
    assert.equal(fault.struck, 4);
    simulator.contact(device);
    await flow.ended(1);
    assert.equal(flow.outputs[0]!.length, 1);
  });

  it('failing polls are waited out', async () => {
    const fault = simulator.faults.add({ match: { operation: 'getCommand' }, status: 500, times: 5 });
    const flow = await rig();
    flow.send({ payload: device });
    await flow.until(() => flow.outputs[2]!.length === 1);
    assert.equal(fault.struck, 5);
    simulator.contact(device);
    await flow.ended(1);
    assert.equal(flow.outputs[0]!.length, 1);
  });

  it('a device that never asks ends in NRFCLOUD_TIMEOUT, which says how to make it ask', async () => {
    const flow = await rig({ timeout: 0.2 });
    flow.send({ payload: device });
    await flow.ended(1);
    const { error } = flow.caught[0]!;
    assert.equal(error.code, 'NRFCLOUD_TIMEOUT');
    assertSentence(error.message);
  });

  it('the result of one command can be wired into the next', async () => {
    const flow = await rig({ wait: false });
    flow.send({ payload: device });
    await flow.ended(1);
    flow.send({ payload: flow.outputs[0]![0]!['payload'] });
    await flow.ended(2);
    assert.equal(simulator.commands(device).length, 2);
  });

  it('cancel ends the wait for the command with that id only', async () => {
    const flow = await rig();
    flow.send({ payload: device, topic: 'one' });
    flow.send({ payload: device, topic: 'two' });
    await flow.until(() => flow.outputs[2]!.length === 2);
    const one = flow.outputs[2]!.find(({ topic }) => topic === 'one')!;
    flow.send({ payload: one['payload'], cancel: true });
    await flow.ended(2);
    simulator.contact(device);
    await flow.ended(3);
    assert.deepEqual(
      flow.outputs[0]!.map(({ topic }) => topic as string),
      ['two'],
    );
    assert.equal(flow.caught.length, 0);
  });
});
