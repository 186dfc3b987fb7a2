/**
 * Takes a picture of each node type's dialog beside those of core nodes, to compare rhythm and spacing:
 * `npm run screenshots`. They are for the eyes of developers, so they are not kept in the repository.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import packageJson from '../../package.json';
import { startSimulator } from '../../simulator';
import { CONTRACT } from '../support/contract';
import { startBrowser } from '../support/browser';
import { Editor } from '../support/editor';
import { startEditorRuntime } from '../support/editor-runtime';
import { shootDialog } from '../support/pictures';

const FOLDER = resolve(__dirname, '../../test-results/dialogs');
const CONNECTION = 'connection';
const BROKER = 'broker';
const TYPES = Object.keys(packageJson['node-red'].nodes).filter((type) => CONTRACT[type]!.category !== 'config');
const SCREEN = { width: 1200, height: 1000 };

/** Puts pictures side by side into one file. */
async function writeComparison(page: Page, pictures: Buffer[], file: string): Promise<void> {
  const images = pictures.map((data) => `<img src="data:image/png;base64,${data.toString('base64')}">`);
  await page.setContent(`<div style="display: inline-flex; gap: 12px; background: #888">${images.join('')}</div>`);
  writeFileSync(join(FOLDER, file), await page.locator('div').screenshot());
}

/** The dialog of a new node, and that of the config node that it uses. */
async function shootNode(editor: Editor, type: string, config: [property: string, id: string]): Promise<Buffer[]> {
  const [property, configId] = config;
  const id = await editor.drag(type, { x: 300, y: 200 });
  await editor.openDialog(id);
  await editor.field(property).selectOption(configId);
  const pictures = [await shootDialog(editor)];
  await editor.openConfig(property, 'edit');
  pictures.push(await shootDialog(editor));
  await editor.closeDialogs();
  await editor.remove(id);
  return pictures;
}

async function shootRequest(editor: Editor): Promise<Buffer> {
  const id = await editor.drag('http request', { x: 300, y: 200 });
  await editor.openDialog(id);
  const shot = await shootDialog(editor);
  await editor.closeDialogs();
  await editor.remove(id);
  return shot;
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const simulator = await startSimulator();
  const flows = [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: CONNECTION, type: 'nrfcloud-connection', name: 'nRF Cloud', baseUrl: simulator.url },
    { id: BROKER, type: 'mqtt-broker', name: 'Broker', broker: 'localhost', port: '1883', autoConnect: false },
  ];
  const runtime = await startEditorRuntime(flows, { credentials: { [CONNECTION]: { apiKey: 'a-key' } } });
  const browser = await startBrowser();
  try {
    const editor = await Editor.open(browser, runtime.adminUrl, SCREEN);
    const page = await browser.newPage();
    const request = await shootRequest(editor);
    const [mqtt, broker] = (await shootNode(editor, 'mqtt in', ['broker', BROKER])) as [Buffer, Buffer];
    for (const type of TYPES) {
      const [own, connection] = (await shootNode(editor, type, ['connection', CONNECTION])) as [Buffer, Buffer];
      await writeComparison(page, [own, request, mqtt], `${type}.png`);
      await writeComparison(page, [connection, broker], 'nrfcloud-connection.png');
    }
    console.log(`The pictures of the dialogs are in ${FOLDER}.`);
  } finally {
    await browser.close();
    await runtime.stop();
    await simulator.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
