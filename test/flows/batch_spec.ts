import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../harness/eventually';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator';
import type { DeviceBehaviour } from '../../simulator/device/behaviour';
import { chosen, readExample, pressInject } from '../support/examples';
import { recordedDevices } from '../support/journal-records';
import { keyFor, startNodeRedProcess, supportFolder, type NodeRedProcess } from '../support/node-red-process';

const NAME = 'Claim a batch and wait until every device is in';
const TAG = 'nrf-cloud-onboarding';
/** `npm run stress:batch` sends 2,000. */
const DEVICES = Number(process.env['BATCH_DEVICES'] ?? 180);
/** Seconds after which the flow gives a device up. */
const TIMEOUT = 30 + DEVICES / 60;
/** When a device that is late contacts the service, in milliseconds. */
const LATER_MS = 18_000 + DEVICES * 6;
/** How long the flow may take on a busy machine. */
const WAIT_MS = 100_000;

/** What becomes of a device, and what the flow must say about it. */
interface Kind {
  name: string;
  behaviour: Partial<DeviceBehaviour>;
  /** The tag of its row; none for a device that no rule is for. */
  tag?: string;
  stage: string;
  /** What the reason tells an operator to do. */
  advice: RegExp;
}

const AT_ONCE = { contactAfterMs: 0, onboardAfterMs: 0, stateAfterMs: 0 };
const KINDS: Kind[] = [
  { name: 'contacts the service at once', behaviour: AT_ONCE, tag: TAG, stage: 'connected', advice: /^$/ },
  { name: 'later', behaviour: { ...AT_ONCE, contactAfterMs: LATER_MS }, tag: TAG, stage: 'connected', advice: /^$/ },
  { name: 'never', behaviour: { contactAfterMs: null }, tag: TAG, stage: 'waiting', advice: /make the device contact/ },
  { name: 'no rule', behaviour: AT_ONCE, stage: 'waiting', advice: /rule/ },
  { name: 'rule in draft', behaviour: AT_ONCE, tag: 'draft', stage: 'waiting', advice: /activate/ },
  {
    name: 'command fails',
    behaviour: { ...AT_ONCE, failAt: { index: 0, cme: 528, text: 'full' } },
    tag: TAG,
    stage: 'failed',
    advice: /528/,
  },
  { name: 'blocked', behaviour: { contactAfterMs: null }, tag: TAG, stage: 'blocked', advice: /unblock/ },
  {
    name: 'unclaimed meanwhile',
    behaviour: { contactAfterMs: null },
    tag: TAG,
    stage: 'unclaimed',
    advice: /claim it/,
  },
  {
    name: 'never connects',
    behaviour: { ...AT_ONCE, stateAfterMs: null },
    tag: TAG,
    stage: 'onboarded',
    advice: /network, SIM card and firmware/,
  },
];

/** A line of the report: `"line","device","stage","reason"`. */
interface Reported {
  line: number;
  deviceId: string;
  stage: string;
  reason: string;
}

