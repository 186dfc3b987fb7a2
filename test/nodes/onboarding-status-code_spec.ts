import assert from 'node:assert/strict';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import type { Simulator } from '../../simulator';
import { startNodeRig } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-onboarding: msg.statusCode of a device that is not onboarded', () => {
  let simulator: Simulator;
  useSimulator((started) => {
    simulator = started;
    simulator.setDeviceBehaviour('default', { contactAfterMs: null, onboardAfterMs: 0, stateAfterMs: null });
  });

  const headers = { authorization: 'Bearer sim-key' };
  for (const [what, statusCode, prepare] of [
    ['is not in device management', 404, () => undefined],
    ['is blocked', 404, (id) => fetch(`${simulator.url}/claimed-devices/${id}/block`, { method: 'POST', headers })],
    ['never connected', 200, (id) => simulator.onboard(id)],
    ['cannot be looked up', 500, () => simulator.faults.add({ match: { operation: 'getOnboarded' }, status: 500 })],
  ] as [string, number, (id: string) => unknown][]) {
    it(`is ${statusCode}, not that of an earlier node, if it ${what}`, async () => {
      const [device] = simulator.fill(1) as [string];
      await prepare(device);
      const flow = await startNodeRig({
        node: onboardingNode,
        type: 'nrfcloud-onboarding',
        outputs: 3,
        config: { interval: 0.05, maxInterval: 0.05, pollRate: 1000, timeout: 0.2, until: 'connected' },
        connection: { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl, retries: 0 },
      });
      flow.send({ payload: device, statusCode: 201 });
      await flow.ended(1);
      assert.equal(flow.outputs[1]![0]!['statusCode'], statusCode);
    });
  }
});
