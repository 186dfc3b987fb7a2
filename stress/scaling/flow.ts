import { LOOPBACK } from '../../harness/ports';
import { readExample } from '../../test/support/examples';
import type { FlowNode } from '../../test/support/node-red-process';

const EXAMPLE = 'docs/One of several instances';
/** Topic that all instances share. */
export const SHARED = { claims: '$share/lines/claims', operations: '$share/lines/operations' } as const;
/** Before the JSON of each result of bulk status in the log. */
export const ENDED_LOG = 'ended: ';

/** The servers of a test, and what its connection may do. */
export interface FlowOptions {
  mqttPort: number;
  baseUrl: string;
  concurrency: number;
}

/** The topic of the claims that one instance gets alone. */
export function claimsOf(instance: string): string {
  return `claims/${instance}`;
}

/**
 * The flow that docs/scaling.md links, with the servers of the test, polls in tenths of a second, and a second topic for
 * the claims of one instance alone. The log names each result, as the broker may deliver one again.
 */
export function scalingFlow({ mqttPort, baseUrl, concurrency }: FlowOptions): FlowNode[] {
  const changes: Record<string, Record<string, unknown>> = {
    'mqtt-broker': { broker: LOOPBACK, port: String(mqttPort) },
    'nrfcloud-connection': { baseUrl, concurrency },
    'nrfcloud-bulk-status': { interval: 0.1, maxInterval: 0.2 },
  };
  const nodes = readExample(EXAMPLE).map((node) => ({ ...node, ...changes[node.type] }));
  const shared = nodes.find((node) => 'topic' in node && node.topic === SHARED.claims);
  if (shared === undefined) throw new Error(`${EXAMPLE} has no node with the topic ${SHARED.claims}`);
  const log: FlowNode = {
    id: 'ended-log',
    type: 'function',
    z: shared['z'],
    func: `node.warn('${ENDED_LOG}' + JSON.stringify({ id: msg.payload.bulkOpsRequestId, resumed: msg.resumed === true }));`,
    wires: [],
  };
  const withLog = nodes.map((node) =>
    node.type === 'nrfcloud-bulk-status'
      ? { ...node, wires: node['wires'].map((port: string[], index: number) => (index < 2 ? [...port, log.id] : port)) }
      : node,
  );
  return [...withLog, log, { ...shared, id: 'own-claims', topic: '${OWN_CLAIMS}' }] as FlowNode[];
}
