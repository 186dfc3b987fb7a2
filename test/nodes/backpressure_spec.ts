import assert from 'node:assert/strict';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import claimNode from '../../nodes/nrfcloud-claim';
import type { Simulator } from '../../simulator';
import { startNodeRig } from '../support/node-rig';
import { startBulkOperation } from '../support/start-bulk-operation';
import { useSimulator } from '../support/use-simulator';

describe("Node-RED's nodeMessageBufferMaxLength", () => {
  let simulator: Simulator;
  useSimulator((started) => (simulator = started), { latency: 50 });

  const flood = async (most: number, queueLimit: number): Promise<[completed: number, refusals: string[]]> => {
    const flow = await startNodeRig({
      node: claimNode,
      type: 'nrfcloud-claim',
      settings: { nodeMessageBufferMaxLength: most },
      connection: { baseUrl: simulator.url, concurrency: 2, queueLimit },
    });
    for (const { claimToken } of simulator.mintMany(20)) flow.send({ payload: claimToken });
    await flow.ended(20);
    for (const { error } of flow.caught) {
      assert.equal(error.code, 'NRFCLOUD_QUEUE_FULL');
      assert.equal(error.cause.attempts, 0);
      assert.equal(error.cause.path, '/identities/claimed-devices');
    }
    return [flow.completed.length, flow.caught.map(({ error }) => error.message as string)];
  };

  it('bounds what a node holds, and the rest is refused with NRFCLOUD_QUEUE_FULL', async () => {
    const [completed, refusals] = await flood(7, 100_000);
    assert.equal(completed, 7);
    assert.match(refusals[0]!, /holds 7 messages already; .*nodeMessageBufferMaxLength/);
    assert.equal(simulator.requestCount, 7);
  });

  it('lets the queue limit count where that is smaller', async () => {
    const [completed, refusals] = await flood(15, 3);
    assert.equal(completed, 5);
    // Those beyond fifteen came at once, before the first had been looked at.
    assert.equal(refusals.filter((words) => /holds 15 messages/.test(words)).length, 5);
    assert.equal(refusals.filter((words) => /3 requests are waiting already; .*queue limit/.test(words)).length, 10);
  });

  it('is no limit when it is 0, as in core nodes', async () => {
    assert.equal((await flood(0, 100_000))[0], 20);
  });

  it('bounds the watches of bulk status, too, but always lets one be cancelled', async () => {
    simulator.set({ latency: 0, bulkHold: 'PENDING' });
    const flow = await startNodeRig({
      settings: { nodeMessageBufferMaxLength: 2 },
      node: bulkStatusNode,
      type: 'nrfcloud-bulk-status',
      outputs: 3,
      config: { interval: 0.05, maxInterval: 0.05 },
      connection: { baseUrl: simulator.url },
    });
    const ids: string[] = [];
    for (const { claimToken } of simulator.mintMany(4)) {
      ids.push(await startBulkOperation(simulator, [claimToken]));
    }
    for (const payload of ids.slice(0, 3)) flow.send({ payload });
    await flow.ended(1);
    assert.equal(flow.caught[0]!['payload'], ids[2]);
    assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_QUEUE_FULL');
    flow.send({ payload: ids[0], cancel: true });
    await flow.ended(3);
    assert.equal(flow.completed.length, 2);
    flow.send({ payload: ids[3] });
    simulator.set({ bulkHold: 'none' });
    await flow.ended(5);
    assert.equal(flow.caught.length, 1);
    assert.deepEqual(
      flow.outputs[0]!.map((msg) => msg['payload'].bulkOpsRequestId as string).sort(),
      [ids[1], ids[3]].sort(),
    );
  });
});
