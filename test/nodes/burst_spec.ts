import assert from 'node:assert/strict';
import claimNode from '../../nodes/nrfcloud-claim';
import type { Simulator } from '../../simulator';
import type { NodeRig } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

/** More than a node works on ahead of its requests. */
const BURST = 280;

describe('a burst of messages', function () {
  this.timeout(30_000);

  let simulator: Simulator;
  let tokens: string[];
  const defineRig = useSimulator(
    (started) => {
      simulator = started;
      tokens = simulator.mintMany(BURST, { signed: false }).map(({ claimToken }) => claimToken);
    },
    { verify: false },
  );
  const claimRig = defineRig({ node: claimNode, type: 'nrfcloud-claim' });
  const rig = (connection: Record<string, unknown>, config: Record<string, unknown> = {}): Promise<NodeRig> =>
    claimRig(config, connection);

  it('is claimed in order of arrival', async () => {
    const flow = await rig({ concurrency: 1 });
    for (const [index, payload] of tokens.entries()) flow.send({ payload, index });
    await flow.ended(BURST);
    assert.deepEqual(
      flow.outputs[0]!.map((msg) => msg['index'] as number),
      tokens.map((_, index) => index),
    );
  });

  it('counts exactly in the status and against the queue limit', async () => {
    // Long enough for the status to be sent before much is done.
    simulator.set({ latency: 1000 });
    const flow = await rig({ concurrency: 8, queueLimit: 262 });
    for (const payload of tokens) flow.send({ payload });
    await flow.until(() => flow.statuses.some(({ text }) => Number(/^(\d+) …$/.exec(text ?? '')?.[1]) > 256));
    simulator.set({ latency: 0 });
    await flow.ended(BURST);
    assert.equal(flow.completed.length, 270);
    assert.deepEqual(new Set(flow.caught.map((msg) => msg['error'].code)), new Set(['NRFCLOUD_QUEUE_FULL']));
  });

  it('continues after messages that end without a request', async () => {
    const flow = await rig({ concurrency: 1 });
    for (const [index, payload] of tokens.entries()) flow.send({ payload: index % 2 === 0 ? 'no token' : payload });
    await flow.ended(BURST);
    assert.equal(flow.completed.length, BURST / 2);
    assert.deepEqual(new Set(flow.caught.map((msg) => msg['error'].code)), new Set(['NRFCLOUD_INVALID_INPUT']));
  });

  it('uses the flow context as it was when each message came in', async () => {
    simulator.set({ latency: 5 });
    const flow = await rig({ concurrency: 16 }, { tags: 'tag', tagsType: 'flow' });
    const context = flow.node.context().flow;
    context.set('tag', 'early');
    for (const payload of tokens) flow.send({ payload });
    await flow.until(() => flow.completed.length > 0);
    context.set('tag', 'late');
    await flow.ended(BURST);
    assert.deepEqual(new Set(flow.outputs[0]!.flatMap((msg) => msg['payload'].tags as string[])), new Set(['early']));
  });
});
