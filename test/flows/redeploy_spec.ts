import assert from 'node:assert/strict';
import type { Broker } from '../../harness/broker';
import { mqttChannel, type Channel } from '../../demo/once/channels';
import type { Simulator } from '../../simulator';
import { startDemoFlow, type DemoFlow } from '../support/demo-flow';
import { supportFolder, type FlowNode, type NodeRedProcess } from '../support/node-red-process';

const MESSAGES = 500;

describe('a deploy in the middle of the work', function () {
  this.timeout(60_000);
  let demo: DemoFlow;
  let simulator: Simulator;
  let broker: Broker;
  let nodeRed: NodeRedProcess;
  let mqtt: Channel;
  let flows: FlowNode[];
  const over = new AbortController();

  before(async () => {
    demo = await startDemoFlow({ settings: { nodesDir: [supportFolder('message-ledger')] } });
    ({ simulator, nodeRed, flows, broker } = demo);
    mqtt = await mqttChannel(demo.mqttUrl, over.signal);
  });
  after(async () => {
    over.abort();
    await mqtt.close();
    await demo.stop();
  });
  beforeEach(() => {
    nodeRed.log.length = 0;
  });

  /** The lines of the ledger about one kind of event: message ids, and how they ended. */
  const ledger = (event: 'received' | 'ended'): [string, string | undefined][] =>
    nodeRed.log
      .map((line) => line.split(' '))
      .filter(([first, second]) => first === 'ledger' && second === event)
      .map(([, , id, code]) => [id!, code]);

  for (const how of ['full', 'nodes'] as const) {
    it(`of the kind "${how}" ends every message once, within two seconds`, async () => {
      await broker.subscribed('line/+/token');
      simulator.set({ latency: 400 });
      const already = simulator.claims.size;
      // Nobody waits for these answers: most will never come.
      for (const { claimToken } of simulator.mintMany(MESSAGES)) mqtt.send(claimToken, 'x').catch(() => undefined);
      await nodeRed.until(() => ledger('received').length === MESSAGES, 'the arrival of all messages');
      await nodeRed.until(() => ledger('ended').length > 0, 'the first claim');
      assert.ok(ledger('ended').length < MESSAGES);

      // Another retry count makes the connection and its users new in a deploy of modified nodes, too.
      flows = flows.map((node) => (node.type === 'nrfcloud-connection' ? { ...node, retries: `${how.length}` } : node));
      const deployed = nodeRed.deploy(flows, how);
      await nodeRed.until(() => nodeRed.log.some((line) => line.includes('Stopping ')), 'the stop');
      const begin = Date.now();
      await nodeRed.until(() => ledger('ended').length === MESSAGES, 'the end of all messages');
      const took = Date.now() - begin;
      await deployed;

      const ended = ledger('ended');
      assert.deepEqual(new Set(ended.map(([id]) => id)), new Set(ledger('received').map(([id]) => id)));
      assert.deepEqual(new Set(ended.map(([, code]) => code)), new Set(['ok', 'NRFCLOUD_CLOSED']));
      const claimed = ended.filter(([, code]) => code === 'ok').length;
      assert.ok(simulator.claims.size - already >= claimed);
      assert.ok(took < 2000, `took ${took} ms`);
      assert.ok(simulator.maxInFlight <= 16);
      assert.deepEqual(
        nodeRed.log.filter((line) => /\[(error|fatal)\]|Uncaught|timed out/i.test(line) && !line.includes('CLOSED')),
        [],
      );
    });

    it(`of the kind "${how}" leaves a flow that works on`, async () => {
      simulator.set({ latency: 0 });
      const { claimToken, deviceUuid } = simulator.mint();
      const response = await fetch(`${nodeRed.url}/claim`, { method: 'POST', body: claimToken });
      assert.equal(response.status, 201);
      assert.equal(((await response.json()) as { id: string }).id, deviceUuid);
    });
  }
});
