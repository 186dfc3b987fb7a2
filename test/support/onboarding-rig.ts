import onboardingNode from '../../nodes/nrfcloud-onboarding';
import type { Simulator } from '../../simulator';
import { useSimulator, type StartRig } from './use-simulator';

/**
 * Gives each test of a suite a simulator whose devices are onboarded on demand only.
 * @returns a function that starts an onboarding node which polls quickly
 */
export function useOnboardingRig(onStart: (simulator: Simulator) => void): StartRig {
  const defineRig = useSimulator((simulator) => {
    simulator.setDeviceBehaviour('default', { contactAfterMs: null, onboardAfterMs: 0, stateAfterMs: null });
    onStart(simulator);
  });
  return defineRig({
    node: onboardingNode,
    type: 'nrfcloud-onboarding',
    config: { interval: 0.05, maxInterval: 0.1, pollRate: 500 },
    outputs: 3,
    connection: { retries: 0, timeout: 1 },
  });
}
