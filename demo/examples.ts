import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A node of a flow, as the editor exports it. */
export interface FlowNode {
  id: string;
  type: string;
  [property: string]: unknown;
}

const FOLDER = resolve(__dirname, '../examples');
/** Config nodes that the demo has of its own, by the property that refers to them. */
const OWN = { connection: 'nrfcloud-connection', broker: 'mqtt-broker' } as const;

/**
 * The package's example flows, a tab each, as they are after somebody imported them and chose the demo's connection.
 * @param flows the demo's own flows
 */
export function examples(flows: FlowNode[]): FlowNode[] {
  const ids = Object.entries(OWN).map(([property, type]) => [property, flows.find((node) => node.type === type)?.id]);
  const types: string[] = Object.values(OWN);
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as FlowNode[])
    .filter(({ type }) => !types.includes(type))
    .map((node) => {
      const chosen = ids.filter(([property]) => property !== undefined && property in node);
      // A TCP server is open to the whole network, and the demo is for this computer alone.
      const off = node.type === 'tcp in' ? { d: true } : {};
      return { ...node, ...Object.fromEntries(chosen), ...off } as FlowNode;
    });
}
