import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { startSimulator, type SettingsChange, type Simulator } from '../../simulator';
import { startBrowser } from '../support/browser';
import type { NodeRedProcess } from '../support/node-red-process';
import { claimingFlowAt, startFlow } from './operator-flow';
import { ALL_SCREENS, OperatorPage, SCREENS, type Screen } from './operator-page';

/** The rows of an upload on the shared stage. */
export const ROWS_PER_UPLOAD = 10;

/** A service, and Node-RED with the operator's page. */
export interface Runtime {
  simulator: Simulator;
  nodeRed: NodeRedProcess;
}

/** What a suite about the operator's page works with. */
export interface Stage extends Runtime {
  browser: Browser;
}

/** A stage with the page of one user at each screen: loading it takes longer than most tests. */
export interface StageWithPages extends Stage {
  pages: Record<Screen, OperatorPage>;
}

let browser: Promise<Browser> | undefined;
let shared: Promise<Runtime> | undefined;

/** The browser that all suites share. */
export function sharedBrowser(): Promise<Browser> {
  return (browser ??= startBrowser());
}

/** The editor asks for a login; the page's files are served without one. */
async function startShared(): Promise<Runtime> {
  const simulator = await startSimulator();
  const adminAuth = { type: 'credentials', users: [{ username: 'admin', password: 'unused', permissions: '*' }] };
  const nodeRed = await startFlow(claimingFlowAt(simulator, ROWS_PER_UPLOAD), { settings: { adminAuth } });
  return { simulator, nodeRed };
}

async function stop({ simulator, nodeRed }: Runtime): Promise<void> {
  await nodeRed.stop();
  await simulator.close();
}

// Of no suite, so that it runs after all of them.
after(async function () {
  this.timeout(60_000);
  await (await browser)?.close();
  const runtime = await shared;
  if (runtime !== undefined) await stop(runtime);
});

/**
 * Gives a suite a stage. After each test the simulator has no faults, and its settings are as before.
 * @param start starts what the suite has for itself; without it, it shares the runtime with other suites
 * @param settings the simulator's while the suite runs
 * @returns what is filled in before the suite's first test
 */
export function useStage(start?: () => Promise<Runtime>, settings: SettingsChange = {}): Stage {
  return fillIn({} as Stage, start, settings);
}

function fillIn<T extends Stage>(stage: T, start: (() => Promise<Runtime>) | undefined, settings: SettingsChange): T {
  let initial: SettingsChange;
  before(async () => {
    const [runtime, sharedOne] = await Promise.all([start?.() ?? (shared ??= startShared()), sharedBrowser()]);
    Object.assign(stage, runtime, { browser: sharedOne });
    initial = stage.simulator.settings;
    stage.simulator.set(settings);
  });
  afterEach(() => {
    stage.simulator.faults.clear();
    stage.simulator.set({ ...initial, ...settings });
  });
  after(async () => {
    stage.simulator.set(initial);
    if (start !== undefined) await stop(stage);
  });
  return stage;
}

/** Like {@link useStage}, with new pages. After each test the browser must not have complained. */
export function usePages(start?: () => Promise<Runtime>, settings: SettingsChange = {}): StageWithPages {
  const stage = {} as StageWithPages;
  after(() => closePages(stage));
  fillIn(stage, start, settings);
  before(async () => {
    stage.pages = await openPages(stage);
  });
  afterEach(() => {
    for (const { problems } of Object.values(stage.pages)) assert.deepEqual(problems.splice(0), []);
  });
  return stage;
}

/** The address of the operator's page. */
export function pageUrl({ url }: NodeRedProcess): string {
  return `${url}/dashboard/operator`;
}

/** Opens the page at each screen. */
export async function openPages({ browser, nodeRed }: Stage): Promise<StageWithPages['pages']> {
  const pages = {} as StageWithPages['pages'];
  for (const screen of ALL_SCREENS) pages[screen] = await OperatorPage.open(browser, pageUrl(nodeRed), SCREENS[screen]);
  return pages;
}

/** Closes the page at each screen. */
export async function closePages({ pages }: StageWithPages): Promise<void> {
  for (const { page } of Object.values(pages)) await page.close();
}
