import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator';
import { startNodeRedProcess, supportFolder, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { reportNode, reportsIn } from '../support/reports';

const ROWS = 2500;

describe('a bulk claim whose node is deployed anew in the middle', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;

  const flows = (name: string, resume: boolean): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'bulk' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl: simulator.url, api: 'guide', retries: 0 },
    { id: 'in', type: 'http in', z: 'tab', url: '/bulk', method: 'post', x: 100, y: 100, wires: [['ready', 'bulk']] },
    { id: 'ready', type: 'http response', z: 'tab', x: 300, y: 40, wires: [] },
    {
      id: 'bulk',
      type: 'nrfcloud-bulk-claim',
      name,
      z: 'tab',
      connection: 'connection',
      rowsPerUpload: 100,
      resume,
      x: 300,
      y: 100,
      wires: [['uploaded'], ['rejected'], ['summary']],
    },
    reportNode('uploaded', 'msg.rows.map((row) => row.line)'),
    reportNode('rejected', 'msg.payload.map((row) => row.line)'),
    reportNode('summary', '{ ...msg.payload, resumed: msg.resumed }'),
  ];

  const start = (resume: boolean, env: Record<string, string> = {}): Promise<NodeRedProcess> =>
    startNodeRedProcess({
      env,
      flows: flows('before', resume),
      credentials: { connection: { apiKey: 'sim-key' } },
      // Node-RED stops the Catch node in the same deploy; the ledger sees the ending.
      settings: { nodesDir: [supportFolder('message-ledger')] },
    });

  before(async () => {
    simulator = await startSimulator({ latency: 100 });
    nodeRed = await start(false);
  });
  after(async () => {
    await nodeRed.stop();
    await simulator.close();
  });

  const seen = (id: string): any[] => reportsIn(nodeRed.log, id);

  it('bulk claim: without resume a redeploy gives every row back once, and the summary before NRFCLOUD_CLOSED', async () => {
    const body = simulator
      .mintMany(ROWS)
      .map(({ claimToken }) => claimToken)
      .join('\n');
    await fetch(`${nodeRed.url}/bulk`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body });
    await nodeRed.until(() => seen('uploaded').length >= 2, 'two uploads');
    await nodeRed.deploy(flows('after', false), 'nodes');
    await nodeRed.until(() => seen('summary').length === 1, 'the summary');
    const endings = nodeRed.log.filter((line) => line.startsWith('ledger ended'));
    assert.deepEqual(
      endings.map((line) => line.split(' ')[3]),
      ['NRFCLOUD_CLOSED'],
    );
    const uploaded = seen('uploaded').flat() as number[];
    const rejected = seen('rejected').flat() as number[];
    assert.ok(rejected.length > 0);
    assert.deepEqual(
      [...uploaded, ...rejected].sort((a, b) => a - b),
      Array.from({ length: ROWS }, (_, index) => index + 1),
    );
    const [summary] = seen('summary') as Record<string, number>[];
    assert.deepEqual(
      [summary!['rows'], summary!['uploaded'], summary!['rejected']],
      [ROWS, uploaded.length, rejected.length],
    );
  });

  it('bulk claim: a redeploy in the middle ends the message with cause.resumes, and the work goes on', async () => {
    await nodeRed.deploy(flows('before', true), 'nodes');
    const seenBefore = seen('uploaded').length;
    const tokens = simulator.mintMany(ROWS).map(({ claimToken }) => claimToken);
    await fetch(`${nodeRed.url}/bulk`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: tokens.join('\n'),
    });
    await nodeRed.until(() => seen('uploaded').length >= seenBefore + 2, 'two uploads');
    await nodeRed.deploy(flows('after', true), 'nodes');
    await nodeRed.until(() => seen('summary').some(({ resumed }) => resumed === true), 'the summary');
    const uploaded = seen('uploaded').slice(seenBefore).flat() as number[];
    assert.deepEqual(
      [...new Set(uploaded)].sort((a, b) => a - b),
      Array.from({ length: ROWS }, (_, index) => index + 1),
    );
    const summary = seen('summary').at(-1) as Record<string, number>;
    assert.deepEqual([summary['rows'], summary['uploaded'], summary['rejected']], [ROWS, ROWS, 0]);
  });

  // Found by npm run stress:crash: the record stayed, and nothing worked on it.
  it('bulk claim: a redeploy while the message is being recorded leaves all rows to the work that goes on', async () => {
    await nodeRed.stop();
    nodeRed = await start(true, { NODE_OPTIONS: `--require=${supportFolder('slow-disk.cjs')}` });
    const tokens = simulator.mintMany(ROWS).map(({ claimToken }) => claimToken);
    await fetch(`${nodeRed.url}/bulk`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: tokens.join('\n'),
    });
    await nodeRed.deploy(flows('after', true), 'nodes');
    await nodeRed.until(() => seen('summary').length > 0, 'the summary');
    const [summary] = seen('summary') as Record<string, number | boolean>[];
    assert.deepEqual(
      [summary!['rows'], summary!['uploaded'], summary!['rejected'], summary!['resumed']],
      [ROWS, ROWS, 0, true],
    );
    assert.deepEqual(seen('rejected'), []);
  });
});
