import assert from 'node:assert/strict';
import type { SettingsChange, Simulator } from '../../simulator';
import { useOnboardingRig } from '../support/onboarding-rig';

describe('nrfcloud-onboarding: many devices', () => {
  let simulator: Simulator;
  const rig = useOnboardingRig((started) => (simulator = started));
  const claimed = (count: number): string[] => simulator.fill(count);
  const polls = (): number =>
    simulator.requests.filter(({ host, url }) => host === 'deviceApi' && url.includes('/devices')).length;
  const polled = (count: number): Promise<unknown> =>
    simulator.events.waitFor('response', ({ host }) => host === 'deviceApi' && polls() >= count);

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
      // The devices of the first batch may be requested one by one, as it may be sent before batches are proven to work.
      assert.ok(singles() < 100, `${singles()} requests for single devices`);
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
      assert.deepEqual(
        flow.outputs[1]!.map(({ payload }) => payload.stage as string),
        ['waiting', 'waiting'],
      );
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
});
