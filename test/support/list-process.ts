import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import RED, { type NodeAPI } from 'node-red';

/** What a listing took, as its own process saw it. */
export interface ListFigures {
  devices: number;
  messages: number;
  /** Most messages that arrived within one turn of the event loop. */
  atOnce: number;
  seconds: number;
  /** Most memory of the process above what it had before, in MiB. */
  memory: number;
  /** Longest time that the event loop stood still, in milliseconds. */
  blocked: number;
}

const NODES = resolve(__dirname, '../../nodes');

/** A node that tells this process of each message; the test helper's node keeps them all. */
const SINK = `module.exports = (RED) => RED.nodes.registerType('sink', function (def) {
  RED.nodes.createNode(this, def);
  this.on('input', (msg, send, done) => { globalThis.sink.emit(def.name, msg); done(); });
});`;

/** A user directory with our nodes, the sink and a flow in it. */
async function userDirectory(baseUrl: string, mode: string): Promise<string> {
  const userDir = await mkdtemp(join(tmpdir(), 'nrfcloud-list-'));
  const at = { z: 'tab', x: 1, y: 1 };
  const flow = [
    { id: 'tab', type: 'tab' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl },
    { id: 'list', type: 'nrfcloud-devices', connection: 'connection', mode, wires: [['device']], ...at },
    { id: 'complete', type: 'complete', scope: ['list'], wires: [['end']], ...at },
    ...['device', 'end'].map((name) => ({ id: name, type: 'sink', name, wires: [], ...at })),
  ];
  const types = ['nrfcloud-connection', 'nrfcloud-devices'];
  await mkdir(join(userDir, 'nodes'));
  await Promise.all([
    writeFile(join(userDir, 'flows.json'), JSON.stringify(flow)),
    writeFile(join(userDir, 'flows_cred.json'), JSON.stringify({ connection: { apiKey: 'key' } })),
    writeFile(join(userDir, 'nodes/sink.js'), SINK),
    ...types.map((type) =>
      writeFile(join(userDir, `nodes/${type}.js`), `module.exports = require(${JSON.stringify(join(NODES, type))});`),
    ),
    ...[...types, 'sink'].map((type) =>
      writeFile(join(userDir, `nodes/${type}.html`), `<script type="text/html" data-template-name="${type}"></script>`),
    ),
  ]);
  return userDir;
}

/** Lists all devices of a service once, in a real Node-RED, and tells the parent process what it took. */
async function main(baseUrl: string, mode: string): Promise<void> {
  const sink = new EventEmitter();
  Object.assign(globalThis, { sink });
  let [messages, devices, atOnce, thisTurn] = [0, 0, 0, 0];
  sink.on('device', ({ payload }: { payload: unknown }) => {
    messages++;
    if (++thisTurn === 1) setImmediate(() => (thisTurn = 0));
    atOnce = Math.max(atOnce, thisTurn);
    devices += Array.isArray(payload) ? payload.length : 1;
  });
  const ended = new Promise((end) => sink.once('end', end));

  const userDir = await userDirectory(baseUrl, mode);
  RED.init(createServer(), {
    userDir,
    flowFile: 'flows.json',
    credentialSecret: false,
    httpAdminRoot: false,
    httpNodeRoot: false,
    logging: { console: { level: 'warn', metrics: false, audit: false } },
  } as never);
  const started = new Promise((flows) => RED.events.once('flows:started', flows));
  await RED.start();
  await started;

  globalThis.gc!();
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const sample = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage.rss());
  }, 10);
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const start = performance.now();
  (RED.nodes as unknown as NodeAPI['nodes']).getNode('list').receive({});
  await ended;
  delay.disable();
  clearInterval(sample);
  const figures: ListFigures = {
    devices,
    messages,
    atOnce,
    seconds: (performance.now() - start) / 1000,
    memory: (peak - idle) / 2 ** 20,
    blocked: delay.max / 1e6,
  };
  process.send!(figures);
  await RED.stop();
  await rm(userDir, { recursive: true, force: true });
  process.disconnect();
}

main(process.argv[2]!, process.argv[3]!).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
