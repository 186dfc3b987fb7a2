import assert from 'node:assert/strict';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import { startSimulator, type Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig } from '../support/node-rig';

describe('a watch whose flow is stopped', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator({ bulkHold: 'PENDING' });
  });
  afterEach(async () => {
    await stopNodeRig();
    await simulator.close();
  });

  // Found by npm run stress:crash: it ended in NRFCLOUD_INVALID_INPUT, as if the message had been wrong.
  for (const interval of [0.01, 1000]) {
    it(`ends in NRFCLOUD_CLOSED, ${interval === 1000 ? 'between two polls' : 'whenever that is'}`, async () => {
      const { claimToken } = simulator.mint();
      const answer = await fetch(`${simulator.url}/claimed-devices/bulk`, {
        method: 'POST',
        headers: { authorization: 'Bearer sim-key', 'content-type': 'text/csv' },
        body: `${claimToken}\n`,
      });
      const payload = await answer.json();
      const flow = await startNodeRig({
        node: bulkStatusNode,
        type: 'nrfcloud-bulk-status',
        // The next test's node would take it up.
        config: { interval, maxInterval: interval, resume: false },
        outputs: 3,
        connection: { baseUrl: simulator.url, retries: 0 },
      });
      const endings: (string | undefined)[] = [];
      const wired = flow.node as unknown as { _complete: (msg: unknown, error?: { code: string }) => void };
      const complete = wired._complete.bind(flow.node);
      wired._complete = (msg, error) => {
        endings.push(error?.code);
        complete(msg, error);
      };
      flow.send({ payload });
      await flow.until(() => flow.outputs[2]!.length > 0, 'the first poll');
      await flow.stop();
      assert.deepEqual(endings, ['NRFCLOUD_CLOSED']);
    });
  }
});
