import assert from 'node:assert/strict';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import type { MintedToken, Simulator } from '../../simulator';
import { useSimulator } from '../support/use-simulator';

describe('tags of bulk claim', () => {
  let simulator: Simulator;
  let tokens: MintedToken[];
  const defineRig = useSimulator((started) => {
    simulator = started;
    tokens = simulator.mintMany(6);
  });
  const claimRig = defineRig({ node: bulkClaimNode, type: 'nrfcloud-bulk-claim', outputs: 3 });

  it('bulk claim: msg.tags is used when the field is empty', async () => {
    const flow = await claimRig();
    flow.send({ payload: [tokens[0]!.claimToken], tags: ['a', 'b'] });
    await flow.ended(1);
    assert.deepEqual(flow.outputs[0]![0]!['rows'][0].tags, ['a', 'b']);
  });

  for (const [name, config, code] of [
    ['a message property', { tags: 'station', tagsType: 'msg' }, 'NRFCLOUD_INVALID_INPUT'],
    ['a context', { tags: 'station', tagsType: 'flow' }, 'NRFCLOUD_INVALID_INPUT'],
    ['an expression', { tags: 'nothing', tagsType: 'jsonata' }, 'NRFCLOUD_INVALID_INPUT'],
    ['an environment variable', { tags: 'NRFCLOUD_TEST_UNSET', tagsType: 'env' }, 'NRFCLOUD_NOT_CONFIGURED'],
    ['text of variables', { tags: 'a=${NRFCLOUD_TEST_UNSET}', tagsType: 'env' }, 'NRFCLOUD_NOT_CONFIGURED'],
  ] as const) {
    it(`bulk claim: tags of ${name} without a value are an error, and nothing is sent`, async () => {
      const flow = await claimRig(config);
      flow.send({ payload: [tokens[0]!.claimToken], tags: 'not these' });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, code);
      if (code === 'NRFCLOUD_NOT_CONFIGURED') assert.match(flow.caught[0]!['error'].message, /NRFCLOUD_TEST_UNSET/);
      assert.equal(simulator.requestCount, 0);
    });
  }

  it('bulk claim: a chosen source of tags that is empty text means no tags', async () => {
    const flow = await claimRig({ tags: 'station', tagsType: 'msg' });
    flow.send({ payload: [tokens[0]!.claimToken], station: '', tags: 'not these' });
    await flow.ended(1);
    assert.deepEqual(flow.outputs[0]![0]!['rows'][0].tags, []);
  });
});
