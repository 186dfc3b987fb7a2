import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Browser } from 'playwright-core';
import type { Simulator } from '../../simulator';
import { startBrowser } from '../support/browser';
import { startDemoFlow, type DemoFlow } from '../support/demo-flow';
import type { NodeRedProcess } from '../support/node-red-process';

describe("the demo's page for a file, in a browser", function () {
  this.timeout(60_000);
  let demo: DemoFlow;
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  let mqtt: MqttClient;
  let browser: Browser;
  let folder: string;
  const rows: Record<string, any>[] = [];

  before(async () => {
    demo = await startDemoFlow();
    ({ simulator, nodeRed } = demo);
    mqtt = await connectAsync(demo.mqttUrl);
    await mqtt.subscribeAsync('bulk/+/row');
    folder = mkdtempSync(join(tmpdir(), 'nrfcloud-file-'));
    browser = await startBrowser();
  });
  after(async () => {
    await browser.close();
    await mqtt.endAsync();
    await demo.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes a CSV by its form, shows the summary, and the outcome of each row comes by MQTT', async () => {
    const [mine, other] = simulator.mintMany(2);
    simulator.claimByOther(other!.deviceUuid);
    const path = join(folder, 'tokens.csv');
    writeFileSync(path, `token\n${mine!.claimToken}\nnonsense\n${other!.claimToken}\n`);
    const all = new Promise<void>((resolve) => {
      mqtt.on('message', (_topic, payload) => {
        if (rows.push(JSON.parse(payload.toString()) as Record<string, any>) === 3) resolve();
      });
    });
    const page = await browser.newPage();
    await page.goto(`${nodeRed.url}/`);
    await page.getByLabel('CSV file').setInputFiles(path);
    await page.getByRole('button', { name: 'Claim' }).click();
    await page.getByText('2 of 3 rows were uploaded, 1 were rejected').waitFor();
    await all;
    assert.deepEqual(
      rows.map(({ line, outcome, code }) => [line, outcome, code]).sort(([a], [b]) => a - b),
      [
        [2, 'claimed', undefined],
        [3, 'rejected', 'INVALID_TOKEN'],
        [4, 'refused', undefined],
      ],
    );
  });

  it('answers what is no file with 400 and the reason', async () => {
    const response = await fetch(`${nodeRed.url}/claim-file`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{ "claimToken": "x" }',
    });
    assert.equal(response.status, 400);
    assert.equal(((await response.json()) as { error: string }).error, 'NRFCLOUD_INVALID_INPUT');
  });
});
