import assert from 'node:assert/strict';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import type { MintedToken, Simulator } from '../../simulator';
import { stopNodeRig, type Message } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-bulk-status: results that came at once', () => {
  let simulator: Simulator;
  let tokens: MintedToken[];
  const defineRig = useSimulator((started) => {
    simulator = started;
    tokens = simulator.mintMany(5);
  });
  const claimRig = defineRig({ node: bulkClaimNode, type: 'nrfcloud-bulk-claim', outputs: 3 });
  const rig = defineRig({ node: bulkStatusNode, type: 'nrfcloud-bulk-status', outputs: 3 });

  for (const failedShape of ['object', 'text', 'id', 'index'] as const) {
    it(`splits a result that came at once, matching "failed" by ${failedShape}`, async () => {
      simulator.set({ failedShape });
      for (const index of [1, 4]) simulator.claimByOther(tokens[index]!.deviceUuid);
      const chain = await claimRig({ tags: 'x' }, { api: 'current' });
      chain.send({ payload: tokens.map(({ claimToken }) => claimToken) });
      await chain.ended(1);
      const [msg] = chain.outputs[0]!;
      await stopNodeRig();
      const flow = await rig();
      flow.send(msg!);
      await flow.ended(1);
      const [failed] = flow.outputs[1]!;
      assert.deepEqual(
        (failed!['payload'].errors as Message[]).map(({ line, row, claimToken }) => [line, row, claimToken]),
        [1, 4].map((i) => [i + 1, i + 1, tokens[i]!.claimToken]),
      );
      assert.deepEqual(
        failed!['failedRows'],
        [1, 4].map((i) => ({ claimToken: tokens[i]!.claimToken, tags: ['x'] })),
      );
    });
  }

  it('passes a clean result on, and keeps entries that fit no row', async () => {
    const flow = await rig();
    flow.send({ payload: { claimedIds: ['x'], failed: [] } });
    flow.send({ payload: { claimedIds: [], failed: [{ odd: { shape: 1 } }, 99] } });
    await flow.ended(2);
    assert.deepEqual(flow.outputs[0]![0]!['payload'], { claimedIds: ['x'], failed: [] });
    assert.deepEqual(
      (flow.outputs[1]![0]!['payload'].errors as Message[]).map(({ item }) => item as unknown),
      [{ odd: { shape: 1 } }, 99],
    );
    assert.equal(simulator.requestCount, 0);
  });
});
