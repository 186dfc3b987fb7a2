import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { examples, type FlowNode } from './examples';
import { startBroker } from '../harness/broker';
import { startNodeRed } from '../harness/node-red';
import type { DemoOptions } from './options';
import { Resources } from '../harness/resources';
import { freePort } from '../harness/ports';
import { startSimulatorProcess } from '../harness/simulator';

/** The flow that claims devices, as exported from the editor; without credentials, which no export has. */
const FLOWS = JSON.parse(readFileSync(join(__dirname, 'flows.json'), 'utf8')) as FlowNode[];
/** What the example with the operator's page needs; it has to be installed in Node-RED, the package works without. */
export const DASHBOARD = '@flowfuse/node-red-dashboard';
/** What the flow listens to; the demo is ready when Node-RED has subscribed to it. */
const TOKEN_TOPIC = 'line/+/token';

/** Where the parts of a running demo are found. */
export interface Places {
  /** Node-RED's editor. */
  editor: string;
  /** Where the flow serves HTTP, without a trailing slash. */
  nodeRed: string;
  /** The operator's page. */
  page: string;
  /** `mqtt://<host>:<port>` of the broker. */
  broker: string;
  /** Base URL of the simulated service. */
  service: string;
  /** Address of the simulator's controls, without a trailing slash. */
  controls: string;
}

/** What Node-RED logs that a person in front of the demo should see. */
const WORTH_SEEING = / - \[(warn|error|fatal)\] /;

/** The simulator, an MQTT broker and Node-RED, wired together. */
export class Demo {
  readonly #parts = new Resources();
  #fail: (error: Error) => void = () => undefined;
  /** Rejects with a sentence when a part ends unasked; never resolves. */
  readonly lost = new Promise<never>((_resolve, reject) => (this.#fail = reject));

  /** @param print gets a line for each part that has started, and then what Node-RED complains about */
  constructor(
    private readonly ports: DemoOptions['ports'],
    private readonly print: (line: string) => void,
  ) {
    this.lost.catch(() => undefined);
  }

  /** Starts everything, and resolves when both doors are open. */
  async start(): Promise<Places> {
    const { ports, print } = this;
    let up = false;
    const [port, summaryPort] = [await freePort(ports.simulator), await freePort(ports.summary)];
    const simulator = this.#parts.start(() => startSimulatorProcess(port, summaryPort));
    simulator.lost.catch(this.#fail);
    const { url: service, apiKey, controls } = await simulator.ready;
    print(`simulator    ${service} (process ${simulator.pid}), controls at ${controls}`);

    const broker = this.#parts.start(() => startBroker(ports.mqtt));
    const { url: mqtt, port: mqttPort } = await broker.ready;
    print(`MQTT broker  ${mqtt}`);

    const nodeRedPort = await freePort(ports.nodeRed);
    const nodeRed = this.#parts.start(() =>
      startNodeRed({
        port: nodeRedPort,
        flows: [...FLOWS, ...examples(FLOWS)],
        modules: [DASHBOARD],
        // As in production, the flows hold no secret: the key is an environment variable of Node-RED.
        credentials: credentialsOf(FLOWS, '${NRFCLOUD_API_KEY}'),
        env: { NRFCLOUD_API_KEY: apiKey, NRFCLOUD_BASE_URL: service, DEMO_MQTT_PORT: String(mqttPort) },
        onLine: (line) => {
          if (up && WORTH_SEEING.test(line)) print(line);
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

  /** Ends everything, and leaves no process and no file. */
  stop(): Promise<void> {
    return this.#parts.stop();
  }
}

/** The same API key for every connection of some flows. */
function credentialsOf(flows: { id: string; type: string }[], apiKey: string): Record<string, { apiKey: string }> {
  const connections = flows.filter(({ type }) => type === 'nrfcloud-connection');
  return Object.fromEntries(connections.map(({ id }) => [id, { apiKey }]));
}
