import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator';
import { liveRecords } from '../support/journal-records';
import { startNodeRedProcess, supportFolder, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { postJson } from '../support/post-json';
import { entryNodes, reportNode, reportsIn } from '../support/reports';
import { startBulkOperation } from '../support/start-bulk-operation';

/** `npm run stress:crash` has many more. */
const ROUNDS = 4;
const OPERATIONS = 3;

/** Reports what bulk status sends. */
const report = (id: string, label: string): FlowNode =>
  reportNode(
    id,
    '{ id: msg.payload.bulkOpsRequestId, resumed: msg.resumed, http: !!(msg.req || msg.res), topic: msg.topic, lines: (msg.payload.errors || []).map((e) => e.line) }',
    label,
  );

describe('bulk status: operations that are pending when Node-RED is killed', function () {
  this.timeout(240_000);
  let simulator: Simulator;
  let userDir: string;
  let nodeRed: NodeRedProcess;

  const flows = (baseUrl: string): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'resume' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, api: 'guide', retries: 0 },
    ...entryNodes('watch'),
    {
      id: 'watch',
      type: 'nrfcloud-bulk-status',
      z: 'tab',
      connection: 'connection',
      interval: 0.1,
      maxInterval: 0.2,
      x: 300,
      y: 100,
      wires: [['succeeded'], ['failed'], ['progress']],
    },
    report('succeeded', 'SUCCEEDED'),
    report('failed', 'FAILED'),
    report('progress', 'PROGRESS'),
  ];

  beforeEach(async () => {
    simulator = await startSimulator({ bulkHold: 'PENDING' });
    userDir = makeUserDir();
  });
  afterEach(async () => {
    await nodeRed.stop();
    await simulator.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  const start = (fresh: boolean, env: Record<string, string> = {}): Promise<NodeRedProcess> =>
    startNodeRedProcess({
      userDir,
      env,
      ...(fresh ? { flows: flows(simulator.url), credentials: { connection: { apiKey: 'sim-key' } } } : {}),
      // No context storage is configured: work survives by default.
      settings: { credentialSecret: false, contextStorage: { default: { module: 'memory' } } },
    });
  const seen = (label: string): Record<string, any>[] => reportsIn(nodeRed.log, label);

  /** Starts an operation whose second row fails; its line in the "file" is 7. */
  const begin = async (topic: string): Promise<string> => {
    const [good, other] = simulator.mintMany(2);
    simulator.claimByOther(other!.deviceUuid);
    const bulkOpsRequestId = await startBulkOperation(simulator, [good!.claimToken, other!.claimToken]);
    const rows = [good!, other!].map(({ claimToken, deviceUuid }, i) => ({
      line: i === 0 ? 3 : 7,
      deviceId: deviceUuid,
      claimToken,
      tags: [],
    }));
    await fetch(`${nodeRed.url}/in`, postJson({ payload: bulkOpsRequestId, rows, topic }));
    return bulkOpsRequestId;
  };

  /** Waits until no record is left; each goes after its result. */
  const removed = async (): Promise<void> => {
    while (liveRecords(userDir).length > 0) await pause(5);
  };

  it(`bulk status: pending operations end once after a SIGKILL, marked resumed, ${ROUNDS} times`, async () => {
    nodeRed = await start(true);
    for (let round = 0; round < ROUNDS; round++) {
      const ids: string[] = [];
      for (let i = 0; i < OPERATIONS; i++) ids.push(await begin(`round ${round}`));
      await nodeRed.until(
        () => ids.every((id) => seen('PROGRESS').some((line) => line['id'] === id)),
        'the first polls',
      );
      await nodeRed.kill();
      nodeRed = await start(false);
      simulator.set({ bulkHold: 'none' });
      await nodeRed.until(() => seen('FAILED').length >= OPERATIONS, `the end of the operations of round ${round}`);
      simulator.set({ bulkHold: 'PENDING' });
      assert.deepEqual(
        seen('FAILED')
          .map((line) => line['id'] as string)
          .sort(),
        [...ids].sort(),
      );
      for (const line of seen('FAILED')) {
        assert.deepEqual(line, { id: line['id'], resumed: true, http: false, topic: `round ${round}`, lines: [7] });
      }
      // A result is recorded until the next nodes have had time for it; a kill until then repeats it.
      await removed();
    }
    await nodeRed.kill();
    nodeRed = await start(false);
    // Whatever is taken up is asked about before this one, which comes later.
    const marker = await begin('marker');
    await nodeRed.until(() => seen('PROGRESS').some((line) => line['id'] === marker), 'the first poll of the marker');
    assert.equal(seen('PROGRESS').length, 1);
    assert.deepEqual(seen('FAILED'), [], 'what has ended is not taken up again');
  });

  // Found by npm run stress:crash: the record went first, and the result with the process.
  it('bulk status: a result has left when the process dies as its record is removed', async () => {
    nodeRed = await start(true, { NODE_OPTIONS: `--require=${supportFolder('die-at-drop.cjs')}` });
    const id = await begin('last');
    await nodeRed.until(() => seen('PROGRESS').length > 0, 'the first poll');
    simulator.set({ bulkHold: 'none' });
    await nodeRed.lost.catch(() => undefined);
    assert.deepEqual(
      seen('FAILED').map((line) => line['id'] as string),
      [id],
    );
    nodeRed = await start(false);
  });

  it('bulk status: operations go on after a crash in a container that comes back under another host name', async () => {
    nodeRed = await start(true);
    const old = await begin('old');
    await nodeRed.until(() => seen('PROGRESS').some((line) => line['id'] === old), 'the first poll');
    await nodeRed.kill();
    const lock = join(userDir, 'nrfcloud-provisioning', 'lock');
    writeFileSync(lock, JSON.stringify({ ...JSON.parse(readFileSync(lock, 'utf8')), host: 'elsewhere' }));
    nodeRed = await start(false);
    // The nodes wait for the journal now, and so does what they are given.
    await nodeRed.deploy(flows(simulator.url), 'full');
    const later = await begin('later');
    simulator.set({ bulkHold: 'none' });
    const ended = (): string[] => seen('FAILED').map(({ id, resumed }) => `${id} ${resumed}`);
    await nodeRed.until(() => ended().length >= 2, 'the end of both operations');
    assert.deepEqual(ended().sort(), [`${old} true`, `${later} undefined`].sort());
    await removed();
  });

  // Found by npm run stress:crash: what was written last came after Node-RED had cleaned the store.
  it('bulk status: deleting the node removes its records, however slow the disk is', async () => {
    nodeRed = await start(true, { NODE_OPTIONS: `--require=${supportFolder('slow-disk.cjs')}` });
    const gone = await begin('gone');
    await nodeRed.until(() => seen('PROGRESS').some((line) => line['id'] === gone), 'the first poll');
    const all = flows(simulator.url);
    await nodeRed.deploy(
      all
        .filter(({ id }) => id !== 'watch')
        .map((node) => (node.id === 'unpack' ? { ...node, wires: [['answer']] } : node)),
      'nodes',
    );
    await nodeRed.deploy(all, 'nodes');
    const marker = await begin('marker');
    await nodeRed.until(() => seen('PROGRESS').some((line) => line['id'] === marker), 'the first poll of the marker');
    simulator.set({ bulkHold: 'none' });
    await nodeRed.until(() => seen('FAILED').some((line) => line['id'] === marker), 'the end of the marker');
    assert.deepEqual(
      seen('FAILED').map((line) => line['topic'] as string),
      ['marker'],
    );
    await nodeRed.stop();
    assert.deepEqual(liveRecords(userDir), []);
  });
});
