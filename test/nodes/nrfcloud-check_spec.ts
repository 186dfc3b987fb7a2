import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import type { LoadReport } from '../../nodes/api/load';
import checkNode from '../../nodes/nrfcloud-check';
import devicesNode from '../../nodes/nrfcloud-devices';
import type { Simulator } from '../../simulator';
import { expectError, stopNodeRig, type Message, type NodeRig, type NodeRigOptions } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const TAG = 'nrf-cloud-onboarding';
/** A node that sends requests beside the check. */
const DEVICES = {
  id: 'devices',
  z: 'tab',
  x: 1,
  y: 1,
  type: 'nrfcloud-devices',
  connection: 'connection',
  wires: [[]],
};
/** A port that nothing listens on. */
const OUTAGE = { baseUrl: 'http://127.0.0.1:9/v1', retries: 5, outageWait: 300 };

/** Asks for the load until it is as expected. */
async function loadWhen(flow: NodeRig, isExpected: (load: LoadReport) => boolean): Promise<LoadReport> {
  for (let asked = 1; ; asked++) {
    flow.send({});
    await flow.ended(asked);
    const { load } = flow.completed.at(-1) as { load?: LoadReport };
    if (load !== undefined && isExpected(load)) return load;
    await setImmediate();
  }
}

describe('nrfcloud-check', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const checkRig = defineRig({
    node: checkNode,
    type: 'nrfcloud-check',
    outputs: 2,
    connection: { api: 'current', retries: 5, timeout: 1 },
  });
  const rig = (config: Record<string, unknown> = {}, more: Partial<NodeRigOptions> = {}): Promise<NodeRig> =>
    checkRig(config, {}, more);
  const addRule = (more: object = {}): void => {
    simulator.addRule({ name: 'rule', tags: [TAG], active: true, commands: [{ request: { finished: {} } }], ...more });
  };
  const run = async (
    config: Record<string, unknown> = {},
    msg: Message = {},
    more: Partial<NodeRigOptions> = {},
  ): Promise<{ msg: Message; port: number; ok: Record<string, boolean | null> }> => {
    const flow = await rig(config, more);
    flow.send({ payload: 'kept', ...msg });
    await flow.ended(1);
    assert.deepEqual(
      flow.caught.map(({ error }) => error.message as string),
      [],
    );
    const port = flow.outputs.findIndex((sent) => sent.length > 0);
    const result = flow.outputs[port]![0]!;
    const { ready, checks } = result['check'] as { ready: boolean; checks: Message[] };
    assert.equal(result['payload'], msg['payload'] ?? 'kept');
    assert.equal(ready, port === 0);
    for (const { message } of checks) assert.ok(String(message).length > 10);
    return { msg: result, port, ok: Object.fromEntries(checks.map(({ name, ok }) => [name, ok])) };
  };

  it('is ready when everything is there, and has changed nothing', async () => {
    addRule();
    const { claimToken } = simulator.mint();
    const { ok, msg, port } = await run({ tags: TAG, token: claimToken });
    assert.equal(port, 0);
    assert.deepEqual(ok, {
      connection: true,
      key: true,
      account: true,
      role: true,
      api: true,
      [`tag:${TAG}`]: true,
      rule: true,
      dryRun: true,
    });
    assert.equal(simulator.devices().length, 0);
    assert.equal(simulator.tags().length, 1);
    assert.ok(simulator.requests.every(({ method, url }) => method === 'GET' || url.includes('dryrun=true')));
    assert.deepEqual(Object.keys(msg['load'] as object), [
      'inFlight',
      'waiting',
      'startedPerSecond',
      'rateLimit',
      'heldUntil',
      'outageSince',
      'retried',
      'rateLimited',
      'failed',
      'lastError',
    ]);
    assert.equal(msg['load'].inFlight, 0);
    assert.ok(msg['load'].startedPerSecond > 0);
  });

  it('does not know the rule without tags, and says nothing of a dry run without a token', async () => {
    const { ok, port } = await run();
    assert.equal(port, 0);
    assert.deepEqual(ok, { connection: true, key: true, account: true, role: true, api: true, rule: null });
  });

  it('writes to the property named by output', async () => {
    const flow = await rig({ output: 'result' });
    flow.send({});
    await flow.ended(1);
    assert.equal(flow.outputs[0]![0]!['result'].ready, true);
  });

  it('a tag that does not exist, and no rule for it, are not ready', async () => {
    const { ok, port } = await run({ tags: 'tags', tagsType: 'msg' }, { tags: ['a', 'b'] });
    assert.equal(port, 1);
    assert.deepEqual([ok['tag:a'], ok['tag:b'], ok['rule']], [false, false, false]);
  });

  it('a tags source that is missing is an error, as it is for a claim, except msg.tags', async () => {
    const flow = await rig({ tags: 'station', tagsType: 'msg' });
    const { error } = await expectError(flow, {});
    assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
    assertSentence(error.message);
    assert.equal(simulator.requestCount, 0);
    await stopNodeRig();
    assert.equal((await run({ tags: 'tags', tagsType: 'msg' })).port, 0);
  });

  for (const [ruleState, active, expected] of [
    ['status', false, false],
    ['active', false, false],
    ['none', true, null],
    ['both', true, true],
  ] as const) {
    it(`a rule that is ${active ? 'active' : 'a draft'}, shown by ${ruleState}, is ${expected}`, async () => {
      simulator.set({ ruleState });
      addRule({ active });
      assert.equal((await run({ tags: TAG })).ok['rule'], expected);
    });
  }

  it('rules that cannot be read are null', async () => {
    simulator.faults.add({ match: { operation: 'listRules' }, status: 500 });
    assert.equal((await run({ tags: 'x' })).ok['rule'], null);
  });

  for (const [role, expected] of [
    ['owner', true],
    ['admin', true],
    ['editor', true],
    ['viewer', false],
  ] as const) {
    it(`the role ${role} is ${expected}`, async () => {
      simulator.set({ role });
      const { ok, port } = await run();
      assert.equal(ok['role'], expected);
      assert.equal(port, expected ? 0 : 1);
    });
  }

  it('a role that is not known is null', async () => {
    simulator.set({ extras: { account: { role: 'auditor' } } });
    assert.equal((await run()).ok['role'], null);
  });

  it('a device API that is not known makes account and role null', async () => {
    const { ok, port } = await run({}, {}, { connection: { baseUrl: simulator.url } });
    assert.deepEqual([ok['account'], ok['role'], port], [null, null, 0]);
  });

  it('a key that is refused is not ready, and nothing else is asked', async () => {
    const { ok, port } = await run({}, {}, { apiKey: 'wrong' });
    assert.equal(port, 1);
    assert.deepEqual([ok['connection'], ok['key'], ok['account']], [true, false, null]);
    assert.equal(simulator.requestCount, 1);
  });

  it('an organization auth token gets a warning', async () => {
    simulator.setApiKey('oat_123');
    const { msg, ok } = await run({}, {}, { apiKey: 'oat_123' });
    assert.equal(ok['key'], true);
    assert.match(msg['check'].checks[1].message as string, /oat_/);
  });

  it('the paths of another API version are not ready', async () => {
    simulator.set({ api: 'guide' });
    const { ok, port } = await run({ tags: 'a' });
    assert.deepEqual([ok['api'], ok['tag:a'], port], [false, null, 1]);
  });

  it('a service that cannot be reached leaves by output 2', async () => {
    const { ok, port, msg } = await run({ tags: 'a' }, {}, { connection: { baseUrl: 'http://127.0.0.1:9/v1' } });
    assert.equal(port, 1);
    assert.deepEqual(ok, {
      connection: false,
      key: null,
      account: null,
      role: null,
      api: null,
      'tag:a': null,
      rule: null,
    });
    assert.equal(msg['load'].failed, 1);
  });

  it('a connection that cannot be used leaves by output 2', async () => {
    for (const more of [{ apiKey: undefined }, { connection: null }] as Partial<NodeRigOptions>[]) {
      const { ok, port, msg } = await run({}, {}, more);
      assert.equal(port, 1);
      assert.equal(ok['connection'], false);
      assert.equal(ok['key'], null);
      assert.equal(msg['load'].lastError, null);
      await stopNodeRig();
    }
    await rig();
  });

  describe('dry run', () => {
    it('of a device of another team is not ready', async () => {
      const { claimToken, deviceUuid } = simulator.mint();
      simulator.claimByOther(deviceUuid);
      const { ok, port } = await run({ token: 'payload', tokenType: 'msg' }, { payload: claimToken });
      assert.deepEqual([ok['dryRun'], port], [false, 1]);
    });

    it('with the API version guide is null', async () => {
      const { ok } = await run({ token: simulator.mint().claimToken }, {}, { connection: { baseUrl: simulator.url } });
      assert.equal(ok['dryRun'], null);
      assert.equal(simulator.devices().length, 0);
    });

    it('of text that is no claim token is NRFCLOUD_INVALID_INPUT, and nothing is sent', async () => {
      const flow = await rig({ token: 'x' });
      flow.send({});
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assert.equal(simulator.requestCount, 0);
    });
  });

  it('is not ready during an outage, and does not wait for its end', async () => {
    const flow = await rig({}, { nodes: [DEVICES], types: [devicesNode], connection: OUTAGE });
    for (let index = 0; index < 40; index++) flow.other('devices').receive({});
    await loadWhen(flow, ({ outageSince }) => outageSince !== null);
    flow.send({});
    await flow.until(() => /has been unavailable for/.test(flow.outputs[1]!.at(-1)!['check'].checks[0].message));
    assert.equal(flow.outputs[1]!.at(-1)!['check'].checks[0].ok, false);
    assert.deepEqual([flow.outputs[0], flow.caught], [[], []]);
  });

  describe('with the checks load', () => {
    it('reports at once while the service asks to wait, and sends nothing', async () => {
      const flow = await rig(
        { checks: 'load', tags: '${NOT_SET}', token: 'x' },
        { nodes: [DEVICES], types: [devicesNode] },
      );
      simulator.faults.add({ status: 429, retryAfter: 60, times: 1 });
      flow.other('devices').receive({});
      await once(simulator.events, 'response');
      const load = await loadWhen(flow, ({ waiting }) => waiting === 1);
      assert.equal(flow.outputs[1]!.length, 0);
      assert.deepEqual(flow.outputs[0]!.at(-1)!['check'].checks[0].ok, null);
      assert.ok(Date.parse(load.heldUntil!) > Date.now() + 30_000, String(load.heldUntil));
      assert.deepEqual([load.rateLimited, load.outageSince], [1, null]);
      assert.equal(simulator.requestCount, 1);
    });

    it('is not ready during an outage', async () => {
      const flow = await rig({ checks: 'load' }, { nodes: [DEVICES], types: [devicesNode], connection: OUTAGE });
      for (let index = 0; index < 40; index++) flow.other('devices').receive({});
      const load = await loadWhen(flow, ({ outageSince }) => outageSince !== null);
      assert.equal(flow.outputs[1]!.at(-1)!['check'].checks[0].ok, false);
      assert.ok(Date.parse(load.outageSince!) <= Date.now(), String(load.outageSince));
    });

    it('reports a connection that cannot be used by output 2', async () => {
      const { ok, port, msg } = await run({ checks: 'load' }, {}, { apiKey: undefined });
      assert.deepEqual([ok['connection'], port, msg['load'].waiting], [false, 1, 0]);
    });
  });

  it('the status says what was found', async () => {
    const flow = await rig({ tags: 'missing' });
    flow.send({});
    await flow.until(() => flow.statuses.at(-1)?.fill === 'red');
    assert.match(flow.statuses.at(-1)!.text!, /notReady/);
  });
});
