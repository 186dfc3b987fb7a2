import type { Browser, BrowserContextOptions } from 'playwright-core';
import { DASHBOARD } from '../../demo/demo';
import type { Simulator } from '../../simulator';
import { keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { OperatorPage, operatorFlow, SCREENS } from './operator-page';

/** The widths that the page is for. */
export const WIDTHS = {
  desk: { viewport: { width: 1440, height: 900 } },
  tablet: { viewport: { width: 1024, height: 768 }, hasTouch: true },
  phone: SCREENS.phone,
} as const satisfies Record<string, BrowserContextOptions>;

export type Width = keyof typeof WIDTHS;
export const ALL_WIDTHS = Object.keys(WIDTHS) as Width[];

/** What a test does not wait for as long as a factory does. */
const FAST: Record<string, object> = {
  'nrfcloud-bulk-status': { interval: 0.1, maxInterval: 0.5 },
  'nrfcloud-onboarding': { interval: 0.1, maxInterval: 0.2, pollRate: 100 },
};

/** The example's flow, at a simulator. @param changes by node type */
export function flowAt(simulator: Simulator, changes: Record<string, object> = {}): FlowNode[] {
  const connection = { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl };
  const all: Record<string, object> = { ...FAST, 'nrfcloud-connection': connection };
  return operatorFlow().map((node) => ({ ...node, ...all[node.type], ...changes[node.type] }));
}

/** Starts Node-RED with the example. @param userDir one that is kept, for a restart */
export function startFlow(flows: FlowNode[], userDir?: string): Promise<NodeRedProcess> {
  return startNodeRedProcess({
    flows,
    credentials: keyFor(flows, 'sim-key'),
    modules: [DASHBOARD],
    ...(userDir === undefined ? {} : { userDir }),
  });
}

/** Opens the page at each width. */
export async function openPages(browser: Browser, nodeRed: NodeRedProcess): Promise<Record<Width, OperatorPage>> {
  const pages = {} as Record<Width, OperatorPage>;
  for (const width of ALL_WIDTHS) {
    pages[width] = await OperatorPage.open(browser, `${nodeRed.url}/dashboard/operator`, WIDTHS[width]);
  }
  return pages;
}
