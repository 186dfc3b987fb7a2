import { startBroker } from '../harness/broker';
import { Controls } from '../harness/controls';
import { startNodeRed } from '../harness/node-red';
import type { DemoOptions } from './options';
import { readTabs, type FlowNode } from './tabs';
import { Resources } from '../harness/resources';
import { freePort } from '../harness/ports';
import { startSimulatorProcess } from '../harness/simulator';

/** The operator page needs it in Node-RED; the package works without it. */
export const DASHBOARD = '@flowfuse/node-red-dashboard';
/** The flow subscribes to it; the demo is ready when Node-RED has done so. */
const TOKEN_TOPIC = 'line/+/token';
/** Simulated devices contact the service soon after their claim, so that nobody waits for their onboarding. */
const DEVICE_BEHAVIOUR = { contactAfterMs: 2000, onboardAfterMs: 1000, stateAfterMs: 1000 };
/** Seconds until the batch tab reports a device as not onboarded; long enough to make it contact the service by hand. */
export const ONBOARDING_TIMEOUT_S = 120;

/** The URLs of a running demo. */
export interface Endpoints {
  /** Node-RED's editor. */
  editor: string;
  /** The flow's HTTP endpoints, without a trailing slash. */
  nodeRed: string;
  /** The operator page. */
  page: string;
  /** `mqtt://<host>:<port>` of the broker. */
  broker: string;
  /** Base URL of the simulated service. */
  service: string;
  /** The simulator's controls, without a trailing slash. */
  controls: string;
}

/** Lines of Node-RED's log that the demo prints. */
const WARNING = / - \[(warn|error|fatal)\] /;

/** The simulator, an MQTT broker and Node-RED, wired together. */
export class Demo {
  readonly #resources = new Resources();
  #fail: (error: Error) => void = () => undefined;
  /** Rejects with a sentence when a process ends unexpectedly; never resolves. */
  readonly lost = new Promise<never>((_resolve, reject) => (this.#fail = reject));

  /**
   * @param print called with a line for each process that has started, then with Node-RED's warnings
   * @param onboardingTimeout seconds until the batch tab reports a device as not onboarded
   */
  constructor(
    private readonly ports: DemoOptions['ports'],
    private readonly print: (line: string) => void,
    private readonly onboardingTimeout = ONBOARDING_TIMEOUT_S,
  ) {
    this.lost.catch(() => undefined);
  }

  /** Starts everything; resolves when the flow accepts claim tokens by MQTT and HTTP. */
  async start(): Promise<Endpoints> {
    const { ports, print } = this;
    let up = false;
    const [port, summaryPort] = [await freePort(ports.simulator), await freePort(ports.summary)];
    const simulator = this.#resources.start(() => startSimulatorProcess(port, summaryPort));
    simulator.lost.catch(this.#fail);
    const { url: service, deviceApiUrl, apiKey, controls } = await simulator.ready;
    await new Controls(controls).setBehaviour('default', DEVICE_BEHAVIOUR);
    print(`simulator    ${service} (process ${simulator.pid}), controls at ${controls}`);

    const broker = this.#resources.start(() => startBroker(ports.mqtt));
    const { url: mqtt, port: mqttPort } = await broker.ready;
    print(`MQTT broker  ${mqtt}`);

    const flows = readTabs();
    const nodeRedPort = await freePort(ports.nodeRed);
    const nodeRed = this.#resources.start(() =>
      startNodeRed({
        port: nodeRedPort,
        flows,
        modules: [DASHBOARD],
        // As in production, the flows hold no secret: the key is an environment variable of Node-RED.
        credentials: credentialsOf(flows, '${NRFCLOUD_API_KEY}'),
        env: {
          NRFCLOUD_API_KEY: apiKey,
          NRFCLOUD_BASE_URL: service,
          NRFCLOUD_DEVICE_API_URL: deviceApiUrl,
          DEMO_MQTT_PORT: String(mqttPort),
          DEMO_ONBOARDING_TIMEOUT: String(this.onboardingTimeout),
        },
        onLine: (line) => {
          if (up && WARNING.test(line)) print(line);
        },
      }),
    );
    nodeRed.lost.catch(this.#fail);
    await nodeRed.ready;
    await broker.subscribed(TOKEN_TOPIC);
    print(`Node-RED     ${nodeRed.adminUrl} (process ${nodeRed.pid})`);
    up = true;
    const page = `${nodeRed.url}/dashboard/operator`;
    return { editor: nodeRed.adminUrl, nodeRed: nodeRed.url, page, broker: mqtt, service, controls };
  }

  /** Stops everything, and leaves no process and no file. */
  stop(): Promise<void> {
    return this.#resources.stop();
  }
}

/** The same API key for every connection of some flows. */
function credentialsOf(flows: FlowNode[], apiKey: string): Record<string, { apiKey: string }> {
  const connections = flows.filter(({ type }) => type === 'nrfcloud-connection');
  return Object.fromEntries(connections.map(({ id }) => [id, { apiKey }]));
}
