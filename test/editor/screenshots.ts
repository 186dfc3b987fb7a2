/** Takes the README's pictures, of the demo as it runs: `npm run screenshots`. */
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { connectAsync } from 'mqtt';
import { Demo, type Places } from '../../demo/demo';
import { Controls } from '../../demo/service';
import { Editor, startBrowser } from '../support/editor';

// The editor's own objects, in the page.
declare const RED: any;

const DOCS = resolve(__dirname, '../../docs');
const ANY_PORTS = { nodeRed: 0, mqtt: 0, simulator: 0, summary: 0 };
/** So that a picture stays sharp on the screens of today. */
const SCALE = 2;

/** Sends a device through each door of the demo, so that the nodes show what they do. */
async function claimDevices({ nodeRed, broker, controls }: Places): Promise<void> {
  const [first, second] = await new Controls(controls).mint(2);
  const client = await connectAsync(broker);
  await client.subscribeAsync('line/7/result');
  const answered = new Promise((settle) => client.once('message', settle));
  await client.publishAsync('line/7/token', first!.claimToken);
  await answered;
  await client.endAsync();
  await fetch(`${nodeRed}/claim`, {
    method: 'POST',
    body: second!.claimToken,
    headers: { 'content-type': 'text/plain' },
  });
}

/** The demo's flow, with this package's nodes in the palette and nothing beside it. */
async function takeFlow(editor: Editor): Promise<void> {
  const { page } = editor;
  await page.locator('#red-ui-palette-search input').pressSequentially('nrfcloud');
  await page.locator('.red-ui-palette-node[data-palette-type="inject"]').waitFor({ state: 'hidden' });
  await page.evaluate(() => RED.actions.invoke('core:toggle-sidebar') as unknown);
  await page.locator('#red-ui-sidebar').waitFor({ state: 'hidden' });
  await page.locator('.red-ui-flow-node-status-label').getByText('claimed').first().waitFor();
  await page.screenshot({ path: join(DOCS, 'demo-flow.png') });
}

/** The dialog of the node that claims what comes in by MQTT. */
async function takeDialog(editor: Editor): Promise<void> {
  const id = await editor.page.evaluate(() => RED.nodes.filterNodes({ type: 'nrfcloud-claim' })[0].id as string);
  await editor.openDialog(id);
  // The dialog gives the focus away when it is ready.
  await editor.page.locator('.red-ui-tray :focus').waitFor();
  await editor.page.locator('.red-ui-tray').screenshot({ path: join(DOCS, 'claim-dialog.png') });
}

async function main(): Promise<void> {
  mkdirSync(DOCS, { recursive: true });
  const demo = new Demo(ANY_PORTS, () => undefined);
  try {
    const places = await demo.start();
    const browser = await startBrowser();
    try {
      await claimDevices(places);
      const flow = await Editor.open(browser, places.editor, { width: 1340, height: 640, deviceScaleFactor: SCALE });
      await takeFlow(flow);
      await flow.close();
      const dialog = await Editor.open(browser, places.editor, { width: 1340, height: 560, deviceScaleFactor: SCALE });
      await takeDialog(dialog);
    } finally {
      await browser.close();
    }
  } finally {
    await demo.stop();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
