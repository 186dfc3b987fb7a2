import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Aedes } from 'aedes';
import mqtt from 'mqtt';
import { startNodeRed, type NodeRed } from '../../demo/node-red';
import { freePort } from '../../demo/ports';
import { startSimulator, type Simulator } from '../../simulator';

const EXAMPLES = resolve(__dirname, '../../examples');
type FlowNode = Record<string, any>;

describe('the examples with tags and devices', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let broker: Server;
  let aedes: Aedes;
  let nodeRed: NodeRed;
  let flows: FlowNode[];
  let folder: string;
  const lines = new EventEmitter();

  before(async () => {
    simulator = await startSimulator({ pageSize: 2 });
    folder = await mkdtemp(join(tmpdir(), 'nrfcloud-inventory-'));
    aedes = await Aedes.createBroker();
    broker = createServer(aedes.handle).listen(0, '127.0.0.1');
    await once(broker, 'listening');
    flows = await Promise.all(
      [
        'Block a device by MQTT message',
        'Block or unblock everything with a tag',
        'Move devices from one tag to another',
        'Nightly inventory to CSV',
      ].map(async (name) => JSON.parse(await readFile(join(EXAMPLES, `${name}.json`), 'utf8')) as FlowNode[]),
    ).then((all) => all.flat());
    const port = String((broker.address() as AddressInfo).port);
    for (const node of flows) {
      if (node['type'] === 'nrfcloud-connection') node['baseUrl'] = simulator.url;
      if (node['type'] === 'mqtt-broker') Object.assign(node, { broker: '127.0.0.1', port });
      if (node['type'] === 'file') node['filename'] = `${JSON.stringify(`${folder}/`)} & ${String(node['filename'])}`;
      if (node['type'] === 'debug') node['console'] = true;
    }
    const connections = flows.filter(({ type }) => type === 'nrfcloud-connection');
    nodeRed = startNodeRed({
      port: await freePort(0),
      flows,
      credentials: Object.fromEntries(connections.map(({ id }) => [id as string, { apiKey: 'sim-key' }])),
      onLine: (line) => lines.emit('line', line),
    });
    await nodeRed.ready;
  });
  after(async () => {
    await nodeRed.stop();
    await new Promise<void>((closed) => aedes.close(() => closed()));
    broker.close();
    await simulator.close();
    await rm(folder, { recursive: true });
  });

  /** Resolves when a debug node has written such a line to Node-RED's log. */
  const told = (pattern: RegExp): Promise<void> =>
    new Promise((found) => {
      const read = (line: string): void => {
        if (!pattern.test(line)) return;
        lines.off('line', read);
        found();
      };
      lines.on('line', read);
    });

  const press = async (label: string): Promise<void> => {
    const button = flows.find(({ type, name }) => type === 'inject' && name === label)!;
    const answer = await fetch(`${nodeRed.adminUrl}/inject/${String(button['id'])}`, { method: 'POST' });
    assert.equal(answer.status, 200);
  };

  it('block a device by MQTT message, and tell its status', async () => {
    const [id] = simulator.fill(1);
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${(broker.address() as AddressInfo).port}`);
    await client.subscribeAsync('devices/+/status');
    const message = once(client as unknown as EventEmitter, 'message');
    while (simulator.counters['block'] === undefined) {
      await client.publishAsync(`devices/${id}/block`, '', { qos: 1 });
      await simulator.events.waitFor('response', ({ operation }) => operation === 'block', 500).catch(() => undefined);
    }
    const [topic, payload] = (await message) as [string, Buffer];
    assert.deepEqual([topic, payload.toString()], [`devices/${id}/status`, 'BLOCKED']);
    await client.endAsync();
  });

  it('block and unblock everything with a tag, and report what failed', async () => {
    const ids = simulator.fill(5, ['location=Trondheim']);
    simulator.fill(3);
    simulator.faults.add({ match: { path: `/claimed-devices/${ids[4]}/block` }, times: 1, status: 403 });
    const blocked = told(/succeeded: 4/);
    await press('block all');
    await blocked;
    assert.deepEqual(
      ids.map((id) => simulator.device(id)!['status']),
      ['BLOCKED', 'BLOCKED', 'BLOCKED', 'BLOCKED', 'READY'],
    );
    const unblocked = told(/succeeded: 5/);
    await press('unblock all');
    await unblocked;
    assert.ok(ids.every((id) => simulator.device(id)!['status'] === 'READY'));
  });

  it('write an inventory to a CSV file', async () => {
    const written = told(/inventory-.*\.csv/);
    await press('at 02:00');
    await written;
    const [name] = (await readdir(folder)).filter((file) => file.endsWith('.csv'));
    assert.match(name!, /^inventory-\d{4}-\d\d-\d\d\.csv$/);
    const lines = (await readFile(join(folder, name!), 'utf8')).trimEnd().split('\n');
    assert.equal(lines[0], 'id,deviceType,imei,status,tags,claimedAt');
    assert.equal(lines.length, simulator.devices().length + 1);
    const { id, imei } = simulator.devices()[1]!;
    assert.match(lines[2]!, new RegExp(`^${String(id)},nrf9151_LACA,${String(imei)},READY,location=Trondheim,\\d{4}-`));
  });

  it('move all devices of a tag to another name', async () => {
    const renamed = simulator.events.waitFor('response', ({ operation }) => operation === 'updateTag');
    await press('move');
    assert.equal((await renamed).status, 200);
    assert.deepEqual(
      simulator.tags().map(({ tag }) => tag),
      ['location=Oslo'],
    );
  });
});
