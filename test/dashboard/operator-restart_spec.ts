import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DASHBOARD } from '../../demo/demo';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator';
import type { FlowNode, NodeRedProcess } from '../support/node-red-process';
import { claimingFlowAt, startFlow } from './operator-flow';
import { OperatorPage, SCREENS } from './operator-page';
import { pageUrl, useStage } from './stage';

const ROWS = 50_000;
const ROWS_PER_UPLOAD = 1000;
/** How long a step may take on a busy computer, in milliseconds. */
const PATIENCE_MS = 90_000;
/** Uploads after which Node-RED is killed. */
const UPLOADS_BEFORE = 15;

describe('operator page: a restart in the middle of 50,000 rows', function () {
  this.timeout(240_000);
  let userDir: string;
  /** What a user has who changed nothing: contexts in memory. */
  const start = (simulator: Simulator): Promise<NodeRedProcess> =>
    startFlow(patient(claimingFlowAt(simulator, ROWS_PER_UPLOAD)), {
      userDir,
      settings: { contextStorage: { default: { module: 'memory' } }, credentialSecret: 'kept over restarts' },
    });
  const stage = useStage(async () => {
    userDir = makeUserDir([DASHBOARD]);
    const simulator = await startSimulator({ verify: false });
    return { simulator, nodeRed: await start(simulator) };
  });
  after(() => rmSync(userDir, { recursive: true, force: true }));

  const open = async (): Promise<OperatorPage> => {
    const operator = await OperatorPage.open(stage.browser, pageUrl(stage.nodeRed), SCREENS.desk);
    operator.page.setDefaultTimeout(PATIENCE_MS);
    return operator;
  };

  it('operator page: a kill changes nothing but a short pause, and the same file again has nothing left', async () => {
    const { simulator } = stage;
    const devices = simulator.mintMany(ROWS, { signed: false });
    const file = ['serial,claim token', ...devices.map(({ claimToken }, index) => `${index},${claimToken}`)].join('\n');
    const before = await open();
    await before.check('fifty thousand.csv', file);
    assert.deepEqual(await before.account(), { fresh: ROWS });
    let uploads = 0;
    const midway = simulator.events.waitFor(
      'request',
      ({ method }) => {
        if (method === 'POST') uploads += 1;
        return uploads === UPLOADS_BEFORE;
      },
      PATIENCE_MS,
    );
    await before.claimFile();
    await midway;
    await stage.nodeRed.kill();
    await before.page.close();

    stage.nodeRed = await start(simulator);
    const after = await open();
    await after.page.locator('.op-file').getByText('fifty thousand.csv').waitFor();
    await after.fileIs('Done');
    const account = await after.account();
    assert.equal((account['claimed'] ?? 0) + (account['yours'] ?? 0), ROWS, JSON.stringify(account));
    assert.ok(devices.every(({ deviceUuid }) => simulator.claims.get(deviceUuid) === 1));

    await after.check('fifty thousand.csv', file);
    await after.page.getByText('This file was claimed on').waitFor();
    assert.deepEqual(await after.account(), { yours: ROWS });
    assert.deepEqual(
      [...before.problems, ...after.problems].filter((problem) => !/ERR_|WebSocket|SIO connect/.test(problem)),
      [],
    );

    // The results on the disk have no claim tokens.
    const folder = join(userDir, 'operator-page');
    const results = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    assert.equal(results.length, 1);
    assert.doesNotMatch(readFileSync(join(folder, results[0]!), 'utf8'), /2dn3/);
  });
});

/** With the retries of a shop floor: beside other specs an upload of a thousand rows may take longer than its time limit. */
function patient(flows: FlowNode[]): FlowNode[] {
  return flows.map((node) => (node.type === 'nrfcloud-connection' ? { ...node, retries: 5 } : node));
}
