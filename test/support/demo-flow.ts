import { startBroker, type Broker } from '../../harness/broker';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../simulator';
import { demoFlows, keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from './node-red-process';

/** The demo's flow in a real Node-RED, with the services that it uses. */
export interface DemoFlow {
  simulator: Simulator;
  broker: Broker;
  mqttUrl: string;
  nodeRed: NodeRedProcess;
  flows: FlowNode[];
  stop: () => Promise<void>;
}

/**
 * Starts the demo's flow, and waits until it takes tokens by MQTT.
 * @param settings Node-RED's own
 */
export async function startDemoFlow({
  simulator: simulatorOptions = {},
  settings = {},
}: {
  simulator?: SimulatorOptions;
  settings?: Record<string, unknown>;
} = {}): Promise<DemoFlow> {
  const simulator = await startSimulator(simulatorOptions);
  const broker = startBroker(0);
  const { url, port } = await broker.ready;
  const flows = demoFlows();
  const nodeRed = await startNodeRedProcess({
    flows,
    credentials: keyFor(flows, '${NRFCLOUD_API_KEY}'),
    env: {
      NRFCLOUD_API_KEY: 'sim-key',
      NRFCLOUD_BASE_URL: simulator.url,
      NRFCLOUD_DEVICE_API_URL: simulator.deviceApiUrl,
      DEMO_MQTT_PORT: String(port),
    },
    settings,
  });
  await broker.subscribed('line/+/token');
  return {
    simulator,
    broker,
    mqttUrl: url,
    nodeRed,
    flows,
    stop: async () => {
      await nodeRed.stop();
      await broker.stop();
      await simulator.close();
    },
  };
}
