import assert from 'node:assert/strict';
import commandNode from '../../nodes/nrfcloud-command';
import type { Simulator } from '../../simulator';
import { stopNodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-command: a raw request', () => {
  let simulator: Simulator;
  let device: string;
  const defineRig = useSimulator((started) => {
    simulator = started;
    [device] = simulator.fill(1) as [string];
  });
  const rig = defineRig({
    node: commandNode,
    type: 'nrfcloud-command',
    config: { command: 'request', requestInput: 'raw', wait: false },
    outputs: 3,
    connection: { retries: 0 },
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
    it(`that ${what} is NRFCLOUD_INVALID_INPUT, and nothing is sent`, async () => {
      const flow = await rig({ requestInputType: 'flow' });
      flow.node.context().flow.set('raw', request);
      flow.send({ payload: device });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(flow.caught[0]!['error'].message);
      assert.equal(simulator.requestCount, 0);
    });
  }

  for (const secret of ['hunter2', 'a"quoted\\key', '$&'.repeat(4)]) {
    it(`whose secret ${secret} the service echoes is refused without it`, async () => {
      const request = { preSharedKey: { secTag: 1, identity: 'i', secret } };
      for (const message of [`bad secret ${secret}!`, `cannot use ${JSON.stringify(request)}`]) {
        simulator.faults.add({ match: { operation: 'createCommand' }, status: 400, body: { message }, times: 1 });
        const flow = await rig({ requestInputType: 'msg' });
        flow.send({ payload: device, raw: request });
        await flow.ended(1);
        const { error } = flow.caught[0]!;
        assert.equal(error.code, 'NRFCLOUD_REJECTED');
        assert.equal(
          error.message,
          'create command: the service refuses the request (HTTP 400); correct what it names',
        );
        assert.deepEqual(error.cause.body, { message });
        await stopNodeRig();
      }
    });
  }
});