describe(`a batch of ${DEVICES} devices in the demo's flow`, function () {
  this.timeout(240_000);
  let simulator: Simulator;
  let userDir: string;
  let nodeRed: NodeRedProcess;

  before(async () => {
    simulator = await startSimulator({ pageSize: 1000 });
    userDir = makeUserDir();
  });
  after(async () => {
    await nodeRed.stop();
    await simulator.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  const start = async (isFirst: boolean): Promise<void> => {
    const nodes = {
      'nrfcloud-onboarding': { interval: 0.5, maxInterval: 2, pollRate: 1000, timeout: TIMEOUT, until: 'connected' },
      'nrfcloud-bulk-status': { interval: 0.1, maxInterval: 0.5 },
    };
    const flows = readExample(NAME).map((node) => chosen(node, { simulator, nodes, env: { TAG: 'batch' } }));
    nodeRed = await startNodeRedProcess({
      userDir,
      ...(isFirst ? { flows, credentials: keyFor(flows, 'sim-key') } : {}),
      settings: { credentialSecret: false },
      env: { NODE_OPTIONS: `--require ${supportFolder('short-unclaimed.cjs')}` },
    });
  };

  const report = (): Reported[] => {
    let text: string;
    try {
      text = readFileSync(join(userDir, 'onboarding-report.csv'), 'utf8');
    } catch {
      return [];
    }
    // The last line may still be written.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    return parse(whole).map(([line, deviceId = '', stage = '', reason = '']) => ({
      line: Number(line),
      deviceId,
      stage,
      reason,
    }));
  };
  const reported = (stage: string): number => report().filter((row) => row.stage === stage).length;

  it('every device leaves once, with its stage and what to do, although Node-RED is killed', async () => {
    const devices = simulator.mintMany(DEVICES);
    const kindOf = (index: number): Kind => KINDS[index % KINDS.length]!;
    const indexesOf = (name: string): number[] => [...devices.keys()].filter((index) => kindOf(index).name === name);
    const idsOf = (name: string): string[] => indexesOf(name).map((index) => devices[index]!.deviceUuid);
    for (const [index, { deviceUuid }] of devices.entries()) {
      simulator.setDeviceBehaviour(deviceUuid, kindOf(index).behaviour);
    }
    const commands = [{ request: { cloudAccessKeyGeneration: { secTag: 16842753 } } }];
    simulator.addRule({ name: 'onboarding', active: true, commands, tags: [TAG] });
    simulator.addRule({ name: 'not yet', active: false, commands, tags: ['draft'] });

    await start(true);
    const rows = devices.map(({ claimToken }, index) => [claimToken, kindOf(index).tag ?? '']);
    const button = readExample(NAME).find(({ type }) => type === 'inject')!;
    await pressInject(nodeRed, button.id, rows);
    const atOnce = idsOf('contacts the service at once').length;
    await eventually(() => reported('connected') >= atOnce, 'the devices that contact the service at once', WAIT_MS);
    const failing = idsOf('command fails').length;
    await eventually(() => reported('failed') >= failing, 'the devices whose command fails', WAIT_MS);
    // Each was seen claimed, and that is recorded.
    const waiting = KINDS.filter(
      ({ name }) => !['contacts the service at once', 'command fails', 'never connects'].includes(name),
    );
    const expected = waiting.reduce((sum, { name }) => sum + idsOf(name).length, 0);
    await eventually(() => recordedDevices(userDir).seenClaimed >= expected, 'the record of claimed devices', WAIT_MS);
    await eventually(() => recordedDevices(userDir).ended >= report().length, 'the record of all ends', WAIT_MS);
    for (const id of idsOf('unclaimed meanwhile')) simulator.unclaim(id);
    for (const id of idsOf('blocked')) await block(id);
    await nodeRed.kill();
    await start(false);
    await eventually(() => report().length >= DEVICES, 'the end of all devices', WAIT_MS);

    const twice = report().filter(
      (row, index, all) => all.findIndex(({ deviceId }) => deviceId === row.deviceId) !== index,
    );
    assert.deepEqual(twice, [], 'nothing is reported twice');
    const byLine = new Map(report().map((row) => [row.line, row]));
    assert.equal(report().length, DEVICES);
    for (const [index, { deviceUuid }] of devices.entries()) {
      const kind = kindOf(index);
      const row = byLine.get(index + 1);
      assert.deepEqual([row?.deviceId, row?.stage], [deviceUuid, kind.stage], kind.name);
      assert.match(row!.reason, kind.advice, kind.name);
    }
    assert.deepEqual([...new Set(simulator.claims.values())], [1], 'each device is claimed once');
  });

  const block = async (id: string): Promise<void> => {
    const headers = { authorization: 'Bearer sim-key' };
    const { ok } = await fetch(`${simulator.url}/claimed-devices/${id}/block`, { method: 'POST', headers });
    assert.ok(ok);
  };
});
