import assert from 'node:assert/strict';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import type { Simulator } from '../../simulator';
import type { Message, NodeRig } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

/** An upload that is slow and too large: others have found out the service's limit when its refusal comes. */
const SLOW_MS = 500;

describe('the size of uploads', () => {
  let simulator: Simulator;
  const defineRig = useSimulator((started) => (simulator = started));
  const claimRig = defineRig({ node: bulkClaimNode, type: 'nrfcloud-bulk-claim', outputs: 3 });
  const claim = async (flow: NodeRig, count: number): Promise<void> => {
    flow.send({ payload: simulator.mintMany(count).map(({ claimToken }) => claimToken) });
    await flow.ended(1);
  };
  const sizes = (flow: NodeRig): number[] => flow.outputs[0]!.map((msg) => (msg['rows'] as unknown[]).length);

  it('bulk claim: an upload that is too large is halved, and the smaller size is kept for the rest', async () => {
    simulator.faults.add({ match: { method: 'POST' }, times: 1, status: 413 });
    const flow = await claimRig({ rowsPerUpload: 4, uploadsAtOnce: 1 });
    await claim(flow, 6);
    assert.equal(flow.completed.length, 1);
    assert.deepEqual(sizes(flow), [2, 2, 2]);
    const parts = flow.outputs[0]!.map((msg) => msg['parts'] as Message);
    assert.deepEqual(
      parts.map(({ index, count }) => [index, count]),
      [
        [0, undefined],
        [1, undefined],
        [2, 3],
      ],
    );
  });

  it('bulk claim: all parts of an upload are halved as often as the first of them', async () => {
    simulator.set({ rowCap: 1 });
    const flow = await claimRig({ rowsPerUpload: 16, uploadsAtOnce: 1 });
    await claim(flow, 16);
    assert.deepEqual([flow.completed.length, flow.outputs[1]!.length], [1, 0]);
    assert.deepEqual(sizes(flow), Array<number>(16).fill(1));
  });

  it('bulk claim: an upload that was sent before the size was reduced is halved, too', async () => {
    simulator.set({ rowCap: 1 });
    simulator.faults.add({ match: { method: 'POST', nth: 2 }, slow: { where: 'headers', ms: SLOW_MS } });
    const flow = await claimRig({ rowsPerUpload: 16, uploadsAtOnce: 2 });
    await claim(flow, 32);
    assert.deepEqual([flow.completed.length, flow.outputs[1]!.length], [1, 0]);
    assert.deepEqual(sizes(flow), Array<number>(32).fill(1));
  });

  it('bulk claim: an upload is not halved more than four times', async () => {
    simulator.faults.add({ match: { method: 'POST' }, status: 413 });
    const flow = await claimRig({ rowsPerUpload: 32, uploadsAtOnce: 1 });
    await claim(flow, 32);
    assert.deepEqual(sizes(flow), []);
    assert.deepEqual(
      flow.outputs[1]!.map((msg) => (msg['payload'] as unknown[]).length),
      Array<number>(16).fill(2),
    );
  });
});
