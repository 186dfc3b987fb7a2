import assert from 'node:assert/strict';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import { startSimulator } from '../../simulator';
import { startNodeRig, stopNodeRig } from '../support/node-rig';

describe('nrfcloud-onboarding: many requests at once', () => {
  it('many devices that are looked up one by one cause no warning about listeners', async () => {
    const simulator = await startSimulator({ deviceIdsParameter: 'refused', latency: 100 });
    const warnings: string[] = [];
    const onWarning = ({ name }: Error): void => void warnings.push(name);
    process.on('warning', onWarning);
    try {
      const ids = simulator.fill(60);
      for (const id of ids) simulator.onboard(id);
      const flow = await startNodeRig({
        node: onboardingNode,
        type: 'nrfcloud-onboarding',
        config: { interval: 0.05, maxInterval: 0.1, pollRate: 1000 },
        outputs: 3,
        connection: { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl, concurrency: 64 },
      });
      for (const id of ids) flow.send({ payload: id });
      await flow.ended(ids.length);
      assert.equal(flow.outputs[0]!.length, ids.length);
      assert.deepEqual(warnings, []);
    } finally {
      process.off('warning', onWarning);
      await stopNodeRig();
      await simulator.close();
    }
  });
});
