import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import type { NodeRed } from '../../demo/node-red';
import { startSimulator, type Simulator } from '../../simulator';
import { Editor, startBrowser, startEditorRuntime } from './editor';

/** A connection that is deployed from the start, with the simulator's key. */
export const KNOWN = 'known';

/** The simulator's key: a text that stands nowhere by chance. */
export const KEY = 'the-key-of-the-team';

/** What the editor's specs share, as starting it takes longer than most of their tests. */
export interface Stage {
  simulator: Simulator;
  runtime: NodeRed;
  browser: Browser;
  editor: Editor;
}

let started: Promise<Stage> | undefined;
/** Specs that have not ended yet. */
let users = 0;

async function start(): Promise<Stage> {
  const simulator = await startSimulator({ apiKey: KEY });
  const flows = [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: KNOWN, type: 'nrfcloud-connection', name: 'deployed', baseUrl: simulator.url },
  ];
  const [runtime, browser] = await Promise.all([
    startEditorRuntime(flows, { credentials: { [KNOWN]: { apiKey: KEY } } }),
    startBrowser(),
  ]);
  return { simulator, runtime, browser, editor: await Editor.open(browser, runtime.adminUrl) };
}

/**
 * Gives a suite the one editor. After each test the browser must not have complained, and a dialog that a failed test
 * left open is closed.
 * @returns what is filled in before the suite's first test
 */
export function useEditor(): Stage {
  const stage = {} as Stage;
  users++;
  before(async function () {
    this.timeout(60_000);
    started ??= start();
    Object.assign(stage, await started);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await stage.editor.reload();
    assert.deepEqual(stage.editor.problems.splice(0), []);
  });
  after(async () => {
    users--;
    if (users > 0 || started === undefined) return;
    const { browser, runtime, simulator } = await started;
    await browser.close();
    await runtime.stop();
    await simulator.close();
  });
  return stage;
}
