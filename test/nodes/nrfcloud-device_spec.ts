import assert from 'node:assert/strict';
import deviceNode from '../../nodes/nrfcloud-device';
import type { Simulator } from '../../simulator';
import { expectError, expectResults, stopNodeRig, type Message } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const REQUESTS = {
  get: { method: 'GET', suffix: '', result: 'READY' },
  block: { method: 'POST', suffix: '/block', result: 'BLOCKED' },
  unblock: { method: 'POST', suffix: '/unblock', result: 'READY' },
  unclaim: { method: 'DELETE', suffix: '', result: undefined },
};

describe('nrfcloud-device', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const rig = defineRig({ node: deviceNode, type: 'nrfcloud-device' });

  const ask = async (config: Record<string, unknown>, msg: Message, connection = {}): Promise<Message> => {
    const results = await expectResults(await rig(config, connection), msg);
    assert.equal(results.length, 1);
    await stopNodeRig();
    return results[0]!;
  };
  const failing = async (config: Record<string, unknown>, msg: Message, connection = {}): Promise<Message> => {
    const caught = await expectError(await rig(config, connection), msg);
    await stopNodeRig();
    return caught;
  };

  for (const api of ['guide', 'current'] as const) {
    for (const [operation, { method, suffix, result }] of Object.entries(REQUESTS)) {
      for (const from of ['the dialog', 'the message']) {
        it(`asks to ${operation}, as ${from} says, with the path of ${api}`, async () => {
          simulator.set({ api, extras: { device: { novelty: [1] } } });
          const [id] = simulator.fill(1);
          const allowUnclaim = operation === 'unclaim';
          const config = { operation: from === 'the dialog' ? operation : 'msg', allowUnclaim };
          const msg = await ask(config, { payload: id, operation, topic: 'kept' }, { api });
          // Unclaiming reads the device first.
          assert.equal(simulator.requestCount, operation === 'unclaim' ? 2 : 1);
          const request = simulator.requests.at(-1);
          assert.equal(request!.method, method);
          assert.equal(request!.url, `/v1/claimed-devices/${id}${suffix}`);
          assert.equal(request!.body, '');
          assert.equal(request!.headers['authorization'], 'Bearer sim-key');
          assert.equal(request!.headers['content-type'], undefined);
          assert.match(String(request!.headers['user-agent']), /^node-red-contrib-nrfcloud-provisioning\/\d/);
          assert.equal(msg['topic'], 'kept');
          if (result === undefined) {
            assert.deepEqual(msg['payload'], { id, operation });
            assert.equal(msg['statusCode'], 204);
            assert.deepEqual(simulator.devices(), []);
          } else {
            assert.equal(msg['payload'].status, result);
            assert.deepEqual(msg['payload'].novelty, [1]);
            assert.deepEqual(msg['payload'], simulator.device(id!));
            assert.equal(msg['statusCode'], 200);
          }
        });
      }
    }
  }

  it('reads the device id from text, an object, a token or a result', async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    for (const payload of [
      ` ${deviceUuid}\n`,
      Buffer.from(deviceUuid),
      { id: deviceUuid, deviceType: 'x' },
      { deviceId: deviceUuid },
      claimToken,
      `%ATTESTTOKEN: "${claimToken}"\r\nOK`,
      { line: 1, deviceId: deviceUuid, claimToken },
    ]) {
      await failing({}, { payload });
      assert.equal(simulator.requests.at(-1)!.url, `/v1/claimed-devices/${deviceUuid}`);
    }
    const [id] = simulator.fill(1);
    const msg = await ask({ device: 'device.uuid', output: 'found' }, { device: { uuid: id }, payload: 'kept' });
    assert.equal(msg['found'].id, id);
    assert.equal(msg['payload'], 'kept');
  });

  it('returns { id, operation } for every response without a body', async () => {
    const [id] = simulator.fill(1);
    simulator.faults.add({ emptyBody: true });
    for (const operation of ['get', 'block', 'unblock', 'unclaim']) {
      const { payload } = await ask({ operation, allowUnclaim: true }, { payload: { id } });
      assert.deepEqual(payload, { id, operation });
    }
  });

  describe('unclaiming', () => {
    for (const operation of ['unclaim', 'msg']) {
      it(`is refused without the tick (${operation})`, async () => {
        const [id] = simulator.fill(1);
        for (const allowUnclaim of [undefined, false, '', 'false']) {
          const { error } = await failing({ operation, allowUnclaim }, { payload: id, operation: 'unclaim' });
          assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
          assertSentence(error.message);
          assert.equal(error.cause.operation, 'unclaim device');
        }
        assert.equal(simulator.requestCount, 0);
        assert.equal(simulator.devices().length, 1);
      });
    }

    it('shows its own status texts', async () => {
      const [id] = simulator.fill(1);
      const flow = await rig({ operation: 'unclaim', allowUnclaim: true });
      flow.send({ payload: id });
      await flow.ended(1);
      await flow.until(() => flow.statuses.length >= 2);
      assert.deepEqual(
        flow.statuses.map(({ text }) => text),
        ['nrfcloud-device.working.unclaim', 'nrfcloud-device.done.unclaim'],
      );
      await stopNodeRig();
      simulator.set({ latency: 400 });
      const asked = await rig({ operation: 'msg', allowUnclaim: true });
      const [other] = simulator.fill(1);
      asked.send({ payload: other, operation: 'unclaim' });
      await asked.until(() => asked.statuses.some(({ text }) => text === 'nrfcloud-device.working.unclaim'));
      await asked.ended(1);
      await asked.until(() => asked.statuses.at(-1)!.text === 'nrfcloud-device.done.unclaim');
    });

    it('has succeeded if the device is gone after a lost response, and only then', async () => {
      const [id] = simulator.fill(1);
      simulator.faults.add({ match: { operation: 'unclaim' }, times: 1, drop: 'after' });
      const config = { operation: 'unclaim', allowUnclaim: true };
      const msg = await ask(config, { payload: id });
      assert.equal(simulator.counters['unclaim'], 1);
      assert.deepEqual(msg['payload'], { id, operation: 'unclaim' });
      assert.equal(msg['statusCode'], 404);
      const { error } = await failing(config, { payload: id });
      assert.equal(error.code, 'NRFCLOUD_NOT_FOUND');
      assert.deepEqual(
        [error.cause.method, error.cause.path, error.cause.statusCode],
        ['DELETE', `/claimed-devices/${id}`, 404],
      );
    });
  });

  it('repeats block and unblock after a lost response', async () => {
    const [id] = simulator.fill(1);
    for (const operation of ['block', 'unblock']) {
      simulator.faults.add({ match: { operation }, times: 1, drop: 'after' });
      const msg = await ask({ operation }, { payload: id });
      assert.equal(simulator.counters[operation], 2);
      assert.deepEqual(msg['payload'], simulator.device(id!));
    }
  });

  it('escapes ids that would change the path', async () => {
    for (const [id, escaped] of [
      ['a/b', 'a%2Fb'],
      ['%2e%2e', '%252e%252e'],
      ['../tags', '..%2Ftags'],
      ['a b', 'a%20b'],
      ['a?b#c', 'a%3Fb%23c'],
      ['ærlig', '%C3%A6rlig'],
    ]) {
      for (const [operation, { method, suffix }] of Object.entries(REQUESTS)) {
        const { error } = await failing({ operation, allowUnclaim: true }, { payload: id });
        assert.equal(error.code, 'NRFCLOUD_NOT_FOUND');
        const { method: asked, url } = simulator.requests.at(-1)!;
        assert.deepEqual([asked, url], [method, `/v1/claimed-devices/${escaped!}${suffix}`]);
      }
    }
  }).timeout(20_000);

  describe('input that cannot be used', () => {
    const cases: [string, Record<string, unknown>, Record<string, unknown>][] = [
      ['an unknown operation', { operation: 'msg' }, { payload: 'a', operation: 'delete' }],
      ['a missing operation', { operation: 'msg' }, { payload: 'a' }],
      ['an unknown operation in the dialog', { operation: 'delete' }, { payload: 'a' }],
      ['no device', {}, {}],
      ['an object without an id', {}, { payload: { uuid: 'a' } }],
      ['a number', {}, { payload: 42 }],
      ['an array', {}, { payload: ['a'] }],
      ['an object as id', {}, { payload: { deviceId: {} } }],
      ['an empty id', { operation: 'block' }, { payload: ' ' }],
      ['a dot segment', { operation: 'unblock' }, { payload: '..' }],
      ['a dot segment to unclaim', { operation: 'unclaim', allowUnclaim: true }, { payload: '.' }],
      ['half a surrogate pair', {}, { payload: '\udc00' }],
      ['a cut claim token', {}, { payload: '2dn3hQFQSWHIc0CMRc6xunwNmdiBeQNQpNWA' }],
      ['a very long text', {}, { payload: 'x'.repeat(200) }],
    ];
    for (const [name, config, msg] of cases) {
      it(`is named and sends no request: ${name}`, async () => {
        const { error } = await failing(config, msg);
        assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
        assertSentence(error.message);
        assert.equal(error.cause.attempts, 0);
        assert.equal(simulator.requestCount, 0);
      });
    }
  });

  it('names the configured operation when there is no connection', async () => {
    const flow = await rig({ operation: 'block' }, null);
    flow.send({ payload: 'a' });
    await flow.ended(1);
    const { error } = flow.caught[0]!;
    assert.equal(error.code, 'NRFCLOUD_NOT_CONFIGURED');
    assert.equal(error.cause.operation, 'block device');
  });
});
