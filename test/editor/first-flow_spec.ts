import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import packageJson from '../../package.json';
import { startSimulator, type Simulator } from '../../simulator';
import { startBrowser } from '../support/browser';
import { doubleClick, Editor } from '../support/editor';
import { NODE_RED_MAJOR } from '../support/editor-runtime';
import { startNodeRedProcess, type NodeRedProcess } from '../support/node-red-process';

const ROOT = resolve(__dirname, '../..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
/** The screen of a small laptop, on which Node-RED 5 opens both sidebars. */
const SCREEN = { width: 1366, height: 768 };
/** A timer of Node-RED 5 shows a tip before the sidebar has its place for tips; nobody else is on the stack. */
const TIPS_TIMER = /^TypeError: Cannot read properties of undefined \(reading 'html'\)\n[^\n]+red\.min\.js[^\n]+$/;
const FIRST_EXAMPLE = 'Claim from a scanner or serial port';

/** The numbered steps of a section of the README, without the remarks that follow a step, and the count that it states. */
function stepsOf(section: string): { steps: string[]; count: number } {
  const text = new RegExp(`^## ${section}\\n([^]*?)^## `, 'm').exec(README)![1]!;
  const steps = [...text.matchAll(/^\d+\. (.+)$/gm)].map(([, step]) => step!.replace(/[*`]/g, ''));
  return {
    steps: steps.map((step) => step.replace(/\.( .*)?$/, '')),
    count: Number(/\b(\d+) steps\b/.exec(text)?.[1]),
  };
}

/**
 * A user who does what the README says and nothing else: never scrolls, and only clicks what the screen shows. A gesture
 * is a click or double-click at one place, or keys without the mouse in between.
 */
class Newcomer {
  readonly gestures: string[] = [];

  constructor(private readonly editor: Editor) {}

  async click(what: string, target: Locator): Promise<void> {
    const { x, y } = await this.#placeOf(what, target);
    await this.editor.page.mouse.click(x, y, { delay: 20 });
    this.gestures.push(`Click ${what}`);
  }

  /** @param effect waits for what it brings */
  async doubleClick(
    what: string,
    target: Locator,
    effect: (options: { timeout?: number }) => Promise<void>,
  ): Promise<void> {
    await doubleClick(async () => {
      const { x, y } = await this.#placeOf(what, target);
      await this.editor.page.mouse.dblclick(x, y, { delay: 20 });
    }, effect);
    this.gestures.push(`Double-click ${what}`);
  }

  async type(what: string, ...keys: string[]): Promise<void> {
    const { page } = this.editor;
    for (const key of keys) {
      if (/^(Tab|(Control|Alt)\+.+)$/.test(key)) await page.keyboard.press(key).then(() => this.editor.settle());
      else await page.keyboard.insertText(key);
    }
    this.gestures.push(`Type ${what}`);
  }

  async choose(what: string, button: Locator, file: string): Promise<void> {
    const chosen = this.editor.page.waitForEvent('filechooser');
    await this.click('the button with the arrow', button);
    await (await chosen).setFiles(file);
    this.gestures.push(`Choose ${what}`);
  }

  /** The middle of what the screen shows of an element; a locator's own click would scroll to it. */
  async #placeOf(what: string, target: Locator): Promise<{ x: number; y: number }> {
    const { page } = this.editor;
    await target.waitFor();
    const box = (await target.boundingBox())!;
    const isInside =
      box.x >= 0 && box.y >= 0 && box.x + box.width <= SCREEN.width && box.y + box.height <= SCREEN.height;
    assert.ok(isInside, `${what} is not on the screen: ${JSON.stringify(box)}`);
    const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    // A notification or a dialog that slides out may lie over it for a while.
    const isOnTop = ([element, { x, y }]: any[]): boolean => {
      const top = document.elementFromPoint(x as number, y as number);
      return element === top || Boolean(element.contains(top)) || Boolean(top?.contains(element));
    };
    await page.waitForFunction(isOnTop, [await target.elementHandle(), place]);
    return place;
  }
}

describe("a newcomer's way from the tarball to the first claimed device", function () {
  // Longer than the browser may take for one step, whose error says which one it was.
  this.timeout(120_000);
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
    // Questions and tours are those of a new user. Without the catalogue, which is on the internet, the palette manager
    // still takes a file.
    const settings = { telemetry: undefined, externalModules: undefined, editorTheme: { palette: { catalogues: [] } } };
    [nodeRed, browser] = await Promise.all([startNodeRedProcess({ userDir, settings }), startBrowser()]);
    editor = await Editor.open(browser, nodeRed.adminUrl, SCREEN);
  });
  after(async () => {
    await browser.close();
    await nodeRed.stop();
    await simulator.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('install: the palette manager takes the tarball, by the steps of the README', async () => {
    const { page } = editor;
    const newcomer = new Newcomer(editor);
    const claim = editor.paletteNode('nrfcloud-claim');
    assert.equal(await claim.count(), 0);

    const settings = page.locator('#red-ui-settings-tab-palette');
    await newcomer.click('No, do not enable notifications', page.getByRole('button', { name: 'No, do not enable' }));
    const tour = page.locator('.red-ui-tourGuide-popover');
    // Node-RED's tour throws if it is closed in its first 100 ms; then its button takes the focus.
    await tour.locator('button:focus').waitFor();
    await newcomer.click('the cross of the tour', tour.locator('button:has(.fa-times)'));
    await tour.waitFor({ state: 'detached' });
    await newcomer.type('Alt-Shift-P', 'Alt+Shift+P');
    await newcomer.click('Install', settings.getByRole('link', { name: 'Install', exact: true }));
    const arrow = settings.locator('button:has(.fa-upload)');
    await newcomer.choose(`${packageJson.name}-<version>.tgz`, arrow, tarball);
    await newcomer.click('Upload', settings.getByRole('button', { name: 'Upload' }));
    // npm has fetched what the package needs by then.
    await claim.waitFor({ state: 'attached', timeout: 45_000 });
    await newcomer.click('Close', page.getByRole('button', { name: 'Close' }));
    await page.locator('.red-ui-tray').waitFor({ state: 'detached' });

    await claim.scrollIntoViewIfNeeded();
    assert.equal(await claim.isVisible(), true);
    const manifest = JSON.parse(readFileSync(join(nodeRed.userDir, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    assert.deepEqual(Object.keys(manifest.dependencies), [packageJson.name]);
    assert.deepEqual(stepsOf('Install'), { steps: newcomer.gestures, count: newcomer.gestures.length });
  });

  it('first flow: a device is claimed by the steps of the README, with both sidebars open', async () => {
    const { page } = editor;
    const newcomer = new Newcomer(editor);
    const dialog = page.getByRole('dialog');
    const labelled = (label: RegExp): Locator =>
      page.locator('.red-ui-flow-node-group', {
        has: page.locator('.red-ui-flow-node-label', { hasText: label }),
      });
    const claim = labelled(/^claim$/);
    const inject = labelled(/^a claim token$/);

    await newcomer.type('Ctrl-I', 'Control+i');
    await newcomer.click('Examples', dialog.getByRole('link', { name: 'Examples' }));
    await newcomer.click(packageJson.name, dialog.getByText(packageJson.name));
    await newcomer.doubleClick(FIRST_EXAMPLE, dialog.getByText(FIRST_EXAMPLE), (options) =>
      dialog.waitFor({ ...options, state: 'hidden' }),
    );
    const tab = page.locator('#red-ui-workspace-tabs li', { hasText: 'Claim from a scanner' });
    await newcomer.click('the tab of the new flow', tab);
    const pencil = editor.dialog.locator('[id$="-btn-connection-edit"]');
    await newcomer.doubleClick('claim', claim.locator('rect.red-ui-flow-node'), (options) => pencil.waitFor(options));
    await editor.settle();
    await newcomer.click('the pencil beside Connection', pencil);
    await editor.settle();
    await newcomer.click('API key', editor.field('apiKey'));
    await newcomer.type('the key, Tab, and the base URL', simulator.settings.apiKey, 'Tab', simulator.url);
    await newcomer.type('Ctrl-Enter twice', 'Control+Enter', 'Control+Enter');
    const seen = nodeRed.log.length;
    await newcomer.click('Deploy', page.locator('#red-ui-header-button-deploy'));
    await page.locator('#red-ui-header-button-deploy.disabled').waitFor();
    // Node-RED answers a deploy before the new nodes run; a person is not that quick.
    await nodeRed.until(() => nodeRed.log.slice(seen).some((line) => line.includes('] Started ')), 'the deploy');
    for (const sidebar of ['#red-ui-palette-container', '#red-ui-sidebar']) {
      assert.equal(await page.locator(sidebar).isVisible(), true, sidebar);
    }
    // The editor greys the button out until it has taken note of the deploy.
    await inject.locator('.red-ui-flow-node-button:not(.red-ui-flow-node-button-disabled)').waitFor();
    await newcomer.click('the button of "a claim token"', inject.locator('.red-ui-flow-node-button-button'));

    await claim.locator('.red-ui-flow-node-status-dot-green').waitFor();
    assert.equal(simulator.claims.size, 1);
    const [deviceId] = simulator.claims.keys();
    if (NODE_RED_MAJOR < 5) {
      // The README names the keys for Node-RED 4.1, which shows another sidebar first.
      await page.keyboard.press('Control+g');
      await page.keyboard.press('d');
    }
    const shown = page.locator('.red-ui-debug-msg:visible', { hasText: 'node: claimed' });
    // The sidebar cuts long texts.
    await shown.filter({ hasText: deviceId!.slice(0, 24) }).waitFor();
    assert.equal(await page.locator('.red-ui-debug-msg').count(), 1);
    assert.deepEqual(
      editor.problems.filter((problem) => !TIPS_TIMER.test(problem)),
      [],
    );
    assert.deepEqual(stepsOf('First flow'), { steps: newcomer.gestures, count: newcomer.gestures.length });
  });
});
