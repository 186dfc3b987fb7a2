import assert from 'node:assert/strict';
import { join } from 'node:path';
import { writeFileSync } from 'node:fs';
import { startSimulator, type Simulator } from '../../simulator';
import { CONTRACT } from '../support/contract';
import { keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { pageFlows } from '../support/page-flows';

const PAGES = { 'migration.md': 3, 'scaling.md': 1 };
/** Properties that Node-RED gives every node. */
const COMMON = new Set(['id', 'type', 'z', 'x', 'y', 'wires', 'name']);

describe('the flows in docs/', () => {
  for (const [page, count] of Object.entries(PAGES)) {
    it(`of ${page} hold together, and know the properties of our nodes`, () => {
      const flows = pageFlows(page);
      assert.equal(flows.length, count);
      for (const nodes of flows) {
        const ids = new Set(nodes.map(({ id }) => id));
        for (const node of nodes) {
          const { wires = [], scope = [], connection, broker } = node as Record<string, any>;
          const config = [connection, node.type === 'mqtt-broker' ? undefined : broker];
          for (const id of [...wires.flat(), ...scope, ...config]) assert.ok(id === undefined || ids.has(id), node.id);
          const contract = CONTRACT[node.type];
          if (contract === undefined) continue;
          const own = Object.keys(node).filter((name) => !COMMON.has(name));
          assert.deepEqual(
            own.sort(),
            Object.keys(contract.defaults)
              .filter((name) => !COMMON.has(name))
              .sort(),
          );
          assert.equal(wires.length, contract.outputs, node.id);
        }
      }
    });
  }
});

describe('the flows of docs/migration.md, imported into a real Node-RED', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  const seen =
    (what: string): (() => boolean) =>
    () =>
      nodeRed.log.some((line) => line.includes(what));

  before(async () => {
    simulator = await startSimulator({ api: 'current' });
    const flows = pageFlows('migration.md').flat().map(chosen);
    nodeRed = await startNodeRedProcess({ flows, credentials: keyFor(flows, 'sim-key') });
  });
  after(async () => {
    await nodeRed.stop();
    await simulator.close();
  });

  /** Our choice of service, and a debug node that writes to the log, for the sidebar. */
  function chosen(node: FlowNode): FlowNode {
    if (node.type === 'nrfcloud-connection') return { ...node, baseUrl: simulator.url };
    if (node.type !== 'debug') return node;
    const shown = node['name'] === 'error' ? 'msg.error.code' : 'msg.payload';
    const func = `node.warn('${node['name']} ' + JSON.stringify(${shown}));`;
    return { id: node.id, type: 'function', z: node['z'], func, outputs: 0, wires: [] } as FlowNode;
  }

  /** Presses the button of a flow. */
  async function press(label: string, payload: string): Promise<void> {
    const nodes = pageFlows('migration.md').flat();
    const tab = nodes.find((node) => node.type === 'tab' && node['label'] === label)!;
    const button = nodes.find((node) => node.type === 'inject' && node['z'] === tab.id)!;
    const answer = await nodeRed.admin(`/inject/${button.id}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ __user_inject_props__: [{ p: 'payload', v: payload, vt: 'str' }] }),
    });
    assert.equal(answer.status, 200);
  }

  it('claims the devices of the tool’s own file, and accounts for them', async () => {
    const minted = simulator.mintMany(3);
    const rows = minted.map(
      ({ imei, deviceUuid, claimToken }) => `${imei},${deviceUuid},${claimToken},2026-07-29T12:00:00Z`,
    );
    const file = join(nodeRed.userDir, 'attestation_tokens.csv');
    writeFileSync(file, [...rows, '350000000000000,x,not a token,2026-07-29T12:00:00Z', ''].join('\n'));
    await press('claim_devices', file);
    await nodeRed.until(seen('summary "Done. 3 of 4 rows uploaded."'), 'the summary');
    await nodeRed.until(seen('rejected rows [{"line":4,'), 'the rejected row');
    await nodeRed.until(seen('claimed {"claimedIds":'), 'the result');
    for (const { deviceUuid } of minted) {
      assert.deepEqual(simulator.device(deviceUuid)?.['tags'], ['nrf-cloud-onboarding']);
    }
  });

  it('claims a device in place of an HTTP request node', async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    await press('In place of an HTTP request node', claimToken);
    await nodeRed.until(() => seen(deviceUuid)() && simulator.claims.get(deviceUuid) === 1, 'the claim');
    await press('In place of an HTTP request node', 'nonsense');
    await nodeRed.until(seen('error "NRFCLOUD_INVALID_INPUT"'), 'the error');
  });

  it('unclaims a device and claims it anew, and one that was not claimed, too', async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    await press('claim_and_provision_device --unclaim', claimToken);
    const claimed = (): number => nodeRed.log.filter((line) => line.includes(`claimed {"id":"${deviceUuid}"`)).length;
    await nodeRed.until(() => claimed() === 1, 'the first claim');
    await press('claim_and_provision_device --unclaim', claimToken);
    await nodeRed.until(() => claimed() === 2, 'the second claim');
    assert.equal(simulator.claims.get(deviceUuid), 2);
    assert.ok(!seen('error "NRFCLOUD_NOT_FOUND"')());
  });
});
