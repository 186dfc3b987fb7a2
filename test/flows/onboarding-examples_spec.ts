import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../../harness/eventually';
import { startSimulator, type Simulator } from '../../simulator';
import { startExamples, type Choices, type RunningExamples } from '../support/examples';

const TAG = 'nrf-cloud-onboarding';

describe('examples of onboarding', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let folder: string;
  let running: RunningExamples;
  beforeEach(async () => {
    simulator = await startSimulator();
    simulator.setDeviceBehaviour('default', { contactAfterMs: null, onboardAfterMs: 0, stateAfterMs: null });
    folder = mkdtempSync(join(tmpdir(), 'nrfcloud-example-'));
  });
  afterEach(async () => {
    await running.stop();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (name: string, choices: Partial<Choices> = {}): Promise<void> => {
    running = await startExamples([name], { simulator, mqttPort: 9, ...choices });
  };
  const logged = (text: string | RegExp): boolean => running.nodeRed.log.some((line) => line.search(text) >= 0);
  const fast = { interval: 0.05, maxInterval: 0.2 };

  it('Claim a batch and wait until every device is in: reports the stage of each row', async () => {
    const name = 'Claim a batch and wait until every device is in';
    simulator.addRule({
      name: 'rule',
      tags: [TAG],
      active: true,
      commands: [{ request: { cloudAccessKeyGeneration: { secTag: 16842753 } } }],
    });
    const [now, fails, never, other] = simulator.mintMany(4);
    simulator.setDeviceBehaviour(now!.deviceUuid, { contactAfterMs: 0 });
    simulator.setDeviceBehaviour(fails!.deviceUuid, {
      contactAfterMs: 0,
      failAt: { index: 0, cme: 528, text: 'full' },
    });
    simulator.claimByOther(other!.deviceUuid);
    const report = join(folder, 'report.csv');
    await start(name, {
      env: { REPORT_FILE: report },
      nodes: { 'nrfcloud-onboarding': { ...fast, pollRate: 200, timeout: 3 }, 'nrfcloud-bulk-status': fast },
    });
    const tokens = [now, fails, never, other].map((minted) => [minted!.claimToken]);
    await running.press(name, 'claim these rows', [...tokens, ['rubbish']]);
    const lines = await eventually(() => {
      const found = readText(report).split('\n').filter(Boolean);
      return found.length === 5 && found;
    }, 'the report of five rows');
    const stages = Object.fromEntries(
      lines.map((line) => [line.slice(1, 2), /^"\d","[^"]*","([^"]*)"/.exec(line)?.[1]]),
    );
    assert.deepEqual(stages, { 1: 'onboarded', 2: 'failed', 3: 'waiting', 4: 'not claimed', 5: 'rejected' });
    await eventually(() => logged(/complete: true/), 'the last progress');
  });

  it('Ready to claim?: says what is there', async () => {
    const name = 'Ready to claim? every morning, alarm if not';
    simulator.addRule({ name: 'rule', tags: [TAG], active: true, commands: [{ request: { finished: {} } }] });
    await start(name);
    await running.press(name, 'look now');
    await eventually(() => logged(/ready: true/), 'the result');
  });

  it('Make the onboarding rule: makes one, however often it is pressed', async () => {
    const name = 'Make the onboarding rule';
    await start(name);
    await running.press(name, 'make the rule');
    await running.press(name, 'make the rule');
    await eventually(() => simulator.rules().length > 0, 'the rule');
    await running.press(name, 'which rules are there?');
    await eventually(() => logged(/rules\]/), 'the list');
    assert.equal(simulator.rules().length, 1);
  });

  it('Give the devices of a tag new keys: sends the command to those devices alone', async () => {
    const name = 'Give the devices of a tag new keys';
    const ids = simulator.fill(2, ['rotate-keys']);
    const [other] = simulator.fill(1, ['other']);
    await start(name, { nodes: { 'nrfcloud-command': fast } });
    await running.press(name, 'new keys');
    await eventually(() => ids.every((id) => simulator.commands(id).length === 1), 'the commands');
    assert.equal(simulator.commands(other!).length, 0);
    for (const id of ids) simulator.contact(id);
    await eventually(() => running.nodeRed.log.filter((line) => line.includes('SUCCEEDED')).length >= 2, 'the ends');
  });

  it("Sign a device's CSR with your own CA: gives the device its certificate", async () => {
    const name = "Sign a device's CSR with your own CA";
    const [id] = simulator.fill(1);
    const [ca, key] = [join(folder, 'ca.pem'), join(folder, 'ca-key.pem')];
    try {
      const options = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
      execFileSync('openssl', [...options, '-subj', '/CN=ca', '-keyout', key, '-out', ca, '-days', '10'], {
        stdio: 'pipe',
      });
    } catch (error) {
      throw new Error('this test needs openssl; install it with: apt-get install openssl', { cause: error });
    }
    process.env['ROOT_CA'] = readFileSync(ca, 'utf8').replaceAll('\n', '\\n');
    try {
      await start(name, {
        env: { CA_FILE: ca, CA_KEY_FILE: key, CSR_FOLDER: folder },
        nodes: { 'nrfcloud-command': fast },
      });
    } finally {
      delete process.env['ROOT_CA'];
    }
    await running.press(name, 'a device', id);
    await eventually(() => simulator.commands(id!).length === 1, 'the request for a CSR');
    simulator.contact(id!);
    await eventually(() => simulator.commands(id!).length === 4 || logged(/error/i), 'the certificates');
    const [, client] = simulator.commands(id!) as { request: Record<string, { content: string; secTag: number }> }[];
    assert.equal(client?.request['clientCertificate']?.secTag, 16842754);
    assert.match(client.request['clientCertificate'].content, /^-----BEGIN CERTIFICATE-----/);
    simulator.contact(id!);
    await eventually(() => running.nodeRed.log.some((line) => line.includes('SUCCEEDED')), 'the end');
  });

  it('Export a file for the new onboarding: writes two columns', async () => {
    const name = 'Export a file for the new onboarding';
    const file = join(folder, 'tokens.csv');
    const minted = simulator.mintMany(3);
    await start(name, { env: { FILE: file } });
    await running.press(name, 'these tokens', [...minted.map(({ claimToken }) => `"${claimToken}"`), 'no token']);
    const expected = ['deviceId,attestationToken', ...minted.map((one) => `${one.deviceUuid},${one.claimToken}`), ''];
    await eventually(() => readText(file) === expected.join('\n'), 'the file');
    await eventually(() => logged(/1 lines hold no claim token/), 'the report of the other line');
    assert.equal(simulator.requestCount, 0);
  });
});

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
