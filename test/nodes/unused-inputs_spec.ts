import assert from 'node:assert/strict';
import tagsNode from '../../nodes/nrfcloud-tags';
import type { Simulator } from '../../simulator';
import { startNodeRig } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

describe('inputs that an operation does not use', () => {
  let simulator: Simulator;
  useSimulator((started) => (simulator = started));

  for (const [inputType, input] of [
    ['json', '{'],
    ['env', 'NOT_SET'],
    ['str', '${NOT_SET}'],
    ['jsonata', '$error("wrong")'],
  ] as const) {
    for (const operation of ['list', undefined]) {
      it(`nrfcloud-tags: ${operation ?? 'no operation, which is list,'} ignores an input of the type ${inputType}`, async () => {
        const flow = await startNodeRig({
          node: tagsNode,
          type: 'nrfcloud-tags',
          config: { input, inputType, ...(operation === undefined ? {} : { operation }) },
          connection: { baseUrl: simulator.url, retries: 0 },
        });
        flow.send({});
        await flow.ended(1);
        assert.deepEqual(
          flow.outputs[0]!.map(({ payload }) => payload as unknown),
          [{ items: [] }],
        );
      });
    }
  }
});
