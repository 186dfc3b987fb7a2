import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator';
import { liveRecords } from '../support/journal-records';
import { startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { reportNode, reportsIn } from '../support/reports';

const ROWS = 2000;
const ROWS_PER_UPLOAD = 50;

describe('bulk claim: Node-RED is killed in the middle', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let userDir: string;
  let nodeRed: NodeRedProcess;
  /** Lines of all processes of a test. */
  let log: string[];

  const flows = (input: 'content' | 'file'): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'bulk' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl: simulator.url, api: 'guide' },
    { id: 'in', type: 'http in', z: 'tab', url: '/bulk', method: 'post', x: 100, y: 100, wires: [['ready', 'bulk']] },
    { id: 'ready', type: 'http response', z: 'tab', x: 300, y: 40, wires: [] },
    {
      id: 'bulk',
      type: 'nrfcloud-bulk-claim',
      z: 'tab',
      connection: 'connection',
      input,
      rowsPerUpload: ROWS_PER_UPLOAD,
      x: 300,
      y: 100,
      wires: [['uploaded'], ['rejected'], ['summary']],
    },
    { id: 'catch', type: 'catch', z: 'tab', scope: null, x: 300, y: 200, wires: [['caught']] },
    reportNode(
      'uploaded',
      '{ lines: (msg.rows || []).map((row) => row.line), rows: msg.payload.rows, id: msg.payload.bulkOpsRequestId, resumed: msg.resumed, parts: msg.parts, topic: msg.topic }',
    ),
    reportNode('rejected', 'msg.payload.map((row) => row.line)'),
    reportNode('summary', '{ ...msg.payload, resumed: msg.resumed }'),
    reportNode('caught', 'msg.error'),
  ];

  beforeEach(async () => {
    simulator = await startSimulator({ latency: 30 });
    userDir = makeUserDir();
    log = [];
  });
  afterEach(async () => {
    await nodeRed.stop();
    await simulator.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function start(input?: 'content' | 'file'): Promise<void> {
    nodeRed = await startNodeRedProcess({
      userDir,
      ...(input === undefined ? {} : { flows: flows(input), credentials: { connection: { apiKey: 'sim-key' } } }),
      settings: { credentialSecret: false, contextStorage: { default: { module: 'memory' } } },
    });
  }
  async function kill(): Promise<void> {
    await nodeRed.kill();
    log.push(...nodeRed.log);
  }
  const seen = (id: string): any[] => reportsIn([...log, ...nodeRed.log], id);

  const send = (body: string): Promise<Response> =>
    fetch(`${nodeRed.url}/bulk`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body });

  for (const input of ['file', 'content'] as const) {
    it(`bulk claim: from ${input}, every row leaves, every device is claimed once, and no upload is unknown`, async () => {
      const tokens = simulator.mintMany(ROWS).map(({ claimToken }) => claimToken);
      // Every hundredth row is invalid.
      const csv = tokens.map((token, index) => (index % 100 === 99 ? 'garbage,x' : `${token},"tag"`)).join('\n');
      const file = join(userDir, 'tokens.csv');
      writeFileSync(file, csv);
      await start(input);
      await send(input === 'file' ? file : csv);
      for (const uploads of [5, 15, 25]) {
        await nodeRed.until(() => seen('uploaded').length >= uploads, `${uploads} uploads`);
        await kill();
        await start();
      }
      await nodeRed.until(() => seen('summary').length > 0, 'the summary');
      const uploaded = seen('uploaded') as { lines: number[]; id: string; resumed?: boolean; parts: { id: string } }[];
      const rejected = seen('rejected').flat() as number[];
      const lines = new Set([...uploaded.flatMap((upload) => upload.lines), ...rejected]);
      assert.equal(lines.size, ROWS);
      assert.equal(new Set(uploaded.map(({ parts }) => parts.id)).size, 1);
      for (const upload of reportsIn(nodeRed.log, 'uploaded')) assert.equal(upload.resumed, true);
      const known = new Set(uploaded.map(({ id }) => id));
      while (simulator.operations().some(({ completedAt }) => completedAt === undefined)) {
        await once(simulator.events, 'bulk-end');
      }
      const claimed = [...simulator.claims.values()];
      assert.equal(claimed.length, ROWS - ROWS / 100);
      assert.ok(claimed.every((count) => count === 1));
      for (const operation of simulator.operations()) {
        // An upload whose response went down with the process is sent again: its first operation is unknown to anyone.
        const id = operation['bulkOpsRequestId'];
        if (!known.has(id)) assert.ok(uploaded.some(({ resumed }) => resumed === true));
      }
      const summary = seen('summary').at(-1) as Record<string, number>;
      assert.equal(summary['rows'], ROWS);
      assert.equal(summary['uploaded']! + summary['rejected']!, ROWS);
      assert.equal(summary['rejected'], ROWS / 100);
      // The record goes when the next nodes have had time to record what has left.
      await nodeRed.stop();
      assert.deepEqual(liveRecords(userDir), []);
    });
  }

  it('bulk claim: a file that was changed meanwhile ends in an error, and nothing more is uploaded', async () => {
    const file = join(userDir, 'tokens.csv');
    writeFileSync(
      file,
      simulator
        .mintMany(ROWS)
        .map(({ claimToken }) => claimToken)
        .join('\n'),
    );
    await start('file');
    await send(file);
    await nodeRed.until(() => seen('uploaded').length >= 5, 'five uploads');
    await kill();
    const before = simulator.requests.filter(({ method }) => method === 'POST').length;
    appendFileSync(file, `\n${simulator.mint().claimToken}`);
    await start();
    await nodeRed.until(() => seen('caught').length > 0, 'the error');
    const { code, message } = seen('caught')[0];
    assert.equal(code, 'NRFCLOUD_INVALID_INPUT');
    // What had been accepted leaves without its rows, and the error says so.
    const left = reportsIn(nodeRed.log, 'uploaded') as { lines: number[]; rows: number; parts: { count?: number } }[];
    assert.deepEqual(new Set(left.map(({ lines }) => lines.length)), new Set([0]));
    const rows = left.reduce((sum, upload) => sum + upload.rows, 0);
    assert.match(message, new RegExp(`without msg\\.rows: ${rows}\\b`));
    const { parts: last } = left.at(-1)!;
    assert.ok(last.count! >= left.length);
    while (liveRecords(userDir).length > 0) await pause(5);
    assert.equal(simulator.requests.filter(({ method }) => method === 'POST').length, before);
  });
});
