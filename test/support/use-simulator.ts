import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator';
import { startNodeRig, stopNodeRig, type NodeRig, type NodeRigOptions } from './node-rig';

type Properties = Record<string, unknown>;

/** Starts a rig; its properties replace those that all rigs of the suite have. */
export type StartRig = (
  config?: Properties,
  connection?: Properties | null,
  more?: Partial<NodeRigOptions>,
) => Promise<NodeRig>;

/**
 * Gives each test of a suite its own simulator, and stops the test's rig and simulator afterwards.
 * @returns a function that takes what all rigs of a node type have in common; their connection is the simulator's
 */
export function useSimulator(
  onStart: (simulator: Simulator) => void,
  options: SimulatorOptions = {},
): (common: NodeRigOptions) => StartRig {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator(options);
    onStart(simulator);
  });
  afterEach(async () => {
    await stopNodeRig();
    await simulator.close();
  });
  return (common) =>
    (config, connection = {}, more = {}) => {
      const { url: baseUrl, deviceApiUrl } = simulator;
      return startNodeRig({
        ...common,
        config: { ...common.config, ...config },
        connection: connection && { baseUrl, deviceApiUrl, ...common.connection, ...connection },
        ...more,
      });
    };
}
