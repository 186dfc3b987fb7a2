/** Takes the README's pictures, of the demo as it runs: `npm run screenshots`. */
import { writeFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import type { Endpoints } from '../../demo/demo';
import { Controls } from '../../harness/controls';
import { Editor } from '../support/editor';
import { picture, shootDialog, takePictures } from '../support/pictures';

// The editor's own objects, in the page.
declare const RED: any;

/** So that a picture stays sharp on the screens of today, and small enough for a page. */
const SCALE = 1.6;
const WIDTH = 1420;

/** Sends a device through each channel of the demo, so that the nodes show what they do. */
async function claimDevices({ nodeRed, broker, controls }: Endpoints): Promise<void> {
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
async function takeFlow(editor: Editor, file: string): Promise<void> {
  const { page } = editor;
  const search = page.locator('#red-ui-palette-search input');
  await search.fill('');
  await search.pressSequentially('nrfcloud');
  await page.locator('.red-ui-palette-node[data-palette-type="inject"]').waitFor({ state: 'hidden' });
  // Node-RED remembers both from one picture to the next.
  await page.evaluate(() => RED.actions.invoke('core:toggle-right-sidebar', false) as unknown);
  await page.locator('#red-ui-sidebar-separator').waitFor({ state: 'hidden' });
  const explorer = page.locator('.red-ui-sidebar-tab-bar [data-tab-id="explorer"].selected');
  if ((await explorer.count()) > 0) await explorer.click();
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.locator('.red-ui-flow-node-status-label').getByText('claimed').first().waitFor();
  await page.mouse.move(0, 0);
  await page.screenshot({ path: picture(file) });
}

/** The dialog of the node that claims what comes in by MQTT, and behind it the connection's, just tested. */
async function takeDialogs(editor: Editor, theme: string): Promise<void> {
  const { page } = editor;
  await page.setViewportSize({ width: WIDTH, height: 610 });
  const id = await page.evaluate(() => RED.nodes.filterNodes({ type: 'nrfcloud-claim' })[0].id as string);
  await editor.openDialog(id);
  // The dialog gives the focus away when it is ready.
  await editor.dialog.locator(':focus').waitFor();
  writeFileSync(picture(`claim-dialog-${theme}.png`), await shootDialog(editor));
  await page.setViewportSize({ width: WIDTH, height: 650 });
  await editor.openConfig('connection', 'edit');
  await editor.dialog.getByRole('button', { name: 'Test connection' }).click();
  await editor.dialog.locator('#nrfcloud-connection-test-result .fa-check').waitFor();
  writeFileSync(picture(`connection-dialog-${theme}.png`), await shootDialog(editor));
  await editor.closeDialogs();
  await page.setViewportSize({ width: WIDTH, height: 640 });
}

void takePictures(async (browser, endpoints) => {
  await claimDevices(endpoints);
  const size = { width: WIDTH, height: 640, deviceScaleFactor: SCALE };
  const editor = await Editor.open(browser, endpoints.editor, size);
  for (const theme of ['dark', 'light']) {
    await editor.choose({ theme });
    await takeFlow(editor, `editor-${theme}.png`);
    await takeDialogs(editor, theme);
  }
});
