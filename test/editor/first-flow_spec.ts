import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import type { NodeRed } from '../../demo/node-red';
import packageJson from '../../package.json';
import { startSimulator, type Simulator } from '../../simulator';
import { Editor, startBrowser, startEditorRuntime } from '../support/editor';

const README = readFileSync(resolve(__dirname, '../../README.md'), 'utf8');
/** Most actions that a newcomer needs for the first claimed device. */
const MOST_ACTIONS = 12;

describe("a newcomer's way to the first claimed device", function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let runtime: NodeRed;
  let browser: Browser;
  let editor: Editor;
  const starts = new EventEmitter();
  before(async () => {
    simulator = await startSimulator();
    [runtime, browser] = await Promise.all([
      startEditorRuntime([], {
        onLine: (line) => {
          if (line.includes('] Started ')) starts.emit('started');
        },
      }),
      startBrowser(),
    ]);
    editor = await Editor.open(browser, runtime.adminUrl);
  });
  after(async () => {
    await browser.close();
    await runtime.stop();
    await simulator.close();
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
      await target.dblclick();
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
    // Node-RED answers a deploy before the new nodes run; a person isn't that quick.
    const started = once(starts, 'started');
    await click('Deploy', page.locator('#red-ui-header-button-deploy'));
    await page.locator('#red-ui-header-button-deploy.disabled').waitFor();
    await started;
    await click('the button of "a claim token"', inject.locator('.red-ui-flow-node-button-button'));

    await claim.locator('.red-ui-flow-node-status-dot-green').waitFor();
    assert.equal(simulator.claims.size, 1);
    assert.ok(done.length <= MOST_ACTIONS, String(done.length));
    assert.deepEqual(editor.problems, []);
    const section = /^## The first flow[^\n]*\n([\s\S]*?)^## /m.exec(README)![1]!;
    const steps = [...section.matchAll(/^\d+\. (.+)$/gm)].map(([, step]) => step!.replace(/[*`]/g, ''));
    assert.deepEqual(
      steps.map((step) => step.replace(/\.( .*)?$/, '')),
      done.map((action) => action.charAt(0).toUpperCase() + action.slice(1)),
    );
  });
});
