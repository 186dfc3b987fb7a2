import assert from 'node:assert/strict';
import { generate } from 'selfsigned';
import commandNode from '../../nodes/nrfcloud-command';
import { startSimulator, type RequestRecord, type Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig, type Message, type NodeRig, type NodeRigOptions } from '../support/node-rig';
import { assertSentence } from '../support/sentences';

describe('nrfcloud-command', () => {
  let simulator: Simulator;
  let device: string;
  let pem: { cert: string; private: string };
  before(async () => {
    pem = await generate([{ name: 'commonName', value: 'ca' }], { algorithm: 'sha256' });
  });
  beforeEach(async () => {
    simulator = await startSimulator();
    simulator.setDeviceBehaviour('default', { contactAfterMs: null });
    [device] = simulator.fill(1) as [string];
  });
  afterEach(async () => {
    await stopNodeRig();
    await simulator.close();
  });

  const rig = (config: Record<string, unknown> = {}, more: Partial<NodeRigOptions> = {}): Promise<NodeRig> =>
    startNodeRig({
      node: commandNode,
      type: 'nrfcloud-command',
      config: { interval: 0.05, maxInterval: 0.1, ...config },
      outputs: 3,
      connection: { baseUrl: simulator.url, retries: 0, timeout: 1 },
      ...more,
    });
  const creations = (): RequestRecord[] =>
    simulator.requests.filter(({ method, url }) => method === 'POST' && url.endsWith('/provisioning'));
  const created = (): Promise<unknown> =>
    simulator.events.waitFor('response', ({ operation, status }) => operation === 'createCommand' && status === 201);
  const polled = (): Promise<unknown> =>
    simulator.events.waitFor('response', ({ operation }) => operation === 'getCommand');

  describe('requests', () => {
    const csr = { attributes: 'CN=0123456789', keyUsage: '101010000' };
    const cases: [string, () => Record<string, unknown>, () => object][] = [
      ['cloudAccessKeyGeneration', () => ({}), () => ({ secTag: 16842753 })],
      ['clientPrivateKeyGeneration', () => ({ secTag: '5' }), () => ({ secTag: 5 })],
      ['certificateSigningRequest', () => ({ attributes: csr.attributes }), () => ({ secTag: 16842753, ...csr })],
      ['serverCertificate', () => ({ content: pem.cert }), () => ({ secTag: 16842753, content: normal(pem.cert) })],
      ['clientCertificate', () => ({ content: pem.cert }), () => ({ secTag: 16842753, content: normal(pem.cert) })],
      ['finished', () => ({}), () => ({})],
    ];
    const normal = (text: string): string => text.replaceAll('\r\n', '\n');
    for (const api of ['guide', 'current'] as const) {
      for (const [command, config, fields] of cases) {
        it(`${command} is created with its fields alone (${api})`, async () => {
          simulator.set({ api });
          const flow = await rig(
            { command, wait: false, description: 'why', ...config() },
            { connection: { baseUrl: simulator.url, api } },
          );
          flow.send({ payload: { id: device }, topic: 'kept' });
          await flow.ended(1);
          const [msg] = flow.outputs[0]!;
          const [request] = creations();
          assert.equal(request!.url, `/v1/claimed-devices/${device}/provisioning`);
          assert.equal(request!.headers['authorization'], 'Bearer sim-key');
          assert.deepEqual(JSON.parse(request!.body), { description: 'why', request: { [command]: fields() } });
          assert.equal(msg!['payload'].deviceId, device);
          assert.equal(msg!['payload'].id, simulator.commands(device)[0]!['id']);
          assert.equal(msg!['payload'].status, 'PENDING');
          assert.equal(msg!['statusCode'], 201);
          assert.equal(msg!['topic'], 'kept');
          assert.equal(simulator.requestCount, 1);
        });

        it(`${command} may come in the message (${api})`, async () => {
          const flow = await rig({ command: 'msg', wait: false });
          flow.send({ payload: device, command: { type: command, ...config() } });
          await flow.ended(1);
          assert.deepEqual(JSON.parse(creations()[0]!.body), { request: { [command]: fields() } });
        });
      }
    }

    it('request sends the raw object', async () => {
      simulator.set({ commandCheck: 'none' });
      const raw = { preSharedKey: { secTag: 1, identity: 'i' } };
      const flow = await rig({ command: 'request', wait: false, requestInput: JSON.stringify(raw) });
      flow.send({ payload: device });
      await flow.ended(1);
      assert.deepEqual(JSON.parse(creations()[0]!.body), { request: raw });
    });

    const bad: [string, Record<string, unknown>, Message][] = [
      ['security tag -1', { secTag: '-1' }, {}],
      ['security tag 2^32', { secTag: '4294967296' }, {}],
      ['a security tag that is a word', { secTag: 'one' }, {}],
      ['no PEM', { command: 'serverCertificate', content: 'x' }, {}],
      [
        'key usage of eight digits',
        { command: 'certificateSigningRequest', attributes: 'CN=1', keyUsage: '10101000' },
        {},
      ],
      ['no attributes', { command: 'certificateSigningRequest' }, {}],
      ['a request that is not an object', { command: 'request', requestInput: '[]' }, {}],
      ['a request with two commands', { command: 'request', requestInput: '{"a":{},"b":{}}' }, {}],
      ['no command in the message', { command: 'msg' }, {}],
      ['an unknown type in the message', { command: 'msg' }, { command: { type: 'reboot' } }],
      ['a bad field in the message', { command: 'msg' }, { command: { type: 'finished', description: 7 } }],
      ['a message command without its certificate', { command: 'msg' }, { command: { type: 'serverCertificate' } }],
      ['no device', {}, { payload: '' }],
      ['a description that is a number', { description: 'n', descriptionType: 'msg' }, { n: 5 }],
    ];
    for (const [what, config, msg] of bad) {
      it(`${what} is NRFCLOUD_INVALID_INPUT, and nothing is sent`, async () => {
        const flow = await rig(config);
        flow.send({ payload: device, ...msg });
        await flow.ended(1);
        assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
        assert.equal(simulator.requestCount, 0);
      });
    }

    it('a private key where a certificate belongs is refused, and not quoted', async () => {
      const flow = await rig({ command: 'clientCertificate', content: pem.private });
      flow.send({ payload: device });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assert.doesNotMatch(JSON.stringify(flow.caught[0]!['error']), /MII/);
      assert.equal(simulator.requestCount, 0);
    });
  });

  describe('waiting', () => {
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

  describe('creation', () => {
    for (const [what, fault] of [
      ['the connection is cut', { drop: 'after' }],
      ['the response is 500', { status: 500, afterWork: true }],
      ['the response has no body', { emptyBody: true }],
    ] as const) {
      it(`is not repeated when ${what}, and says that the command may exist`, async () => {
        simulator.faults.add({ match: { operation: 'createCommand' }, ...fault });
        const flow = await rig({}, { connection: { baseUrl: simulator.url, retries: 3 } });
        flow.send({ payload: device });
        await flow.ended(1);
        assert.equal(flow.caught[0]!['error'].cause.mayHaveSucceeded, true);
        assert.equal(creations().length, 1);
        assert.equal(simulator.commands(device).length, 1);
      });
    }

    for (const status of [429, 503]) {
      it(`is repeated after ${status}`, async () => {
        simulator.faults.add({ match: { operation: 'createCommand' }, status, times: 1 });
        const flow = await rig({ wait: false }, { connection: { baseUrl: simulator.url, retries: 3 } });
        flow.send({ payload: device });
        await flow.ended(1);
        assert.equal(flow.outputs[0]!.length, 1);
        assert.equal(creations().length, 2);
      });
    }

    for (const commandLimitStatus of [400, 403, 409, 422]) {
      for (const emptyBody of [false, true]) {
        it(`of a 21st command names the limit (${commandLimitStatus}, empty body: ${emptyBody})`, async () => {
          simulator.set({ commandLimit: 20, commandLimitStatus });
          const flow = await rig({ wait: false });
          for (let count = 1; count <= 20; count++) flow.send({ payload: device });
          await flow.ended(20);
          if (emptyBody) simulator.faults.add({ match: { operation: 'createCommand' }, emptyBody: true });
          flow.send({ payload: device });
          await flow.ended(21);
          const { error } = flow.caught[0]!;
          assert.equal(error.code, 'NRFCLOUD_REJECTED');
          assertSentence(error.message);
          assert.equal('mayHaveSucceeded' in error.cause, false);
        });
      }
    }

    it('that is refused because a field is too long does not name the limit of commands', async () => {
      const body = { message: 'The description exceeds the maximum of 64 characters.' };
      simulator.faults.add({ match: { operation: 'createCommand' }, status: 400, body });
      const flow = await rig({ wait: false });
      flow.send({ payload: device });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_REJECTED');
      assert.match(flow.caught[0]!['error'].message as string, /exceeds the maximum of 64 characters/);
    });

    for (const [status, code] of [
      [404, 'NRFCLOUD_NOT_FOUND'],
      [403, 'NRFCLOUD_FORBIDDEN'],
      [409, 'NRFCLOUD_CONFLICT'],
      [422, 'NRFCLOUD_REJECTED'],
    ] as const) {
      it(`for a device that is not claimed, refused with ${status}, is ${code}`, async () => {
        simulator.set({ commandUnclaimedStatus: status });
        const flow = await rig();
        flow.send({ payload: simulator.mint().deviceUuid });
        await flow.ended(1);
        assert.equal(flow.caught[0]!['error'].code, code);
      });
    }
  });
});
