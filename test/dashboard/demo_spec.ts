import assert from 'node:assert/strict';
import { Demo } from '../../demo/demo';
import { instructions } from '../../demo/instructions';
import { Controls } from '../../harness/controls';

describe("the operator's page of the demo", function () {
  this.timeout(60_000);

  it('is where the invitation says, and claims at the simulator', async () => {
    const demo = new Demo({ nodeRed: 0, mqtt: 0, simulator: 0, summary: 0 }, () => undefined);
    try {
      const endpoints = await demo.start();
      const controls = new Controls(endpoints.controls);
      const devices = await controls.mint(3);
      assert.ok(instructions(endpoints, devices).includes(endpoints.page));
      const page = await fetch(endpoints.page);
      assert.equal(page.status, 200);
      assert.match(await page.text(), /<div id="app">/);

      const send = (name: string, rows: string): Promise<Response> => {
        const body = new FormData();
        body.append('file', new Blob([rows]), name);
        const headers = { 'X-Operator-Page': '1' };
        return fetch(`${endpoints.nodeRed}/operator/claim-file`, { method: 'POST', headers, body });
      };
      const tokens = devices.map(({ claimToken }) => claimToken).join('\n');
      assert.equal((await send('three.csv', tokens)).status, 202);
      // Another file is taken as soon as this one is done.
      while ((await send('next.csv', '\n')).status !== 202) continue;
      const { claims } = await controls.state();
      assert.deepEqual(
        devices.map(({ deviceUuid }) => claims[deviceUuid]),
        [1, 1, 1],
      );
    } finally {
      await demo.stop();
    }
  });
});
