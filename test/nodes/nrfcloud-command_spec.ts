import assert from 'node:assert/strict';
import { generate } from 'selfsigned';
import commandNode from '../../nodes/nrfcloud-command';
import type { RequestRecord, Simulator } from '../../simulator';
import type { Message } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-command', () => {
  let simulator: Simulator;
  let device: string;
  let pem: { cert: string; private: string };
  before(async () => {
    pem = await generate([{ name: 'commonName', value: 'ca' }], { algorithm: 'sha256' });
  });
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
  const creations = (): RequestRecord[] =>
    simulator.requests.filter(({ method, url }) => method === 'POST' && url.endsWith('/provisioning'));

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
          const flow = await rig({ command, wait: false, description: 'why', ...config() }, { api });
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

  describe('creation', () => {
    for (const [what, fault] of [
      ['the connection is cut', { drop: 'after' }],
      ['the response is 500', { status: 500, afterWork: true }],
      ['the response has no body', { emptyBody: true }],
    ] as const) {
      it(`is not repeated when ${what}, and says that the command may exist`, async () => {
        simulator.faults.add({ match: { operation: 'createCommand' }, ...fault });
        const flow = await rig({}, { retries: 3 });
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
        const flow = await rig({ wait: false }, { retries: 3 });
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
