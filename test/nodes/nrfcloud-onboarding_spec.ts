import assert from 'node:assert/strict';
import type { Simulator } from '../../simulator';
import type { NodeRig } from '../support/node-rig';
import { useOnboardingRig } from '../support/onboarding-rig';

describe('nrfcloud-onboarding', () => {
  let simulator: Simulator;
  const rig = useOnboardingRig((started) => (simulator = started));
  const claimed = (count: number): string[] => simulator.fill(count);
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

    it('that ends last, after an array, is followed by the progress that says so', async () => {
      const [single, ...ids] = claimed(3);
      const flow = await rig();
      flow.send({ payload: single, topic: 'single' });
      flow.send({ payload: ids, topic: 'array' });
      for (const id of ids) simulator.onboard(id);
      await flow.ended(1);
      assert.ok(flow.outputs[2]!.every(({ payload }) => payload.complete === undefined));
      simulator.onboard(single!);
      await flow.ended(2);
      const { payload, topic, ...properties } = flow.outputs[2]!.at(-1)!;
      assert.deepEqual(
        [payload, topic],
        [{ total: 3, waiting: 0, onboarded: 3, connected: 0, failed: 0, complete: true }, 'single'],
      );
      assert.equal('deviceId' in properties, false);
      assert.equal(flow.outputs[2]!.filter(({ payload: { complete } }) => complete === true).length, 1);
    });

    it('that is onboarded but never connected is reported as that after the timeout', async () => {
      const [id] = claimed(1);
      simulator.onboard(id!);
      const flow = await rig({ until: 'connected', timeout: 0.3 });
      // As an earlier node has reported it.
      flow.send({ payload: id, onboarding: { stage: 'onboarded', startedAt: '2026-11-29T00:00:00Z', seconds: 1 } });
      await flow.ended(1);
      assert.deepEqual(stages(flow), { [id!]: 'onboarded' });
      assert.equal('onboarding' in flow.outputs[1]![0]!, false);
    });
  });

  describe('errors', () => {
    it('a device API that is not known is NRFCLOUD_NOT_CONFIGURED', async () => {
      const flow = await rig({}, { deviceApiUrl: '' });
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
