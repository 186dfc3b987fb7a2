import type { SettingsChange } from '../../simulator/index';
import { startSimulator, type Simulator } from '../../simulator/index';
import { keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../../test/support/node-red-process';
import { claimsOf, scalingFlow, SHARED } from './flow';
import { startMosquitto, type Broker } from './programs';
import { Sender } from './sender';
import type { Store } from './store';

/** Requests of an instance at once. */
export const CONCURRENCY = 8;

/** One Node-RED of several. */
export interface Instance {
  readonly name: string;
  readonly nodeRed: NodeRedProcess;
}

/** A broker, a service and some Node-REDs, each a process of its own, that share both. */
export class Fleet {
  readonly instances: Instance[] = [];
  readonly #senders: Sender[] = [];

  private constructor(
    readonly simulator: Simulator,
    readonly broker: Broker,
  ) {}

  /** Starts the broker and the service; the Node-REDs come with {@link grow}. */
  static async start(service: SettingsChange): Promise<Fleet> {
    const options = { api: 'guide', verify: false, record: false, ...service } as const;
    return new Fleet(await startSimulator(options), await startMosquitto());
  }

  /** Starts Node-REDs until `count` of them run. */
  async grow(count: number): Promise<void> {
    while (this.instances.length < count) await this.launch(`line-${this.instances.length + 1}`);
  }

  /**
   * Starts one Node-RED.
   * @param store where it keeps what is pending: the context store `redis`; without one there is none
   */
  async launch(name: string, store?: Store): Promise<Instance> {
    const flows = scalingFlow({
      mqttPort: this.broker.port,
      baseUrl: this.simulator.url,
      concurrency: CONCURRENCY,
    });
    const nodeRed = await startNodeRedProcess({
      flows,
      credentials: keyFor(flows, 'sim-key'),
      env: { INSTANCE: name, OWN_CLAIMS: claimsOf(name) },
      ...(store === undefined ? {} : { settingsCode: store.settingsCode }),
    });
    this.instances.push({ name, nodeRed });
    await this.#subscribed(name, 1);
    return { name, nodeRed };
  }

  /**
   * Deploys the flow anew, so that an instance forgets what it has learned of the service.
   * @param times how often its flow has been started then
   * @param connection properties of its connection
   */
  async renew(instance: Instance, times: number, connection: Record<string, unknown>): Promise<void> {
    const answer = await instance.nodeRed.admin('/flows', { headers: { accept: 'application/json' } });
    const flows = (await answer.json()) as FlowNode[];
    const changed = flows.map((node) => (node.type === 'nrfcloud-connection' ? { ...node, ...connection } : node));
    await instance.nodeRed.deploy(changed, 'full');
    await this.#subscribed(instance.name, times);
  }

  /** Ends a Node-RED at once, as a power cut does. */
  async kill(name: string): Promise<void> {
    const { nodeRed } = this.instances.find((instance) => instance.name === name)!;
    await nodeRed.kill();
  }

  /** A sender of its own connection. */
  async sender(id: string): Promise<Sender> {
    const sender = await Sender.start(this.broker.port, id);
    this.#senders.push(sender);
    return sender;
  }

  /** New devices: their claim tokens, and what was not claimed exactly once in the end. */
  devices(count: number): { claimTokens: string[]; notOnce: () => string[] } {
    const minted = this.simulator.mintMany(count, { signed: false });
    const { claims } = this.simulator;
    return {
      claimTokens: minted.map(({ claimToken }) => claimToken),
      notOnce: () => minted.map(({ deviceUuid }) => deviceUuid).filter((id) => claims.get(id) !== 1),
    };
  }

  /** What the Node-REDs have warned of and complained about. */
  complaints(): string[] {
    const lines = this.instances.flatMap(({ name, nodeRed }) => nodeRed.log.map((line) => `${name}: ${line}`));
    return lines.filter((line) => / - \[(warn|error|fatal)\] /.test(line));
  }

  /** Ends everything. */
  async stop(): Promise<void> {
    for (const sender of this.#senders) await sender.stop();
    for (const { nodeRed } of this.instances) await nodeRed.stop();
    await this.broker.stop();
    await this.simulator.close();
  }

  async #subscribed(name: string, times: number): Promise<void> {
    for (const topic of [SHARED.claims, SHARED.operations, claimsOf(name)]) {
      await this.broker.subscribed(name, topic, times);
    }
  }
}
