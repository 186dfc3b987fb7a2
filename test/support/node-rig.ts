import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAPI, NodeMessage, NodeStatus } from 'node-red';
import helper from 'node-red-node-test-helper';
import connectionNode from '../../nodes/nrfcloud-connection';

const NODE_RED = process.env['NODE_RED_PATH'] ?? require.resolve('node-red');
// The helper finds Node-RED by itself only in some layouts, and fails late when it doesn't.
helper.init(NODE_RED);
const requireOfNodeRed = createRequire(NODE_RED);
const { hooks } = requireOfNodeRed('@node-red/util') as Pick<NodeAPI, 'hooks'>;
const { version } = requireOfNodeRed('../package.json') as { version: string };
/** Node-RED gives nodes its hooks and its version, but the helper doesn't. */
const withHooks =
  (node: (RED: NodeAPI) => void) =>
  (RED: NodeAPI): void =>
    node(Object.assign(RED, { hooks, version: () => version }));

/** The user directory of all rigs of a test, with the journal in it. */
let userDir: string | undefined;
let serverRuns = false;

/** A message as tests read it. */
export type Message = Record<string, any>;

/** What a node did with its messages, as Node-RED's own Catch, Complete, Status and the next nodes saw it. */
export interface NodeRig {
  node: Node;
  /** What left each output, in order. */
  outputs: Message[][];
  caught: Message[];
  completed: Message[];
  statuses: NodeStatus[];
  send: (msg: Record<string, unknown>) => void;
  /** Another node of the flow. */
  other: (id: string) => Node;
  /** Resolves as soon as the condition holds, asked again after every event of the rig. */
  until: (condition: () => boolean, what?: string) => Promise<void>;
  /** All messages have ended when Catch and Complete have seen `count`. */
  ended: (count: number) => Promise<void>;
  /** Stops the flow, as a full deploy does. */
  stop: () => Promise<void>;
}

/** What the rig is made of. */
export interface NodeRigOptions {
  node: (RED: NodeAPI) => void;
  type: string;
  /** The node's properties; `connection` is set by the rig unless given. */
  config?: Record<string, unknown>;
  outputs?: number;
  /** The connection's properties; `null` for none at all. */
  connection?: Record<string, unknown> | null;
  apiKey?: string | undefined;
  /** Node-RED's settings. */
  settings?: Record<string, unknown>;
  /** Other node types and nodes for the flow. */
  types?: ((RED: NodeAPI) => void)[];
  nodes?: Record<string, unknown>[];
  credentials?: Record<string, Record<string, string>>;
}

/** Puts one node into a real Node-RED runtime, between test nodes, under Catch, Complete and Status nodes. */
export async function startNodeRig(options: NodeRigOptions): Promise<NodeRig> {
  userDir ??= mkdtempSync(join(tmpdir(), 'nrfcloud-rig-'));
  helper.settings({ userDir, ...options.settings });
  const { node, type, config = {}, outputs = 1, connection = {}, types = [], nodes = [] } = options;
  const apiKey = 'apiKey' in options ? options.apiKey : 'sim-key';
  const ports = Array.from({ length: outputs }, (_, port) => `out${port}`);
  const flow = [
    { id: 'tab', type: 'tab', label: 'test' },
    ...(connection === null ? [] : [{ id: 'connection', type: 'nrfcloud-connection', ...connection }]),
    { id: 'node', z: 'tab', x: 1, y: 1, type, connection: 'connection', ...config, wires: ports.map((id) => [id]) },
    ...ports.map((id) => ({ id, z: 'tab', x: 1, y: 1, type: 'helper' })),
    ...['catch', 'complete', 'status'].flatMap((kind) => [
      { id: kind, z: 'tab', x: 1, y: 1, type: kind, scope: ['node'], uncaught: false, wires: [[`${kind}-out`]] },
      { id: `${kind}-out`, z: 'tab', x: 1, y: 1, type: 'helper' },
    ]),
    ...nodes,
  ];
  const credentials = { ...(apiKey === undefined ? {} : { connection: { apiKey } }), ...options.credentials };
  // A test that starts a second rig leaves the first one's server behind.
  await stopServer();
  await new Promise<void>((resolve, reject) => {
    helper.startServer((error?: Error) => (error ? reject(error) : resolve()));
  });
  serverRuns = true;
  await helper.load([connectionNode, node, ...types].map(withHooks), flow as never, credentials);

  const events = new EventEmitter();
  const collect = (id: string): Message[] => {
    const seen: Message[] = [];
    const target = helper.getNode(id) as Node | null;
    if (target === null) throw new Error(`the node ${id} of the flow was not created`);
    target.on('input', (msg: NodeMessage) => {
      seen.push(msg);
      events.emit('event');
    });
    return seen;
  };
  const received = ports.map(collect);
  const [caught, completed] = [collect('catch-out'), collect('complete-out')];
  const statuses: NodeStatus[] = [];
  helper.getNode('status-out').on('input', (msg: NodeMessage) => {
    statuses.push((msg as Message)['status'] as NodeStatus);
    events.emit('event');
  });
  const until = (condition: () => boolean, what = 'what the test waits for'): Promise<void> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        if (!condition()) return;
        events.off('event', check);
        clearTimeout(limit);
        resolve();
      };
      const limit = setTimeout(() => {
        events.off('event', check);
        const errors = JSON.stringify(caught.map((msg) => msg['error'] as unknown));
        reject(new Error(`${what} did not happen; caught: ${errors}; last status: ${JSON.stringify(statuses.at(-1))}`));
      }, 30_000);
      events.on('event', check);
      check();
    });
  const tested = helper.getNode('node');
  return {
    node: tested,
    outputs: received,
    caught,
    completed,
    statuses,
    send: (msg) => tested.receive(msg),
    other: (id) => helper.getNode(id),
    until,
    ended: (count) => until(() => caught.length + completed.length >= count, `the end of ${count} messages`),
    stop: () => helper.unload(),
  };
}

/** Sends one message. @returns what has left output 1 at its end, after making sure that it ended well, and once */
export async function expectResults(flow: NodeRig, msg: Message): Promise<Message[]> {
  flow.send(msg);
  await flow.ended(1);
  assert.deepEqual(
    flow.caught.map(({ error }) => error as unknown),
    [],
  );
  assert.equal(flow.completed.length, 1);
  return flow.outputs[0]!;
}

/** Sends one message. @returns what Catch saw of it, after making sure that nothing else left or ended */
export async function expectError(flow: NodeRig, msg: Message): Promise<Message> {
  flow.send(msg);
  await flow.ended(1);
  assert.deepEqual([flow.outputs.flat().length, flow.completed.length, flow.caught.length], [0, 0, 1]);
  assert.deepEqual(flow.caught[0]!['payload'], msg['payload']);
  return flow.caught[0]!;
}

/** Takes everything down that a rig started; for `afterEach`. */
export async function stopNodeRig(): Promise<void> {
  await helper.unload();
  if (userDir !== undefined) rmSync(userDir, { recursive: true, force: true });
  userDir = undefined;
  await stopServer();
}

async function stopServer(): Promise<void> {
  if (!serverRuns) return;
  serverRuns = false;
  await new Promise<void>((resolve, reject) => {
    helper.stopServer((error?: Error) => (error ? reject(error) : resolve()));
  });
}

/** The helper's request to Node-RED's admin API. */
export const adminRequest = (): ReturnType<typeof helper.request> => helper.request();
