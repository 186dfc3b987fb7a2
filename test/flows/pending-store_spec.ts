import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator';
import { liveRecords } from '../support/journal-records';
import { startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { postJson } from '../support/post-json';
import { entryNodes, reportNode, reportsIn } from '../support/reports';
import { startBulkOperation } from '../support/start-bulk-operation';

const ROWS = 30;
const DISK = { module: 'localfilesystem', config: { cache: false } };

/** Reports what leaves. */
const report = (id: string): FlowNode =>
  reportNode(id, '{ payload: msg.payload, resumed: msg.resumed, topic: msg.topic, code: msg.error && msg.error.code }');

describe('pending work and where it is stored', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let userDir: string;
  let nodeRed: NodeRedProcess;

  beforeEach(async () => {
    simulator = await startSimulator({ bulkHold: 'PENDING' });
    userDir = makeUserDir();
  });
  afterEach(async () => {
    await nodeRed.stop();
    await simulator.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  const flows = (type: string, config: Record<string, unknown>, more: FlowNode[] = []): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'store' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl: simulator.url, retries: 0 },
    ...entryNodes('node'),
    {
      id: 'node',
      type,
      z: 'tab',
      connection: 'connection',
      interval: 0.1,
      maxInterval: 0.2,
      x: 300,
      y: 100,
      wires: [['FIRST'], ['SECOND'], ['THIRD']],
      ...config,
    },
    { id: 'catch', type: 'catch', z: 'tab', scope: null, x: 300, y: 200, wires: [['CAUGHT']] },
    ...['FIRST', 'SECOND', 'THIRD', 'CAUGHT'].map(report),
    ...more,
  ];
  const start = async (settings: Record<string, unknown>, nodes?: FlowNode[]): Promise<void> => {
    nodeRed = await startNodeRedProcess({
      userDir,
      ...(nodes === undefined ? {} : { flows: nodes, credentials: { connection: { apiKey: 'sim-key' } } }),
      settings: { credentialSecret: false, ...settings },
    });
  };
  const send = (msg: Record<string, unknown>): Promise<unknown> => fetch(`${nodeRed.url}/in`, postJson(msg));
  const upload = (): Promise<string> => startBulkOperation(simulator, [simulator.mint().claimToken]);
  const seen = (id: string): Record<string, any>[] => reportsIn(nodeRed.log, id);
  const isDisabled = (node: FlowNode): FlowNode => (node.id === 'connection' ? { ...node, d: true } : node);

  for (const [name, contextStorage] of [
    ['an alias', { default: 'disk', disk: DISK }],
    ['not named', { disk: DISK, other: { module: 'memory' } }],
  ] as const) {
    it(`bulk status: store "default" keeps its records over a restart where the default store is ${name}`, async () => {
      await start({ contextStorage }, flows('nrfcloud-bulk-status', { store: 'default' }));
      await send({ payload: await upload(), topic: 'kept' });
      await nodeRed.until(() => seen('THIRD').length > 0, 'the first poll');
      await nodeRed.kill();
      simulator.set({ bulkHold: 'none' });
      await start({ contextStorage });
      await nodeRed.until(() => seen('FIRST').length > 0, 'the end of the operation');
      assert.deepEqual([seen('FIRST')[0]!['topic'], seen('FIRST')[0]!['resumed']], ['kept', true]);
    });
  }

  it('bulk status: another store takes over what a store that forgets holds, in a redeploy', async () => {
    await start({}, flows('nrfcloud-bulk-status', { store: 'default' }));
    await send({ payload: await upload(), topic: 'kept' });
    await nodeRed.until(() => seen('THIRD').length > 0, 'the first poll');
    await nodeRed.deploy(flows('nrfcloud-bulk-status', { store: '' }), 'nodes');
    simulator.set({ bulkHold: 'none' });
    await nodeRed.until(() => seen('FIRST').length > 0, 'the end of the operation');
    assert.deepEqual([seen('FIRST')[0]!['topic'], seen('FIRST')[0]!['resumed']], ['kept', true]);
  });

  it('bulk status: messages that come while records are loaded are not taken for interrupted ones', async () => {
    const early = {
      id: 'early',
      type: 'function',
      z: 'tab',
      initialize: `for (const delay of [0, 20]) setTimeout(() => node.send({ payload: "${await upload()}", topic: delay }), delay);`,
      func: '',
      x: 100,
      y: 200,
      wires: [['node']],
    };
    const contextStorage = { default: { module: 'memory' }, disk: DISK };
    await start({ contextStorage }, flows('nrfcloud-bulk-status', { store: 'disk' }, [early]));
    await nodeRed.until(() => seen('THIRD').length >= 2, 'the first polls');
    await send({ payload: await upload(), topic: 'marker' });
    await nodeRed.until(() => seen('THIRD').length >= 3, 'the first poll of the marker');
    simulator.set({ bulkHold: 'none' });
    await nodeRed.until(() => seen('FIRST').some(({ topic }) => topic === 'marker'), 'the end of the marker');
    await nodeRed.until(() => seen('FIRST').length >= 3, 'the end of all');
    assert.ok([...seen('FIRST'), ...seen('THIRD')].every(({ resumed }) => resumed === undefined));
  });

  it('bulk claim: interrupted work waits while its connection is disabled, and goes on when it is enabled', async () => {
    const nodes = flows('nrfcloud-bulk-claim', { rowsPerUpload: 1, uploadsAtOnce: 1 });
    simulator.set({ latency: 50 });
    await start({}, nodes);
    await send({ payload: simulator.mintMany(ROWS).map(({ claimToken }) => claimToken), topic: 'kept' });
    await nodeRed.until(() => seen('FIRST').length > 0, 'the first upload');
    await nodeRed.kill();
    const before = liveRecords(userDir);
    assert.equal(before.length, 1);
    await start({}, nodes.map(isDisabled));
    assert.deepEqual(liveRecords(userDir), before);
    await nodeRed.deploy(nodes, 'nodes');
    await nodeRed.until(() => seen('THIRD').length > 0, 'the summary');
    assert.equal(seen('THIRD')[0]!['payload'].uploaded, ROWS);
    assert.deepEqual(seen('CAUGHT'), []);
  });

  it('bulk status: a timeout does not end a watch while its connection is disabled', async () => {
    const nodes = flows('nrfcloud-bulk-status', { timeout: 0.5 });
    await start({}, nodes);
    await send({ payload: await upload(), topic: 'kept' });
    await nodeRed.until(() => seen('THIRD').length > 0, 'the first poll');
    await nodeRed.kill();
    await start({}, nodes.map(isDisabled));
    simulator.set({ bulkHold: 'none' });
    await nodeRed.deploy(nodes, 'nodes');
    await nodeRed.until(() => seen('FIRST').length + seen('CAUGHT').length > 0, 'the end of the operation');
    assert.equal(seen('FIRST')[0]?.['topic'], 'kept');
  });
});
