import assert from 'node:assert/strict';
import { connectAsync } from 'mqtt';
import { Demo, type Endpoints } from '../../demo/demo';
import { instructions } from '../../demo/instructions';
import { Controls, type Device } from '../../harness/controls';
import { OperatorPage, SCREENS } from './operator-page';
import { sharedBrowser } from './stage';

describe('the demo', function () {
  this.timeout(60_000);
  const demo = new Demo({ nodeRed: 0, mqtt: 0, simulator: 0, summary: 0 }, () => undefined);
  let endpoints: Endpoints;
  let controls: Controls;
  before(async () => {
    endpoints = await demo.start();
    controls = new Controls(endpoints.controls);
  });
  after(() => demo.stop());

  const toCsv = (devices: Device[]): string => devices.map(({ claimToken }) => `${claimToken}\n`).join('');

  it('opens its own tabs, the operator page and the batch example, and no other example', async () => {
    const response = await fetch(`${endpoints.editor}/flows`);
    const flows = (await response.json()) as { type: string; label: string; connection?: string }[];
    assert.deepEqual(
      flows.filter(({ type }) => type === 'tab').map(({ label }) => label),
      [
        'Claim devices',
        'Claim a file',
        'Tags and devices',
        'Operator page (needs FlowFuse Dashboard)',
        'Claim a batch and wait until every device is in',
      ],
    );
    const connections = new Set(flows.flatMap(({ connection }) => connection ?? []));
    assert.equal(connections.size, 1);
    assert.equal(flows.filter(({ type }) => type === 'nrfcloud-connection').length, 1);
  });

  it('links from / to the operator page, which the instructions name', async () => {
    const start = await fetch(`${endpoints.nodeRed}/`);
    const [, link] = /<a href="([^"]+)"/.exec(await start.text())!;
    assert.equal(new URL(link!, start.url).href, endpoints.page);
    assert.ok(instructions(endpoints, await controls.mint(4)).includes(endpoints.page));
    const page = await fetch(endpoints.page);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<div id="app">/);
  });

  it('claims a file from the operator page at the simulator', async () => {
    const devices = await controls.mint(3);
    const operator = await OperatorPage.open(await sharedBrowser(), endpoints.page, SCREENS.desk);
    await operator.check('three.csv', toCsv(devices));
    await operator.claimFile();
    await operator.fileIs('Done');
    await operator.page.close();
    const { claims } = await controls.state();
    assert.deepEqual(
      devices.map(({ deviceUuid }) => claims[deviceUuid]),
      [1, 1, 1],
    );
  });

  describe('POST /claim-batch', () => {
    const url = (): string => `${endpoints.nodeRed}/claim-batch`;
    const headers = { 'content-type': 'text/csv' };

    it('has no report before the first batch: 404', async () => {
      assert.equal((await fetch(url())).status, 404);
    });

    it('refuses a body without a claim token with 400 and a reason', async () => {
      const response = await fetch(url(), { method: 'POST', headers, body: 'nonsense' });
      assert.equal(response.status, 400);
      const { error } = (await response.json()) as { error: string };
      assert.equal(error, 'NRFCLOUD_INVALID_INPUT');
    });

    it('onboards devices as they are by default, with a line of the report for each', async () => {
      const devices = await controls.mint(2);
      const client = await connectAsync(endpoints.broker);
      let lines = 0;
      const complete = new Promise<void>((resolve) => {
        client.on('message', () => {
          lines += 1;
          if (lines === devices.length) resolve();
        });
      });
      await client.subscribeAsync('batch/row', { qos: 1 });
      const response = await fetch(url(), { method: 'POST', headers, body: toCsv(devices) });
      assert.equal(response.status, 202);
      assert.match(await response.text(), /"uploaded":2.*\n$/);
      await complete;
      await client.endAsync();
      const report = await (await fetch(url())).text();
      assert.deepEqual(
        report.trimEnd().split('\n').sort(),
        devices.map(({ deviceUuid }, index) => `"${index + 1}","${deviceUuid}","onboarded",""`),
      );
    });
  });
});
