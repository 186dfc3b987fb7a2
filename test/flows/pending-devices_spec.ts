import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../harness/eventually';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator';
import { recordedDevices } from '../support/journal-records';
import { startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { postJson } from '../support/post-json';
import { reportNode, reportsIn } from '../support/reports';

const TAG = 'nrf-cloud-onboarding';

/** Reports what a node sends. */
const report = (id: string, label: string): FlowNode =>
  reportNode(
    id,
    '{ payload: msg.payload, deviceId: msg.deviceId, parts: msg.parts, topic: msg.topic, resumed: msg.resumed, http: !!(msg.req || msg.res), error: msg.error }',
    label,
  );

describe('pending devices and commands when Node-RED is killed', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let userDir: string;
  let nodeRed: NodeRedProcess;
  /** The lines of all processes. */
  let lines: string[];

  const flows = (): FlowNode[] => [
    { id: 'tab', type: 'tab', label: 'pending' },
    {
      id: 'connection',
      type: 'nrfcloud-connection',
      baseUrl: simulator.url,
      deviceApiUrl: simulator.deviceApiUrl,
      retries: 0,
    },
    { id: 'in', type: 'http in', z: 'tab', url: '/in', method: 'post', x: 100, y: 100, wires: [['unpack']] },
    {
      id: 'unpack',
      type: 'function',
      z: 'tab',
      func: 'const { node: name, ...rest } = msg.payload;\nconst next = Object.assign(msg, rest);\nreturn [{ res: msg.res, payload: "ok" }, name === "follow" ? next : null, name === "command" ? next : null];',
      outputs: 3,
      x: 200,
      y: 100,
      wires: [['answer'], ['follow'], ['command']],
    },
    { id: 'answer', type: 'http response', z: 'tab', x: 300, y: 40, wires: [] },
    {
      id: 'follow',
      type: 'nrfcloud-onboarding',
      z: 'tab',
      connection: 'connection',
      interval: 0.2,
      maxInterval: 0.5,
      pollRate: 200,
      timeout: 6,
      x: 300,
      y: 100,
      wires: [['onboarded'], ['not'], ['progress']],
    },
    {
      id: 'command',
      type: 'nrfcloud-command',
      z: 'tab',
      connection: 'connection',
      command: 'msg',
      interval: 0.1,
      maxInterval: 0.2,
      x: 300,
      y: 200,
      wires: [['succeeded'], ['failed'], ['command-progress']],
    },
    report('onboarded', 'ONBOARDED'),
    report('not', 'NOT'),
    report('progress', 'PROGRESS'),
    report('succeeded', 'SUCCEEDED'),
    report('failed', 'FAILED'),
    report('command-progress', 'COMMAND'),
    { id: 'catch', type: 'catch', z: 'tab', scope: ['follow', 'command'], x: 300, y: 300, wires: [['caught']] },
    report('caught', 'CAUGHT'),
  ];

  beforeEach(async () => {
    lines = [];
    simulator = await startSimulator();
    simulator.setDeviceBehaviour('default', { contactAfterMs: null, onboardAfterMs: 0, stateAfterMs: null });
    userDir = makeUserDir();
  });
  afterEach(async () => {
    await nodeRed.stop();
    await simulator.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  const start = async (fresh: boolean): Promise<void> => {
    nodeRed = await startNodeRedProcess({
      userDir,
      ...(fresh ? { flows: flows(), credentials: { connection: { apiKey: 'sim-key' } } } : {}),
      settings: { credentialSecret: false },
    });
  };
  const kill = async (): Promise<void> => {
    await nodeRed.kill();
    lines.push(...nodeRed.log);
    await start(false);
  };
  const seen = (label: string): Record<string, any>[] => reportsIn([...lines, ...nodeRed.log], label);
  const send = (body: object): Promise<Response> => fetch(`${nodeRed.url}/in`, postJson(body));

  it('every device of an array leaves once, before or after the restart, in one sequence', async () => {
    const ids = simulator.fill(300, [TAG]);
    await start(true);
    await send({ node: 'follow', payload: ids, topic: 'batch', note: 'n'.repeat(600) });
    for (const id of ids.slice(0, 100)) simulator.onboard(id);
    await nodeRed.until(() => seen('ONBOARDED').length === 100, 'the first hundred');
    await nodeRed.until(() => seen('PROGRESS').some(({ payload }) => payload.onboarded === 100), 'the progress');
    // What has left and is not recorded yet leaves again.
    await eventually(() => recordedDevices(userDir).ended === 100, 'the record of the first hundred');
    await kill();
    for (const id of ids.slice(100, 200)) simulator.onboard(id);
    await nodeRed.until(() => seen('ONBOARDED').length === 200, 'the second hundred');
    await eventually(() => recordedDevices(userDir).ended === 200, 'the record of the second hundred');
    await kill();
    await nodeRed.until(() => seen('PROGRESS').some(({ payload }) => payload.complete === true), 'the end');
    const results = [...seen('ONBOARDED'), ...seen('NOT')];
    assert.deepEqual(results.map(({ deviceId }) => deviceId as string).sort(), [...ids].sort());
    assert.deepEqual(
      results.map(({ parts }) => parts.index as number).sort((a, b) => a - b),
      ids.map((_, index) => index),
    );
    assert.equal(new Set(results.map(({ parts }) => parts.id as string)).size, 1);
    assert.deepEqual(
      results.filter(({ parts }) => parts.count !== undefined).map(({ parts }) => parts.count as number),
      [300],
    );
    assert.equal(results.filter(({ resumed }) => resumed === true).length, 200);
    assert.ok(results.every(({ topic, resumed, http }) => topic === 'batch' && (resumed !== true || !http)));
    assert.deepEqual(seen('PROGRESS').at(-1)!['payload'], {
      total: 300,
      waiting: 0,
      onboarded: 200,
      connected: 0,
      failed: 100,
      complete: true,
    });
    await kill();
    await send({ node: 'command', payload: ids[0], command: { type: 'finished' } });
    await nodeRed.until(() => seen('COMMAND').length > 0, 'the marker');
    assert.equal(seen('ONBOARDED').length + seen('NOT').length, 300, 'what has ended is not taken up again');
  });

  it('a command that is waited for leaves once, and its request is not in the journal', async () => {
    const [id] = simulator.fill(1);
    await start(true);
    await send({
      node: 'command',
      payload: id,
      topic: 'kept',
      command: { type: 'finished', note: 'only-in-the-request' },
    });
    await nodeRed.until(() => seen('COMMAND').length > 0, 'the first poll');
    // Not the whole user directory: newer versions of Node.js would follow the link to the package.
    const journal = join(userDir, 'nrfcloud-provisioning');
    const files = readdirSync(journal, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const texts = files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
    assert.ok(texts.some((text) => text.includes('"topic":"kept"')));
    assert.ok(!texts.some((text) => text.includes('only-in-the-request')));
    await kill();
    simulator.contact(id!);
    await nodeRed.until(() => seen('SUCCEEDED').length > 0, 'the result');
    const [result] = seen('SUCCEEDED');
    assert.equal(result!['resumed'], true);
    assert.equal(result!['topic'], 'kept');
    assert.equal(result!['payload'].deviceId, id);
    assert.equal(simulator.commands(id!).length, 1);
  });

  it('a command whose creation was interrupted is not repeated, and may exist', async () => {
    const [id] = simulator.fill(1);
    simulator.faults.add({ match: { operation: 'createCommand' }, slow: { where: 'headers', ms: 'forever' } });
    await start(true);
    const arrived = simulator.events.waitFor('request', ({ operation }) => operation === 'createCommand');
    await send({ node: 'command', payload: id, command: { type: 'finished' } });
    await arrived;
    await kill();
    await nodeRed.until(() => seen('CAUGHT').length > 0, 'the error');
    assert.equal(seen('CAUGHT')[0]!['error'].cause.mayHaveSucceeded, true);
    assert.equal(simulator.commands(id!).length, 1);
    await kill();
    assert.equal(seen('CAUGHT').length, 1);
  });
});
