import assert from 'node:assert/strict';
import type { Simulator } from '../../simulator';
import type { Message, NodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useOnboardingRig } from '../support/onboarding-rig';

const TAG = 'nrf-cloud-onboarding';

describe('nrfcloud-onboarding: reasons', () => {
  let simulator: Simulator;
  const rig = useOnboardingRig((started) => (simulator = started));
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
  /** The stage of each device that left by output 2. */
  const stages = (flow: NodeRig): Record<string, string> =>
    Object.fromEntries(flow.outputs[1]!.map(({ payload }) => [payload.deviceId as string, payload.stage as string]));

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
  it('waiting: it is not known whether the rule is active', async () => {
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
