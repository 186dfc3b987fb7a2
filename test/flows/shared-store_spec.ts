import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { createServer, type Server } from 'node:http';
import { listen } from '../../harness/ports';
import { startSimulator, type Simulator } from '../../simulator';
import {
  keyFor,
  startNodeRedProcess,
  supportFolder,
  type FlowNode,
  type NodeRedProcess,
} from '../support/node-red-process';
import { postJson } from '../support/post-json';
import { startBulkOperation } from '../support/start-bulk-operation';

/** A context store whose values are in the process of the test, as those of Redis are in a server. */
const storeAt = (url: string): string => `
const call = (operation, scope, key, value, callback) =>
  fetch(${JSON.stringify(url)}, { method: 'POST', body: JSON.stringify({ operation, scope, key, value }) })
    .then((response) => response.json())
    .then(({ result }) => callback?.(null, result), (error) => callback?.(error));
module.exports.contextStorage = {
  default: { module: 'memory' },
  shared: {
    module: () => ({
      open: async () => {},
      close: async () => {},
      clean: async () => {},
      delete: async () => {},
      keys: (scope, callback) => void call('keys', scope, '', null, callback),
      get: (scope, key, callback) => void call('get', scope, key, null, callback),
      set: (scope, key, value, callback) => void call('set', scope, key, value, callback),
    }),
  },
};
`;

interface StoredWatch {
  owner?: string;
  state?: { work?: { id?: string; status?: string } };
}

describe('two Node-REDs that share a context store', function () {
  this.timeout(60_000);
  const values = new Map<string, Record<string, unknown>>();
  const changes = new EventEmitter();
  let server: Server;
  let storeUrl: string;
  let simulator: Simulator;
  let instances: NodeRedProcess[];

  before(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk) => (text += String(chunk)));
      request.on('end', () => {
        const { operation, key, value } = JSON.parse(text) as {
          operation: string;
          key: string;
          value?: Record<string, unknown> | null;
        };
        if (operation === 'set') {
          if (value === undefined || value === null) values.delete(key);
          else values.set(key, value);
          changes.emit('change');
        }
        const result = operation === 'keys' ? [...values.keys()] : values.get(key);
        response.end(JSON.stringify({ result }));
      });
    });
    storeUrl = `http://127.0.0.1:${await listen(server, 0)}`;
    simulator = await startSimulator({ bulkHold: 'IN_PROGRESS' });
    instances = await Promise.all([start('a'), start('b')]);
  });
  after(async () => {
    for (const one of instances) await one.stop();
    await simulator.close();
    server.closeAllConnections();
    server.close();
  });

  function start(name: string): Promise<NodeRedProcess> {
    const place = { z: 'tab', x: 100, y: 100 };
    const tell = (id: string, func: string): FlowNode => ({ ...place, id, type: 'function', func, wires: [] });
    const flows: FlowNode[] = [
      { id: 'tab', type: 'tab', label: name },
      { id: 'connection', type: 'nrfcloud-connection', baseUrl: simulator.url, api: 'guide' },
      { ...place, id: 'in', type: 'http in', url: '/watch', method: 'post', wires: [['respond', 'watch']] },
      { ...place, id: 'respond', type: 'http response', wires: [] },
      {
        ...place,
        id: 'watch',
        type: 'nrfcloud-bulk-status',
        connection: 'connection',
        store: 'shared',
        interval: 0.1,
        maxInterval: 0.2,
        wires: [['report'], ['report'], []],
      },
      { ...place, id: 'complete', type: 'complete', scope: ['watch'], wires: [['completed']] },
      tell('report', 'node.warn(`reported ${msg.payload.bulkOpsRequestId} resumed=${msg.resumed === true}`)'),
      tell('completed', 'node.warn(`completed ${msg.id}`)'),
    ];
    return startNodeRedProcess({
      flows,
      credentials: keyFor(flows, 'sim-key'),
      settingsCode: storeAt(storeUrl),
      env: { NODE_OPTIONS: `--require=${supportFolder('short-leases.cjs')}` },
    });
  }

  /**
   * Begins an operation, and lets an instance watch it.
   * @returns its id, when its status is recorded: an instance that is paused in between would write its record again
   */
  async function watch(instance: NodeRedProcess): Promise<string> {
    const id = await startBulkOperation(simulator, [simulator.mint().claimToken]);
    await fetch(`${instance.url}/watch`, postJson({ bulkOpsRequestId: id }));
    await changed(() => recordOf(id)?.state?.work?.status === 'IN_PROGRESS');
    return id;
  }

  function recordOf(id: string): StoredWatch | undefined {
    return [...values.values()].find((value: StoredWatch) => value.state?.work?.id === id);
  }

  /** The instance that works on an operation, as the store says. */
  function ownerOf(id: string): string | undefined {
    return recordOf(id)?.owner;
  }

  function changed(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return;
        changes.off('change', check);
        resolve();
      };
      changes.on('change', check);
      check();
    });
  }

  function reports(id: string): string[] {
    return instances.flatMap(({ log }, index) =>
      log.filter((line) => line.includes(`reported ${id}`)).map((line) => `${'ab'[index]!}${line.split(id)[1]!}`),
    );
  }

  it('report each result once, although one is paused for longer than the lease, and one is killed', async () => {
    const [a, b] = instances as [NodeRedProcess, NodeRedProcess];
    const [ofA, ofB] = [await watch(a), await watch(b)];
    const owner = ownerOf(ofA);
    process.kill(a.pid, 'SIGSTOP');
    await changed(() => ownerOf(ofA) !== owner);
    simulator.set({ bulkHold: 'none' });
    await b.until(() => reports(ofA).length > 0 && reports(ofB).length > 0, 'the results');
    process.kill(a.pid, 'SIGCONT');
    // The paused one finds its operation ended, and its record not its own: the message ends without a result.
    await a.until(() => a.log.some((line) => line.includes('completed')), 'the end of the message of the paused one');
    assert.deepEqual(reports(ofA), ['b resumed=true']);
    assert.deepEqual(reports(ofB), ['b resumed=false']);

    simulator.set({ bulkHold: 'IN_PROGRESS' });
    const left = await watch(b);
    const dead = ownerOf(left);
    await b.kill();
    await changed(() => ownerOf(left) !== dead);
    simulator.set({ bulkHold: 'none' });
    await a.until(() => reports(left).length > 0, 'the result of the operation of the dead one');
    await changed(() => ownerOf(left) === undefined);
    assert.deepEqual(reports(left), ['a resumed=true']);
  });
});
