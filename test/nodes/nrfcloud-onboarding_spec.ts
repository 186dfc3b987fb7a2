import assert from 'node:assert/strict';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import { startSimulator, type SettingsChange, type Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig, type Message, type NodeRig, type NodeRigOptions } from '../support/node-rig';
import { assertSentence } from '../support/sentences';

const TAG = 'nrf-cloud-onboarding';
const NEVER = { contactAfterMs: null, onboardAfterMs: 0, stateAfterMs: null };

describe('nrfcloud-onboarding', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator();
    simulator.setDeviceBehaviour('default', NEVER);
  });
  afterEach(async () => {
    await stopNodeRig();
    await simulator.close();
  });

  const rig = (config: Record<string, unknown> = {}, more: Partial<NodeRigOptions> = {}): Promise<NodeRig> =>
    startNodeRig({
      node: onboardingNode,
      type: 'nrfcloud-onboarding',
      config: { interval: 0.05, maxInterval: 0.1, pollRate: 500, ...config },
      outputs: 3,
      connection: { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl, retries: 0, timeout: 1 },
      ...more,
    });
  const claimed = (count: number, tags: string[] = []): string[] => simulator.fill(count, tags);
  const addRule = (more: object = {}): void => {
    simulator.addRule({
      name: 'rule',
      tags: [TAG],
      active: true,
      commands: [{ request: { cloudAccessKeyGeneration: { secTag: 16842753 } } }],
      ...more,
    });
  };
  const polls = (): number =>
    simulator.requests.filter(({ host, url }) => host === 'deviceApi' && url.includes('/devices')).length;
  const polled = (count: number): Promise<unknown> =>
    simulator.events.waitFor('response', ({ host }) => host === 'deviceApi' && polls() >= count);
  /** The stage of each device that left by output 2. */
  const stages = (flow: NodeRig): Record<string, string> =>
    Object.fromEntries(flow.outputs[1]!.map(({ payload }) => [payload.deviceId as string, payload.stage as string]));

  describe('a single device', () => {
    it('leaves by output 1 as device management returns it, with no sequence and no progress', async () => {
      const [id] = claimed(1);
      const flow = await rig();
      flow.send({ payload: { id }, topic: 'kept' });
      await polled(1);
      simulator.onboard(id!);
      await flow.ended(1);
      const [msg] = flow.outputs[0]!;
      assert.equal(flow.completed.length, 1);
      assert.deepEqual(msg!['payload'], simulator.onboarded()[0]);
      assert.equal(msg!['deviceId'], id);
      assert.equal(msg!['statusCode'], 200);
      assert.equal(msg!['topic'], 'kept');
      assert.equal(msg!['onboarding'].stage, 'onboarded');
      assert.ok(msg!['onboarding'].seconds >= 0 && msg!['onboarding'].seconds < 60);
      assert.ok(Math.abs(Date.parse(msg!['onboarding'].startedAt as string) - Date.now()) < 60_000);
      assert.equal('parts' in msg!, false);
      assert.deepEqual([flow.outputs[1]!.length, flow.outputs[2]!.length], [0, 0]);
    });

    it('is looked up at the device API, and nowhere is the key sent but there and to the service', async () => {
      const [id] = claimed(1);
      simulator.onboard(id!);
      const flow = await rig();
      flow.send({ payload: id });
      await flow.ended(1);
      const [request] = simulator.requests;
      assert.equal(request!.host, 'deviceApi');
      assert.equal(request!.method, 'GET');
      assert.equal(request!.url, `/v1/devices/${id}`);
      assert.equal(request!.headers['authorization'], 'Bearer sim-key');
      assert.equal(request!.body, '');
    });

    it('whose id in device management is another is looked up by that one', async () => {
      const [id] = claimed(1);
      const flow = await rig();
      flow.send({ payload: { deviceId: id, onboardedId: 'line-7' } });
      await polled(1);
      simulator.onboard(id!, { id: 'line-7' });
      await flow.ended(1);
      assert.equal(flow.outputs[0]![0]!['payload'].id, 'line-7');
      assert.equal(flow.outputs[0]![0]!['deviceId'], id);
    });

    it('is read from a claim token', async () => {
      const { claimToken, deviceUuid } = simulator.mint();
      simulator.onboard(deviceUuid);
      const flow = await rig();
      flow.send({ payload: claimToken });
      await flow.ended(1);
      assert.equal(flow.outputs[0]![0]!['deviceId'], deviceUuid);
    });

    for (const listState of ['always', 'never'] as const) {
      it(`is followed until it is connected, if that is wanted (state in lists: ${listState})`, async () => {
        simulator.set({ listState });
        const ids = claimed(2);
        for (const id of ids) simulator.onboard(id);
        const flow = await rig({ until: 'connected' });
        flow.send({ payload: ids });
        await flow.until(() => flow.outputs[2]!.some(({ payload }) => payload.onboarded === 2));
        assert.equal(flow.outputs[0]!.length, 0);
        for (const id of ids) simulator.onboard(id, { connected: true });
        await flow.ended(1);
        assert.equal(flow.outputs[0]!.length, 2);
        assert.deepEqual(flow.outputs[2]!.at(-1)!['payload'], {
          total: 2,
          waiting: 0,
          onboarded: 2,
          connected: 2,
          failed: 0,
          complete: true,
        });
      });
    }

    it('that is onboarded but never connected is reported as that after the timeout', async () => {
      const [id] = claimed(1);
      simulator.onboard(id!);
      const flow = await rig({ until: 'connected', timeout: 0.3 });
      flow.send({ payload: id });
      await flow.ended(1);
      assert.deepEqual(stages(flow), { [id!]: 'onboarded' });
    });
  });

  describe('an array', () => {
    it('gives one sequence over both outputs, and ends after its last message', async () => {
      const ids = claimed(6);
      for (const id of ids.slice(0, 4)) simulator.onboard(id);
      const flow = await rig({ timeout: 0.5 });
      flow.send({ payload: [...ids, ids[0]], topic: 'kept', rows: [1, 2, 3] });
      await flow.ended(1);
      const results = [...flow.outputs[0]!, ...flow.outputs[1]!];
      assert.deepEqual(results.map(({ deviceId }) => deviceId as string).sort(), [...ids].sort());
      assert.deepEqual(results.map(({ parts }) => parts.index as number).sort(), [0, 1, 2, 3, 4, 5]);
      assert.equal(new Set(results.map(({ parts }) => parts.id as string)).size, 1);
      assert.deepEqual(
        results.filter(({ parts }) => 'count' in parts).map(({ parts }) => [parts.index, parts.count] as number[]),
        [[5, 6]],
      );
      assert.ok(results.every(({ topic, rows }) => topic === 'kept' && rows === undefined));
      assert.equal(flow.completed.length, 1);
      assert.deepEqual(flow.outputs[2]!.at(-1)!['payload'], {
        total: 6,
        waiting: 0,
        onboarded: 4,
        connected: 0,
        failed: 2,
        complete: true,
      });
    });

    it('that is empty ends with the progress of nothing', async () => {
      const flow = await rig();
      flow.send({ payload: [] });
      await flow.ended(1);
      assert.equal(flow.outputs[2]![0]!['payload'].complete, true);
      assert.equal(simulator.requestCount, 0);
    });

    it('may be the rows of a bulk operation: the claimed ones, or else all', async () => {
      const [one, two, three] = claimed(3);
      for (const id of [one!, two!, three!]) simulator.onboard(id);
      const row = (deviceId: string, line = 1): object => ({ line, deviceId, claimToken: 'x', tags: [] });
      const flow = await rig();
      flow.send({ payload: { bulkOpsRequestId: 'op' }, rows: [row(one!), row(two!)], claimedRows: [row(two!)] });
      await flow.ended(1);
      flow.send({ payload: { claimedIds: [], failed: [] }, rows: [row(one!, 7), row(three!, -1)] });
      await flow.ended(2);
      assert.deepEqual(
        flow.outputs[0]!.map(({ line }) => line as unknown),
        [1, 7, undefined],
      );
      assert.deepEqual(
        flow.outputs[0]!.map(({ deviceId }) => deviceId as string),
        [two, one, three],
      );
      flow.send({ payload: { bulkOpsRequestId: 'op' } });
      await flow.ended(3);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
    });

    it('reports progress at most once a second', async () => {
      const ids = claimed(30);
      const flow = await rig();
      const times: number[] = [];
      flow.other('out2').on('input', () => times.push(performance.now()));
      flow.send({ payload: ids });
      for (const id of ids) {
        await polled(polls() + 2);
        simulator.onboard(id);
      }
      await flow.ended(1);
      // The next node gets a message a little later than it leaves, on a busy machine more than that.
      for (let i = 1; i < times.length; i++) assert.ok(times[i]! - times[i - 1]! > 900);
      assert.equal(flow.outputs[2]!.at(-1)!['payload'].complete, true);
    });
  });

  describe('batches', () => {
    const lists = (): string[][] =>
      simulator.requests
        .filter(({ host, url }) => host === 'deviceApi' && url.includes('deviceIds='))
        .map(({ url }) => new URL(url, 'http://x').searchParams.get('deviceIds')!.split(','));
    const singles = (): number =>
      simulator.requests.filter(({ host, url }) => host === 'deviceApi' && /\/devices\/./.test(url)).length;

    it('are used where the service honours them', async () => {
      const ids = claimed(250);
      simulator.onboard(ids[0]!);
      const flow = await rig({ interval: 0.2, maxInterval: 0.2 });
      flow.send({ payload: ids });
      await flow.until(() => flow.outputs[0]!.length === 1);
      for (const id of ids) simulator.onboard(id);
      await flow.until(() => flow.outputs[0]!.length === 250);
      // Some may be sent before the first batch has proved itself.
      assert.ok(singles() < 25, `${singles()} requests for single devices`);
      assert.ok(lists().every((list) => list.length <= 100));
      await flow.ended(1);
    });

    for (const change of [
      { deviceIdsParameter: 'repeated' },
      { deviceIdsParameter: 'ignored' },
      { deviceIdsParameter: 'refused' },
      { deviceIdsParameter: 'both' },
      { deviceIdsParameter: 'comma', devicePageSize: 5 },
      { deviceIdsParameter: 'ignored', devicePageSize: 5 },
    ] satisfies SettingsChange[]) {
      for (const others of [0, 20]) {
        it(`are not believed more than they prove: ${JSON.stringify(change)}, ${others} other devices`, async () => {
          simulator.set(change);
          for (const id of claimed(others)) simulator.onboard(id);
          const ids = claimed(40);
          const flow = await rig();
          flow.send({ payload: ids });
          await polled(30);
          for (const id of ids) simulator.onboard(id);
          await flow.ended(1);
          assert.equal(flow.outputs[0]!.length, 40);
          assert.equal(flow.outputs[1]!.length, 0);
        });
      }
    }

    it('that are always empty never look like devices that are not onboarded', async () => {
      const ids = claimed(20);
      for (const id of ids) simulator.onboard(id);
      simulator.faults.add({ match: { operation: 'listOnboarded' }, status: 200, body: { items: [], total: 0 } });
      const flow = await rig({ timeout: 30 });
      flow.send({ payload: ids });
      await flow.ended(1);
      assert.equal(flow.outputs[0]!.length, 20);
    });

    it('that miss a device are checked once more by a single request before it is reported', async () => {
      const ids = claimed(3);
      simulator.onboard(ids[0]!);
      const flow = await rig({ timeout: 0.4 });
      const last = simulator.events.waitFor('response', ({ url }) => url.endsWith(`/devices/${ids[2]}`));
      flow.send({ payload: ids });
      await last;
      await flow.ended(1);
      assert.deepEqual(Object.values(stages(flow)), ['waiting', 'waiting']);
    });
  });

  it('polls the same device once for several messages, and answers all', async () => {
    const [id] = claimed(1);
    const flow = await rig({ interval: 0.3, maxInterval: 0.3 });
    for (const topic of ['a', 'b', 'c']) flow.send({ payload: id, topic });
    await polled(1);
    simulator.onboard(id!);
    await flow.ended(3);
    assert.deepEqual(
      flow.outputs[0]!.map(({ topic }) => topic as string),
      ['a', 'b', 'c'],
    );
    assert.ok(polls() <= 6, String(polls()));
  });

  it('sends at most pollRate requests a second', async () => {
    const ids = claimed(40);
    const flow = await rig({ pollRate: 20, interval: 0.01, maxInterval: 0.01 });
    flow.send({ payload: ids });
    await simulator.events.waitFor('response', () => simulator.requestCount >= 50);
    const times = simulator.requests.map(({ at }) => new Date(at).getTime());
    const ms = times.at(-1)! - times[0]!;
    assert.ok(times.length <= 1 + (20 * (ms + 50)) / 1000, `${times.length} within ${ms} ms`);
    for (const [index, time] of times.entries()) {
      const inSecond = times.slice(index).filter((other) => other - time < 990).length;
      // On a busy computer some that were sent on time arrive together.
      assert.ok(inSecond <= 30, `${inSecond} within a second`);
    }
    assert.ok(
      flow.statuses.some(({ text }) => text?.includes('↻')),
      JSON.stringify(flow.statuses),
    );
  });

  describe('reasons', () => {
    const reasonAfter = async (config: Record<string, unknown> = {}): Promise<Message> => {
      const [id] = claimed(1, [TAG]);
      const flow = await rig({ timeout: 0.3, ...config });
      flow.send({ payload: id });
      await flow.ended(1);
      assert.equal(flow.outputs[1]!.length, 1);
      assert.equal(flow.outputs[1]![0]!['payload'].deviceId, id);
      return flow.outputs[1]![0]!['payload'] as Message;
    };

    it('waiting: an active rule is there, and how to make the device contact the service', async () => {
      addRule();
      const { stage, reason } = await reasonAfter();
      assert.equal(stage, 'waiting');
      assertSentence(reason);
    });
    it('waiting: no rule is for the device', async () => {
      assertSentence((await reasonAfter())['reason']);
    });
    it('waiting: the rule is a draft', async () => {
      addRule({ active: false });
      assertSentence((await reasonAfter())['reason']);
    });
    it('waiting: it cannot be told whether the rule is active', async () => {
      simulator.set({ ruleFields: 'tags' });
      addRule();
      assertSentence((await reasonAfter())['reason']);
    });
    it('waiting: the rules cannot be read', async () => {
      simulator.faults.add({ match: { operation: 'listRules' }, status: 500 });
      assertSentence((await reasonAfter())['reason']);
    });
    it('waiting: the tags of the device are not shown', async () => {
      simulator.set({ omitDeviceFields: ['tags'] });
      assertSentence((await reasonAfter())['reason']);
    });
    it('waiting: the device cannot be read', async () => {
      simulator.faults.add({ match: { operation: 'getDevice' }, status: 500 });
      const { stage, reason } = await reasonAfter();
      assert.equal(stage, 'waiting');
      assertSentence(reason);
    });
    it('waiting: the team has no such device', async () => {
      const flow = await rig({ timeout: 0.3 });
      flow.send({ payload: simulator.mint().deviceUuid });
      await flow.ended(1);
      assertSentence(flow.outputs[1]![0]!['payload'].reason);
    });
    it('waiting: device management cannot be asked', async () => {
      simulator.faults.add({ match: { operation: 'getOnboarded' }, status: 500 });
      const { stage, reason } = await reasonAfter();
      assert.equal(stage, 'waiting');
      assertSentence(reason);
    });
    it('blocked: at the timeout', async () => {
      const [id] = claimed(1);
      await fetch(`${simulator.url}/claimed-devices/${id}/block`, {
        method: 'POST',
        headers: { authorization: 'Bearer sim-key' },
      });
      const flow = await rig({ timeout: 0.3 });
      flow.send({ payload: id });
      await flow.ended(1);
      assert.deepEqual(stages(flow), { [id!]: 'blocked' });
    });

    for (const commandList of ['items', 'commands', 'array', '404', '405'] as const) {
      for (const removedCommands of ['gone', 'end'] as const) {
        it(`failed: if the command list shows it (${commandList}, removed: ${removedCommands})`, async () => {
          simulator.set({ commandList, removedCommands });
          addRule({
            commands: [
              { request: { clientPrivateKeyGeneration: { secTag: 1 } } },
              { request: { cloudAccessKeyGeneration: { secTag: 1 } } },
            ],
          });
          simulator.setDeviceBehaviour('default', { failAt: { index: 0, cme: 528, text: 'no memory' } });
          const [id] = claimed(1, [TAG]);
          const readable = commandList === 'items' || commandList === 'array';
          const flow = await rig(readable ? {} : { timeout: 0.4 });
          flow.send({ payload: id });
          simulator.contact(id!);
          await flow.ended(1);
          const { stage, reason } = flow.outputs[1]![0]!['payload'] as Message;
          assert.equal(stage, readable ? 'failed' : 'waiting');
          if (readable) assertSentence(reason);
        });
      }
    }

    it('failed: not as long as another command is pending', async () => {
      simulator.set({ commandCheck: 'none' });
      const [id] = claimed(1);
      const create = async (): Promise<string> => {
        const response = await fetch(`${simulator.url}/claimed-devices/${id}/provisioning`, {
          method: 'POST',
          headers: { authorization: 'Bearer sim-key', 'content-type': 'application/json' },
          body: JSON.stringify({ request: { finished: {} } }),
        });
        return ((await response.json()) as { id: string }).id;
      };
      simulator.endCommand(id!, await create(), { status: 'FAILED' });
      await create();
      const flow = await rig({ timeout: 0.3 });
      flow.send({ payload: id });
      await flow.ended(1);
      assert.deepEqual(stages(flow), { [id!]: 'waiting' });
    });
  });

  describe('errors', () => {
    it('a device API that is not known is NRFCLOUD_NOT_CONFIGURED', async () => {
      const flow = await rig({}, { connection: { baseUrl: simulator.url } });
      flow.send({ payload: claimed(1)[0] });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_NOT_CONFIGURED');
      assert.equal(simulator.requestCount, 0);
    });

    for (const payload of [undefined, 7, '', '.', [{}], ['ok', 5], { onboardedId: 'x' }]) {
      it(`${payload === undefined ? 'nothing' : JSON.stringify(payload)} is NRFCLOUD_INVALID_INPUT, and nothing is sent`, async () => {
        const flow = await rig();
        flow.send({ payload });
        await flow.ended(1);
        assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
        assert.deepEqual(flow.caught[0]!['payload'], payload);
        assert.equal(simulator.requestCount, 0);
      });
    }

    it('failing polls are waited out, yellow', async () => {
      const ids = claimed(5);
      for (const id of ids) simulator.onboard(id);
      const fault = simulator.faults.add({ match: { host: 'deviceApi' }, status: 500 });
      const flow = await rig();
      flow.send({ payload: ids });
      await flow.until(() => flow.statuses.some(({ fill }) => fill === 'yellow'));
      fault.remove();
      await flow.ended(1);
      assert.equal(flow.outputs[0]!.length, 5);
      assert.equal(flow.statuses.at(-1)!.fill, 'green');
    });
  });

  describe('cancel', () => {
    it('ends the listed devices only, and sends nothing for them', async () => {
      const ids = claimed(4);
      const flow = await rig();
      flow.send({ payload: ids });
      await polled(3);
      flow.send({ payload: ids.slice(0, 3), cancel: true });
      await flow.ended(1);
      simulator.onboard(ids[3]!);
      await flow.ended(2);
      assert.equal(flow.outputs[0]!.length, 1);
      assert.equal(flow.outputs[0]![0]!['parts'].count, 1);
      assert.equal(flow.outputs[1]!.length, 0);
    });

    it('ends a message that is still being recorded', async () => {
      const ids = claimed(3);
      const flow = await rig();
      flow.send({ payload: ids });
      flow.send({ payload: ids, cancel: true });
      await flow.ended(2);
      assert.equal(flow.completed.length, 2);
      assert.equal(flow.outputs.flat().length, 0);
    });

    it('of all devices of a message ends it', async () => {
      const ids = claimed(2);
      const flow = await rig();
      flow.send({ payload: ids });
      flow.send({ payload: ids[0] });
      await polled(3);
      flow.send({ payload: ids, cancel: true });
      await flow.ended(3);
      assert.equal(flow.completed.length, 3);
      assert.equal(flow.outputs[0]!.length + flow.outputs[1]!.length, 0);
      const before = polls();
      flow.send({ payload: 'x', cancel: true });
      await flow.ended(4);
      assert.ok(polls() <= before + 1);
    });
  });

  it('the status is yellow if some devices are not onboarded, and red if none is', async () => {
    const ids = claimed(2);
    simulator.onboard(ids[0]!);
    const flow = await rig({ timeout: 0.2 });
    flow.send({ payload: ids });
    await flow.ended(1);
    await flow.until(() => flow.statuses.at(-1)!.fill === 'yellow');
    flow.send({ payload: ids[1] });
    await flow.ended(2);
    await flow.until(() => flow.statuses.at(-1)!.fill === 'red');
  });

  it('a stop ends the message in NRFCLOUD_CLOSED', async () => {
    const flow = await rig({ resume: false });
    flow.send({ payload: claimed(3) });
    await polled(2);
    await flow.stop();
    assert.equal(flow.outputs.flat().length, 0);
  });
});
