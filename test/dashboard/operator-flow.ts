import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DASHBOARD } from '../../demo/demo';
import type { NodeRedOptions } from '../../harness/node-red';
import type { Simulator } from '../../simulator';
import { keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';

const EXAMPLES = resolve(__dirname, '../../examples');

/** The simulator's key. */
export const KEY = 'sim-key';

/** What a test does not wait for as long as a factory does. */
const FAST: Record<string, object> = {
  'nrfcloud-bulk-status': { interval: 0.1, maxInterval: 0.5 },
  'nrfcloud-onboarding': { interval: 0.1, maxInterval: 0.2, pollRate: 100 },
};

/** The example with the operator's page as it is in the package, at a simulator. @param changes by node type */
export function flowAt({ url, deviceApiUrl }: Simulator, changes: Record<string, object> = {}): FlowNode[] {
  const file = readdirSync(EXAMPLES).find((name) => name.startsWith('Operator page'))!;
  const nodes = JSON.parse(readFileSync(join(EXAMPLES, file), 'utf8')) as FlowNode[];
  const all: Record<string, object> = { ...FAST, 'nrfcloud-connection': { baseUrl: url, deviceApiUrl } };
  return nodes.map((node) => ({ ...node, ...all[node.type], ...changes[node.type] }));
}

/**
 * The example without the URL of the device API: devices are claimed and not followed, which would send requests that a
 * test counts.
 * @param rowsPerUpload few, so that a short file has some uploads
 */
export function claimingFlowAt(simulator: Simulator, rowsPerUpload: number): FlowNode[] {
  return flowAt(simulator, {
    // A test of failures does not wait for the retries of a shop floor.
    'nrfcloud-connection': { baseUrl: simulator.url, deviceApiUrl: '', retries: 0 },
    'nrfcloud-bulk-claim': { rowsPerUpload: String(rowsPerUpload) },
  });
}

/** Starts Node-RED with the example and Dashboard. @param options a user directory that is kept, and settings */
export function startFlow(flows: FlowNode[], options: Partial<NodeRedOptions> = {}): Promise<NodeRedProcess> {
  return startNodeRedProcess({ flows, credentials: keyFor(flows, KEY), modules: [DASHBOARD], ...options });
}
