import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import type { NodeRed } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator';
import { startBrowser } from './browser';
import { Editor } from './editor';
import { startEditorRuntime } from './editor-runtime';

/** A connection that is deployed from the start, with the simulator's key. */
export const KNOWN = 'known';

/** A connection that is deployed from the start, with an environment variable for a key that is not set. */
export const KEYLESS = 'keyless';

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

async function start(): Promise<Stage> {
  const simulator = await startSimulator({ apiKey: KEY });
  const flows = [
    { id: 'tab', type: 'tab', label: 'test' },
    { id: KNOWN, type: 'nrfcloud-connection', name: 'deployed', baseUrl: simulator.url },
    { id: KEYLESS, type: 'nrfcloud-connection', name: 'without a key', baseUrl: simulator.url },
  ];
  const credentials = { [KNOWN]: { apiKey: KEY }, [KEYLESS]: { apiKey: '${KEY_OF_NOBODY}' } };
  const [runtime, browser] = await Promise.all([startEditorRuntime(flows, { credentials }), startBrowser()]);
  return { simulator, runtime, browser, editor: await Editor.open(browser, runtime.adminUrl) };
}

/**
 * Gives a suite the one editor. After each test the browser must not have complained, and a dialog that a failed test
 * left open is closed.
 * @returns what is filled in before the suite's first test
 */
export function useEditor(): Stage {
  const stage = {} as Stage;
  before(async function () {
    this.timeout(60_000);
    started ??= start();
    Object.assign(stage, await started);
  });
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') await stage.editor.reload();
    assert.deepEqual(stage.editor.problems.splice(0), []);
  });
  return stage;
}

// Of no suite, so that it runs after all of them.
after(async () => {
  if (started === undefined) return;
  const { browser, runtime, simulator } = await started;
  await browser.close();
  await runtime.stop();
  await simulator.close();
});
