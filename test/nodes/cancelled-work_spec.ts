import assert from 'node:assert/strict';
import commandNode from '../../nodes/nrfcloud-command';
import onboardingNode from '../../nodes/nrfcloud-onboarding';
import { startSimulator, type Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig } from '../support/node-rig';

describe('cancelled work', () => {
  let simulator: Simulator;
  let device: string;
  beforeEach(async () => {
    simulator = await startSimulator();
    simulator.setDeviceBehaviour('default', { contactAfterMs: null });
    [device] = simulator.fill(1) as [string];
  });
  afterEach(async () => {
    await stopNodeRig();
    await simulator.close();
  });

  for (const [type, node] of [
    ['nrfcloud-command', commandNode],
    ['nrfcloud-onboarding', onboardingNode],
  ] as const) {
    it(`${type}: its status does not say that it succeeded`, async () => {
      const flow = await startNodeRig({
        node,
        type,
        config: { interval: 0.05, maxInterval: 0.05 },
        outputs: 3,
        connection: { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl, retries: 0 },
      });
      const operation = type === 'nrfcloud-command' ? 'getCommand' : 'getOnboarded';
      const polled = simulator.events.waitFor('response', (request) => request.operation === operation);
      flow.send({ payload: device });
      await polled;
      const id = type === 'nrfcloud-command' ? simulator.commands(device)[0]!['id'] : device;
      flow.send({ payload: id, cancel: true });
      await flow.ended(2);
      await flow.until(() => flow.statuses.at(-1)!.fill === 'green');
      const texts = flow.statuses.filter(({ fill }) => fill === 'green').map(({ text }) => text);
      assert.deepEqual(
        texts.filter((text) => text?.endsWith('.status.cancelled') !== true),
        [],
      );
    });
  }
});
