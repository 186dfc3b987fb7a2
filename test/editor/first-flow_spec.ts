import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import packageJson from '../../package.json';
import { startSimulator, type Simulator } from '../../simulator';
import { Editor, startBrowser } from '../support/editor';
import { startNodeRedProcess, type NodeRedProcess } from '../support/node-red-process';

const ROOT = resolve(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** Most actions that a newcomer needs for the first claimed device. */
const MOST_ACTIONS = 12;

describe("a newcomer's way from the tarball to the first claimed device", function () {
  this.timeout(60_000);
  let folder: string;
  let tarball: string;
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  let browser: Browser;
  let editor: Editor;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nrfcloud-newcomer-'));
    const packed = execFileSync(process.execPath, ['scripts/packed.mjs', '--pack', folder], { cwd: ROOT });
    ({ tarball } = JSON.parse(packed.toString()) as { tarball: string });
    // Empty: Node-RED begins it as it does for a new user.
    const userDir = join(folder, 'user');
    mkdirSync(userDir);
    simulator = await startSimulator();
    [nodeRed, browser] = await Promise.all([
      // Without the catalogue, which is on the internet, the palette manager still takes a file.
      startNodeRedProcess({ userDir, settings: { editorTheme: { tours: false, palette: { catalogues: [] } } } }),
      startBrowser(),
    ]);
    editor = await Editor.open(browser, nodeRed.adminUrl);
  });
  after(async () => {
    await browser.close();
    await nodeRed.stop();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('begins with an upload in the palette manager, as the README says', async () => {
    const { page } = editor;
    const claim = editor.paletteNode('nrfcloud-claim');
    assert.equal(await claim.count(), 0);

    await page.keyboard.press('Alt+Shift+P');
    await editor.settle();
    const settings = page.locator('#red-ui-settings-tab-palette');
    await settings.getByRole('link', { name: 'Install', exact: true }).click();
    const chosen = page.waitForEvent('filechooser');
    await settings.locator('button:has(.fa-upload)').click();
    await (await chosen).setFiles(tarball);
    await settings.getByRole('button', { name: 'Upload' }).click();
    // npm has fetched what the package needs by then.
    await claim.waitFor({ state: 'attached', timeout: 45_000 });
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });

    await claim.scrollIntoViewIfNeeded();
    assert.equal(await claim.isVisible(), true);
    const manifest = JSON.parse(readFileSync(join(nodeRed.userDir, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    assert.deepEqual(Object.keys(manifest.dependencies), [packageJson.name]);
    const section = /^## Install\n([\s\S]*?)^## /m.exec(README)![1]!;
    assert.match(section, /Alt-Shift-P[^]+"Install"[^]+arrow[^]+"Upload"[^]+"Close"/);
  });

  it(`has at most ${MOST_ACTIONS} actions, and they are the README's`, async () => {
    const { page } = editor;
    const done: string[] = [];
    // Each of these is one action: a click or double click at one place, or keys without the mouse in between.
    const click = async (what: string, target: Locator): Promise<void> => {
      await target.click();
      done.push(`click ${what}`);
    };
    const doubleClick = async (what: string, target: Locator): Promise<void> => {
      await target.dblclick({ delay: 20 });
      done.push(`double-click ${what}`);
    };
    const type = async (what: string, ...keys: string[]): Promise<void> => {
      for (const key of keys) {
        if (/^(Tab|Control\+\w+)$/.test(key)) await page.keyboard.press(key).then(() => editor.settle());
        else await page.keyboard.insertText(key);
      }
      done.push(`type ${what}`);
    };
    const dialog = page.getByRole('dialog');
    const labelled = (label: RegExp): Locator =>
      page.locator('.red-ui-flow-node-group', {
        has: page.locator('.red-ui-flow-node-label', { hasText: label }),
      });
    const claim = labelled(/^claim$/);
    const inject = labelled(/^a claim token$/);

    await type('Ctrl-I', 'Control+i');
    await click('Examples', dialog.getByRole('link', { name: 'Examples' }));
    await click(packageJson.name, dialog.getByText(packageJson.name));
    await doubleClick('Claim from a scanner or serial port', dialog.getByText('Claim from a scanner or serial port'));
    await dialog.waitFor({ state: 'hidden' });
    await click(
      'the tab of the new flow',
      page.locator('#red-ui-workspace-tabs li', { hasText: 'Claim from a scanner' }),
    );
    await doubleClick('claim', claim.locator('rect.red-ui-flow-node'));
    await editor.settle();
    await click('the pencil beside Connection', editor.dialog.locator('[id$="-btn-connection-edit"]'));
    await editor.settle();
    await click('API key', editor.field('apiKey'));
    await type('the key, Tab, and the base URL', simulator.settings.apiKey, 'Tab', simulator.url);
    await type('Ctrl-Enter twice', 'Control+Enter', 'Control+Enter');
    const seen = nodeRed.log.length;
    await click('Deploy', page.locator('#red-ui-header-button-deploy'));
    await page.locator('#red-ui-header-button-deploy.disabled').waitFor();
    // Node-RED answers a deploy before the new nodes run; a person isn't that quick.
    await nodeRed.until(() => nodeRed.log.slice(seen).some((line) => line.includes('] Started ')), 'the deploy');
    await click('the button of "a claim token"', inject.locator('.red-ui-flow-node-button-button'));

    await claim.locator('.red-ui-flow-node-status-dot-green').waitFor();
    assert.equal(simulator.claims.size, 1);
    const [deviceId] = simulator.claims.keys();
    // Node-RED 4 shows another sidebar first; the README names the keys.
    await page.keyboard.press('Control+g');
    await page.keyboard.press('d');
    const shown = page.locator('.red-ui-debug-msg:visible', { hasText: 'node: claimed' });
    // The sidebar cuts long texts.
    await shown.filter({ hasText: deviceId!.slice(0, 24) }).waitFor();
    assert.equal(await page.locator('.red-ui-debug-msg').count(), 1);
    assert.ok(done.length <= MOST_ACTIONS, String(done.length));
    assert.deepEqual(editor.problems, []);
    const section = /^## First flow\n([\s\S]*?)^## /m.exec(README)![1]!;
    const steps = [...section.matchAll(/^\d+\. (.+)$/gm)].map(([, step]) => step!.replace(/[*`]/g, ''));
    assert.deepEqual(
      steps.map((step) => step.replace(/\.( .*)?$/, '')),
      done.map((action) => action.charAt(0).toUpperCase() + action.slice(1)),
    );
  });
});
