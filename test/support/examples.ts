import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Simulator } from '../../simulator';
import { keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from './node-red-process';
import { postJson } from './post-json';

const FOLDER = resolve(__dirname, '../../examples');
/** The names of all examples, as the import menu shows them. */
export const EXAMPLES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.json'))
  .map((file) => file.slice(0, -'.json'.length));

/** An example as it is in its file. */
export function readExample(name: string): FlowNode[] {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as FlowNode[];
}

/** What is chosen after an import. */
export interface Choices {
  simulator: Simulator;
  mqttPort?: number;
  /** Other properties of nodes, by type. */
  nodes?: Record<string, Record<string, unknown>>;
  /** Environment variables of the examples' flows. */
  env?: Record<string, string>;
  /** Node-RED's own settings. */
  settings?: Record<string, unknown>;
}

/** Examples running in a real Node-RED. */
export interface RunningExamples {
  nodeRed: NodeRedProcess;
  /** Presses an inject node's button. @param payload instead of the node's own */
  press: (example: string, label: string, payload?: unknown) => Promise<void>;
  stop: () => Promise<void>;
}

/** Imports examples, a tab each, chooses connection and broker, and deploys them. */
export async function startExamples(names: readonly string[], choices: Choices): Promise<RunningExamples> {
  const flows = names.flatMap((name) => readExample(name)).map((node) => chosen(node, choices));
  const nodeRed = await startNodeRedProcess({
    flows,
    credentials: keyFor(flows, 'sim-key'),
    settings: choices.settings ?? {},
  });
  return {
    nodeRed,
    press: async (example, label, payload) => {
      const tab = flows.find((node) => node.type === 'tab' && node['label'] === example)?.id;
      const button = flows.find((node) => node.type === 'inject' && node['z'] === tab && node['name'] === label);
      assert.ok(button, `there is no inject node "${label}"`);
      await pressInject(nodeRed, button.id, payload);
    },
    stop: () => nodeRed.stop(),
  };
}

/** Presses an inject node's button. @param payload instead of the node's own */
export async function pressInject({ admin }: NodeRedProcess, id: string, payload?: unknown): Promise<void> {
  const props = [{ p: 'payload', v: JSON.stringify(payload), vt: 'json' }];
  const { status } = await admin(
    `/inject/${id}`,
    payload === undefined ? { method: 'POST' } : postJson({ __user_inject_props__: props }),
  );
  assert.equal(status, 200);
}

/** A node of an example as it is after an import, with what is chosen then. */
export function chosen(node: FlowNode, { simulator, mqttPort, nodes = {}, env = {} }: Choices): FlowNode {
  const changed: FlowNode = { ...node, ...nodes[node.type] };
  if (node.type === 'nrfcloud-connection') {
    Object.assign(changed, { baseUrl: simulator.url, deviceApiUrl: simulator.deviceApiUrl });
  }
  if (node.type === 'mqtt-broker') Object.assign(changed, { broker: '127.0.0.1', port: String(mqttPort) });
  if (node.type === 'debug') changed['console'] = true;
  if (node.type === 'tab') {
    const variables = node['env'] as { name: string; value: string }[];
    changed['env'] = variables.map((one) => (one.name in env ? { ...one, value: env[one.name] } : one));
  }
  return changed;
}

/** The lines of a file of JSON lines; none if it isn't there. */
export function jsonLines(path: string): Record<string, any>[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return [];
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, any>);
}
