import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A node of a flow, as the editor exports it. */
export interface FlowNode {
  id: string;
  type: string;
  wires?: string[][];
  [property: string]: unknown;
}

const EXAMPLES = join(__dirname, '../examples');
const OPERATOR_PAGE = 'Operator page (needs FlowFuse Dashboard)';
const BATCH = 'Claim a batch and wait until every device is in';
/** Nodes in batch-tab.json, which the example's nodes are wired to, and the group that its inject node moves to. */
const RULE = 'b1d0000000e60004';
const BY_HTTP = '647f7ffe7063fb6c';
const TO_RESPONSE = 'b1d0000000e60015';

/** Simulated devices are polled more often than real ones. */
const FAST_ONBOARDING = { interval: 0.5, maxInterval: 2, pollRate: 20, timeout: '${DEMO_ONBOARDING_TIMEOUT}' };
/** Changes to the batch example by node type. */
const BATCH_CHANGES: Record<string, (node: FlowNode) => Partial<FlowNode>> = {
  inject: () => ({ g: BY_HTTP, x: 340, y: 760, wires: [[RULE]] }),
  'nrfcloud-bulk-claim': ({ wires: [uploads, rejected, summary] = [] }) => ({
    wires: [uploads!, rejected!, [...summary!, TO_RESPONSE]],
  }),
  'nrfcloud-bulk-status': () => ({ interval: 0.5, maxInterval: 2 }),
  'nrfcloud-onboarding': () => FAST_ONBOARDING,
};

/**
 * All tabs of the demo: its own, the operator page, and the batch example with an HTTP endpoint. All of them use the
 * demo's connection. Users import the other examples from the editor's menu.
 */
export function readTabs(): FlowNode[] {
  const own = readFlows(join(__dirname, 'flows.json'));
  const connection = own.find(({ type }) => type === 'nrfcloud-connection')!.id;
  const additions = readFlows(join(__dirname, 'batch-tab.json'));
  const batch = readExample(BATCH).map((node) => ({ ...node, ...BATCH_CHANGES[node.type]?.(node) }));
  const page = readExample(OPERATOR_PAGE).map((node) =>
    node.type === 'nrfcloud-onboarding' ? { ...node, ...FAST_ONBOARDING } : node,
  );
  const examples = [...page, ...batch]
    .filter(({ type }) => type !== 'nrfcloud-connection')
    .map((node) => ('connection' in node ? { ...node, connection } : node));
  const tabs = [...own, ...examples, ...additions];
  return tabs.map((node) => (node.type === 'group' ? { ...node, nodes: membersOf(node.id, tabs) } : node));
}

/** The nodes of a group; a tab of the demo adds some to an example's group. */
function membersOf(group: string, nodes: FlowNode[]): string[] {
  return nodes.filter(({ g }) => g === group).map(({ id }) => id);
}

function readExample(name: string): FlowNode[] {
  return readFlows(join(EXAMPLES, `${name}.json`));
}

function readFlows(path: string): FlowNode[] {
  return JSON.parse(readFileSync(path, 'utf8')) as FlowNode[];
}
