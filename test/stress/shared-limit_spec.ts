import assert from 'node:assert/strict';
import claimNode from '../../nodes/nrfcloud-claim';
import { startSimulator, type Simulator } from '../../simulator/index';
import { startNodeRig, stopNodeRig } from '../support/node-rig';

const RATE = 50;
const EACH = 50;

/** The short form of the limit's part of `npm run stress:scaling`: two connections, as two Node-REDs would have. */
describe('two connections to a service that limits requests per second', function () {
  this.timeout(40_000);
  let simulator: Simulator;
  afterEach(async () => {
    await stopNodeRig();
    await simulator.close();
  });

  for (const rateRetryAfter of ['seconds', 'none'] as const) {
    it(`share it, and neither starves (Retry-After: ${rateRetryAfter})`, async () => {
      simulator = await startSimulator({ rate: RATE, rateRetryAfter, latency: 20 });
      const connection = { baseUrl: simulator.url, concurrency: 8, retries: 20 };
      const second = {
        id: 'second',
        type: 'nrfcloud-claim',
        z: 'tab',
        x: 1,
        y: 1,
        connection: 'other',
        wires: [['out0']],
      };
      const rig = await startNodeRig({
        node: claimNode,
        type: 'nrfcloud-claim',
        connection,
        nodes: [{ ...connection, id: 'other', type: 'nrfcloud-connection' }, second],
        credentials: { other: { apiKey: 'sim-key' } },
      });
      const nodes = [rig.node, rig.other('second')];
      const minted = nodes.map(() => simulator.mintMany(EACH));
      const ids = minted.map((ones) => new Set(ones.map(({ deviceUuid }) => deviceUuid)));
      const claimed = nodes.map(() => 0);
      let whenFirstWasDone: number[] | undefined;
      const all = simulator.events.waitFor(
        'claim',
        (id) => {
          claimed[ids[0]!.has(id) ? 0 : 1]!++;
          if (claimed.includes(EACH)) whenFirstWasDone ??= [...claimed];
          return claimed.every((count) => count === EACH);
        },
        30_000,
      );
      for (let index = 0; index < EACH; index++) {
        for (const [which, node] of nodes.entries()) node.receive({ payload: minted[which]![index]!.claimToken });
      }
      await all;
      assert.ok(
        Math.min(...whenFirstWasDone!) >= EACH / 4,
        `claims when the first was done: ${whenFirstWasDone!.join()}`,
      );
      assert.ok([...simulator.claims.values()].every((count) => count === 1));
      assert.ok(
        simulator.requests.some(({ status }) => status === 429),
        'nothing was refused',
      );
      await rig.until(() => rig.outputs[0]!.length === 2 * EACH, 'the claimed devices');
    });
  }
});
