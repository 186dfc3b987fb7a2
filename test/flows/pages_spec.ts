import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startSimulator, type Simulator } from '../../simulator';
import { CONTRACT } from '../support/contract';
import { readExample, pressInject } from '../support/examples';
import { keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';

const ROOT = resolve(__dirname, '../..');
const NAMES = readdirSync(join(ROOT, 'examples/docs')).map((file) => file.replace('.json', ''));
/** The flows that docs/migration.md links. */
const FROM_FILE = 'Claim devices from a file';
const ONE_DEVICE = 'Claim one device';
const AGAIN = 'Unclaim and claim again';
const MIGRATION = [FROM_FILE, ONE_DEVICE, AGAIN];
/** Properties that Node-RED gives every node. */
const COMMON = new Set(['id', 'type', 'z', 'g', 'x', 'y', 'wires', 'name']);

describe('examples of the guides', () => {
  for (const name of NAMES) {
    it(`${name}: wires and scopes lead to nodes, and our nodes have the properties of the contract`, () => {
      const nodes = readExample(`docs/${name}`);
      assert.equal(nodes.find(({ type }) => type === 'tab')?.['label'], name);
      const ids = new Set(nodes.map(({ id }) => id));
      for (const node of nodes) {
        const { wires = [], scope = [], connection, broker } = node as Record<string, any>;
        const config = [connection, node.type === 'mqtt-broker' ? undefined : broker];
        for (const id of [...wires.flat(), ...scope, ...config]) assert.ok(id === undefined || ids.has(id), node.id);
        const contract = CONTRACT[node.type];
        if (contract === undefined) continue;
        const own = Object.keys(node).filter((property) => !COMMON.has(property));
        const defaults = Object.keys(contract.defaults).filter((property) => !COMMON.has(property));
        assert.deepEqual(own.sort(), defaults.sort());
        assert.equal(wires.length, contract.outputs, node.id);
      }
    });
  }

  it('examples of the guides: each is linked from a guide, and each link leads to a file', () => {
    const guides = readdirSync(join(ROOT, 'docs')).filter((file) => file.endsWith('.md'));
    const links = guides.flatMap((guide) => {
      const text = readFileSync(join(ROOT, 'docs', guide), 'utf8');
      return [...text.matchAll(/\]\(\.\.\/examples\/docs\/([^)]+)\.json\)/g)].map(([, name]) =>
        decodeURIComponent(name!),
      );
    });
    assert.deepEqual([...new Set(links)].sort(), [...NAMES].sort());
  });
});

describe('examples of docs/migration.md, imported into a real Node-RED', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  const seen =
    (what: string): (() => boolean) =>
    () =>
      nodeRed.log.some((line) => line.includes(what));

  before(async () => {
    simulator = await startSimulator({ api: 'current' });
    const flows = MIGRATION.flatMap((name) => readExample(`docs/${name}`)).map(chosen);
    nodeRed = await startNodeRedProcess({ flows, credentials: keyFor(flows, 'sim-key') });
  });
  after(async () => {
    await nodeRed.stop();
    await simulator.close();
  });

  /** Uses the simulator, and replaces a debug node by one that writes to the log. */
  function chosen(node: FlowNode): FlowNode {
    if (node.type === 'nrfcloud-connection') return { ...node, baseUrl: simulator.url };
    if (node.type !== 'debug') return node;
    const shown = node['name'] === 'error' ? 'msg.error.code' : 'msg.payload';
    const func = `node.warn('${node['name']} ' + JSON.stringify(${shown}));`;
    return { id: node.id, type: 'function', z: node['z'], func, outputs: 0, wires: [] } as FlowNode;
  }

  /** Presses the inject node's button of a flow. */
  async function press(name: string, payload: string): Promise<void> {
    const button = readExample(`docs/${name}`).find((node) => node.type === 'inject')!;
    await pressInject(nodeRed, button.id, payload);
  }

  it(`${FROM_FILE}: the tool’s own file ends in claimed devices, a rejected row and a summary`, async () => {
    const minted = simulator.mintMany(3);
    const rows = minted.map(
      ({ imei, deviceUuid, claimToken }) => `${imei},${deviceUuid},${claimToken},2026-07-29T12:00:00Z`,
    );
    const file = join(nodeRed.userDir, 'attestation_tokens.csv');
    writeFileSync(file, [...rows, '350000000000000,x,not a token,2026-07-29T12:00:00Z', ''].join('\n'));
    await press(FROM_FILE, file);
    await nodeRed.until(seen('summary "Done. 3 of 4 rows uploaded."'), 'the summary');
    await nodeRed.until(seen('rejected rows [{"line":4,'), 'the rejected row');
    await nodeRed.until(seen('claimed {"claimedIds":'), 'the result');
    for (const { deviceUuid } of minted) {
      assert.deepEqual(simulator.device(deviceUuid)?.['tags'], ['nrf-cloud-onboarding']);
    }
  });

  it(`${ONE_DEVICE}: a token ends in a claimed device, other text in an error`, async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    await press(ONE_DEVICE, claimToken);
    await nodeRed.until(() => seen(deviceUuid)() && simulator.claims.get(deviceUuid) === 1, 'the claim');
    await press(ONE_DEVICE, 'nonsense');
    await nodeRed.until(seen('error "NRFCLOUD_INVALID_INPUT"'), 'the error');
  });

  it(`${AGAIN}: a claimed and an unclaimed device end claimed`, async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    await press(AGAIN, claimToken);
    const claimed = (): number => nodeRed.log.filter((line) => line.includes(`claimed {"id":"${deviceUuid}"`)).length;
    await nodeRed.until(() => claimed() === 1, 'the first claim');
    await press(AGAIN, claimToken);
    await nodeRed.until(() => claimed() === 2, 'the second claim');
    assert.equal(simulator.claims.get(deviceUuid), 2);
    assert.ok(!seen('error "NRFCLOUD_NOT_FOUND"')());
  });
});
