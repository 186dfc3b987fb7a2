import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Browser } from 'playwright-core';
import { startBroker, type Broker } from '../../harness/broker';
import { startSimulator, type Simulator } from '../../simulator';
import { startBrowser } from '../support/editor';
import { demoFlows, keyFor, startNodeRedProcess, type NodeRedProcess } from '../support/node-red-process';

describe("the demo's page for a file, in a browser", function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let broker: Broker;
  let nodeRed: NodeRedProcess;
  let mqtt: MqttClient;
  let browser: Browser;
  let folder: string;
  const rows: Record<string, any>[] = [];

  before(async () => {
    simulator = await startSimulator();
    broker = startBroker(0);
    const { url, port } = await broker.ready;
    const flows = demoFlows();
    nodeRed = await startNodeRedProcess({
      flows,
      credentials: keyFor(flows, 'sim-key'),
      env: {
        NRFCLOUD_BASE_URL: simulator.url,
        NRFCLOUD_DEVICE_API_URL: simulator.deviceApiUrl,
        DEMO_MQTT_PORT: String(port),
      },
    });
    await broker.subscribed('line/+/token');
    mqtt = await connectAsync(url);
    await mqtt.subscribeAsync('bulk/+/row');
    folder = mkdtempSync(join(tmpdir(), 'nrfcloud-file-'));
    browser = await startBrowser();
  });
  after(async () => {
    await browser.close();
    await mqtt.endAsync();
    await nodeRed.stop();
    await broker.stop();
    await simulator.close();
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
