import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { listen } from '../../harness/ports';
import { startSimulator, type Simulator } from '../../simulator';
import type { FaultRule } from '../../simulator/faults/rule';
import { demoFlows, startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { postJson } from '../support/post-json';

const KEY = 'api-key-that-nobody-may-see-7Qx2';
/** What a careless service does with the key that it is sent. */
const INDISCRETIONS: FaultRule[] = [
  { status: 400, body: { message: `the key ${KEY} is odd`, detail: { key: KEY } } },
  { status: 401, body: `Bearer ${KEY} is unknown` },
  { status: 403, body: { error: KEY } },
  { status: 404, html: true },
  { status: 409, body: { message: KEY } },
  { status: 500, body: { message: KEY } },
  { status: 201, body: { id: 'x', note: `Bearer ${KEY}` } },
  { status: 201, body: `no JSON but ${KEY}` },
  { redirect: `http://127.0.0.1:9/?key=${KEY}` },
  { drop: 'before' },
];

/** The HTTP half of the demo's flow, with debug nodes that show and log everything that nodes say. */
function chattyFlows(baseUrl: string): FlowNode[] {
  const flows = demoFlows()
    .filter(({ type }) => !type.startsWith('mqtt'))
    .map((node) => (node.type === 'nrfcloud-connection' ? { ...node, baseUrl, deviceApiUrl: '', retries: '0' } : node));
  const z = flows.find(({ type }) => type === 'tab')!.id;
  const watched = flows.filter(({ type }) => type === 'nrfcloud-claim').map(({ id }) => id);
  const at = { z, x: 100, y: 700 };
  const said = { tosidebar: true, console: true, tostatus: true, active: true, complete: 'true', targetType: 'full' };
  return [
    ...flows,
    { id: 'say', type: 'debug', ...at, ...said, statusVal: '', statusType: 'auto', wires: [] },
    ...['catch', 'status', 'complete'].map((type) => ({
      ...{ id: `on-${type}`, type, ...at, scope: watched, uncaught: false, wires: [['say']] },
    })),
  ];
}

describe('the API key', function () {
  this.timeout(40_000);
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  let flows: FlowNode[];
  let comms: WebSocket;
  const frames: string[] = [];
  const answers: string[] = [];

  const connection = (): FlowNode => flows.find(({ type }) => type === 'nrfcloud-connection')!;

  before(async () => {
    simulator = await startSimulator({ apiKey: KEY });
    flows = chattyFlows(simulator.url);
    nodeRed = await startNodeRedProcess({
      flows,
      settings: { logging: { console: { level: 'trace', metrics: true, audit: true } } },
    });
    // As the editor does it: the key that was typed goes along with its node.
    await nodeRed.deploy(
      flows.map((node) => (node === connection() ? { ...node, credentials: { apiKey: KEY } } : node)),
    );
    comms = new WebSocket(`${nodeRed.adminUrl.replace('http', 'ws')}/comms`);
    await once(comms, 'open');
    comms.on('message', (data: Buffer) => frames.push(data.toString()));
    for (const topic of ['debug', 'status/#', 'notification/#']) comms.send(JSON.stringify({ subscribe: topic }));
  });
  after(async () => {
    comms.close();
    await nodeRed.stop();
    await simulator.close();
  });

  const claim = async (): Promise<void> => {
    const response = await fetch(`${nodeRed.url}/claim`, { method: 'POST', body: simulator.mint().claimToken });
    answers.push(`${JSON.stringify([...response.headers])} ${await response.text()}`);
  };

  it('opens the service', async () => {
    await claim();
    assert.equal(simulator.requests[0]!.headers['authorization'], `Bearer ${KEY}`);
    assert.equal(simulator.claims.size, 1);
  });

  it('is in no answer, message, status or log line, whatever the service does with it', async () => {
    for (const fault of INDISCRETIONS) {
      simulator.faults.clear();
      simulator.faults.add(fault);
      await claim();
    }
    simulator.faults.clear();
    assert.equal(answers.length, 1 + INDISCRETIONS.length);
    assertSilent('an HTTP answer', answers);
    while (!frames.some((frame) => frame.includes('"topic":"debug"'))) await once(comms, 'message');
    assertSilent('a message to the browser', frames);
    assertSilent('the log', nodeRed.log);
    assert.ok(nodeRed.log.some((line) => line.includes('NRFCLOUD_FORBIDDEN')));
  });

  it('is in nothing of a service that answers with what it was sent, in its headers too', async () => {
    const mirror = createServer(({ headers }, response) => {
      const { authorization = '' } = headers;
      response.writeHead(403, { 'x-request-id': authorization, 'content-type': 'application/json' });
      response.end(JSON.stringify(headers));
    });
    try {
      const baseUrl = `http://127.0.0.1:${await listen(mirror, 0)}`;
      await nodeRed.deploy(flows.map((node) => (node === connection() ? { ...node, baseUrl } : node)));
      const seen = frames.length;
      await claim();
      assert.match(answers.at(-1)!, /NRFCLOUD_FORBIDDEN/);
      while (!frames.slice(seen).some((frame) => frame.includes('requestId'))) await once(comms, 'message');
      assertSilent('an HTTP answer', answers);
      assertSilent('a message to the browser', frames);
      assertSilent('the log', nodeRed.log);
    } finally {
      mirror.closeAllConnections();
      mirror.close();
      await nodeRed.deploy(flows);
    }
  });

  it('is in no answer of the admin API', async () => {
    const { id, z } = { id: connection().id, z: flows.find(({ type }) => type === 'tab')!.id };
    const config = { ...connection() };
    const asks: [string, RequestInit?][] = [
      ['/flows'],
      ['/flows', { headers: { 'node-red-api-version': 'v2' } }],
      [`/flow/${z}`],
      ['/flow/global'],
      [`/credentials/nrfcloud-connection/${id}`],
      ['/nodes'],
      ['/settings'],
      ['/settings/user'],
      ['/diagnostics'],
      ['/context/global'],
      ['/nrfcloud-connection/test', postJson({ id, config })],
      ['/nrfcloud-connection/test', postJson({ id, config: { ...config, baseUrl: 'http://127.0.0.1:9/v1' } })],
      ['/nrfcloud-connection/test', postJson({ id, config, apiKey: 'wrong' })],
      ['/nrfcloud-connection/test', postJson({ id, config: { ...config, baseUrl: `http://127.0.0.1:9/?${id}` } })],
      ['/nrfcloud-connection/test', postJson({ config })],
      [`/nrfcloud-connection/tags?id=${id}`],
      ['/nrfcloud-connection/tags'],
    ];
    const said: string[] = [];
    for (const [path, init] of asks) {
      const response = await nodeRed.admin(path, init);
      said.push(`${path}: ${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`);
    }
    assertSilent('the admin API', said);
    const stored = JSON.parse(said[4]!.slice(said[4]!.lastIndexOf(' ') + 1)) as Record<string, unknown>;
    assert.deepEqual(stored, { has_apiKey: true });
    const accepted = said[10]!;
    assert.ok(accepted.includes('"keyAccepted":true'), accepted);
  });

  it('is in no export and in no file, and still there after a deploy', async () => {
    await nodeRed.deploy(flows);
    const files = ['flows.json', 'flows_cred.json', '.config.runtime.json', 'settings.js', 'package.json'];
    assertSilent(
      'a file',
      files.map((file) => `${file}: ${readFileSync(join(nodeRed.userDir, file), 'utf8')}`),
    );
    await claim();
    assert.match(answers.at(-1)!, /"ownershipStatus"/);
  });
});

/** Fails with the text that gives the key away. */
function assertSilent(where: string, texts: string[]): void {
  const leaks = texts.filter((text) => text.includes(KEY)).map((text) => text.slice(0, 500));
  assert.deepEqual(leaks, [], `the key is in ${where}`);
}
