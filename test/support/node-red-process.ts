import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startNodeRed, type NodeRed, type NodeRedOptions } from '../../harness/node-red';
import { freePort } from '../../harness/ports';
import { postJson } from './post-json';

const DEMO_FLOWS = resolve(__dirname, '../../demo/flows.json');

/** A node of a flow, as the editor exports it. */
export type FlowNode = Record<string, any> & { id: string; type: string };

/** A real Node-RED in a process of its own, ready, and watched. */
export interface NodeRedProcess extends NodeRed {
  /** Every line that it has written so far. */
  readonly log: string[];
  /** Resolves as soon as the condition holds, asked again after every line of the log. */
  until: (condition: () => boolean, what: string) => Promise<void>;
  /** Asks the admin API. */
  admin: (path: string, init?: RequestInit) => Promise<Response>;
  /** Deploys flows as the editor does. @throws {Error} when Node-RED refuses them */
  deploy: (flows: FlowNode[], how?: 'full' | 'nodes' | 'flows' | 'reload') => Promise<void>;
}

/** Starts Node-RED with the built package; options as for the demo. @throws {Error} with its last words, if it ends */
export async function startNodeRedProcess(options: Omit<NodeRedOptions, 'port' | 'onLine'>): Promise<NodeRedProcess> {
  const log: string[] = [];
  const events = new EventEmitter();
  const nodeRed = startNodeRed({
    ...options,
    port: await freePort(0),
    onLine: (line) => {
      log.push(line);
      events.emit('line');
    },
  });
  const admin: NodeRedProcess['admin'] = (path, init) => fetch(`${nodeRed.adminUrl}${path}`, init);
  const until: NodeRedProcess['until'] = (condition, what) =>
    new Promise((settle, reject) => {
      const limit = setTimeout(
        () => end(new Error(`${what} did not happen; Node-RED's log:\n${log.join('\n')}`)),
        30_000,
      );
      const end = (error?: Error): void => {
        clearTimeout(limit);
        events.off('line', check);
        if (error === undefined) settle();
        else reject(error);
      };
      const check = (): void => {
        if (condition()) end();
      };
      nodeRed.lost.catch(end);
      events.on('line', check);
      check();
    });
  try {
    await nodeRed.ready;
  } catch (error) {
    await nodeRed.stop();
    throw error;
  }
  return {
    ...nodeRed,
    log,
    admin,
    until,
    deploy: async (flows, how = 'full') => {
      const seen = log.length;
      const response = await admin('/flows', postJson(flows, { 'node-red-deployment-type': how }));
      if (!response.ok) throw new Error(`the deploy was answered with ${response.status}: ${await response.text()}`);
      // Node-RED answers before it has started the new nodes.
      await until(() => log.slice(seen).some((line) => line.includes('Started ')), 'the start of what was deployed');
    },
  };
}

/** The demo's flows, fresh. */
export function demoFlows(): FlowNode[] {
  return JSON.parse(readFileSync(DEMO_FLOWS, 'utf8')) as FlowNode[];
}

/** An API key for each connection of some flows, as credentials. */
export function keyFor(flows: FlowNode[], apiKey: string): Record<string, { apiKey: string }> {
  const connections = flows.filter(({ type }) => type === 'nrfcloud-connection');
  return Object.fromEntries(connections.map(({ id }) => [id, { apiKey }]));
}

/** A folder of this directory, for Node-RED's `nodesDir`. */
export function supportFolder(name: string): string {
  return join(__dirname, name);
}
