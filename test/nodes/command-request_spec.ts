import assert from 'node:assert/strict';
import commandNode from '../../nodes/nrfcloud-command';
import { startSimulator, type Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';

describe('nrfcloud-command: a raw request that JSON cannot hold', () => {
  let simulator: Simulator;
  let device: string;
  beforeEach(async () => {
    simulator = await startSimulator();
    [device] = simulator.fill(1) as [string];
  });
  afterEach(async () => {
    await stopNodeRig();
    await simulator.close();
  });

  const circle: Record<string, unknown> = { finished: {} };
  circle['finished'] = { circle };
  const deep = (levels: number): Record<string, unknown> => {
    let value: Record<string, unknown> = {};
    for (let level = 0; level < levels; level++) value = { value };
    return value;
  };
  for (const [what, request] of [
    ['is circular', circle],
    ['holds a BigInt', { finished: { number: 1n } }],
    ['has too many levels', deep(20_000)],
    ['is nothing as JSON', { toJSON: () => undefined, finished: {} }],
    ['throws when it is written', { toJSON: () => assert.fail('written'), finished: {} }],
    ['has a command without a value', { finished: undefined }],
  ] as const) {
    it(`${what} is NRFCLOUD_INVALID_INPUT, and nothing is sent`, async () => {
      const flow = await startNodeRig({
        node: commandNode,
        type: 'nrfcloud-command',
        config: { command: 'request', requestInput: 'raw', requestInputType: 'flow', wait: false },
        outputs: 3,
        connection: { baseUrl: simulator.url, retries: 0 },
      });
      flow.node.context().flow.set('raw', request);
      flow.send({ payload: device });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(flow.caught[0]!['error'].message);
      assert.equal(simulator.requestCount, 0);
    });
  }
});
