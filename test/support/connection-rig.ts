import { EventEmitter } from 'node:events';
import { util } from '@node-red/util';
import type { NodeAPI } from 'node-red';
import { openConnection, type ConnectionNode } from '../../nodes/runtime/connection';
import { CONNECTION_TYPE } from '../../nodes/runtime/connection-type';
import type { Config } from '../../nodes/runtime/inputs';

/** How a connection is deployed. */
interface Deployment {
  /** As Node-RED puts it in, so a variable may have made it a number. */
  apiKey?: unknown;
  /** Environment variables of the connection's flow. */
  variables?: Record<string, unknown>;
}

/** The parts of Node-RED that a connection uses, with its real functions, and the connections that are deployed. */
export class ConnectionRig {
  readonly events = new EventEmitter();
  /** What the connections wrote to the log. */
  readonly warnings: string[] = [];
  readonly settings: Record<string, unknown> = {};
  readonly RED: NodeAPI;
  readonly #nodes = new Map<string, unknown>();
  readonly #opened: ConnectionNode[] = [];

  constructor() {
    const getNode = (id: string): unknown => this.#nodes.get(id) ?? null;
    this.RED = { util, events: this.events, settings: this.settings, nodes: { getNode } } as never;
  }

  /** Adds any other node. */
  add(id: string, node: unknown): void {
    this.#nodes.set(id, node);
  }

  /** Deploys a connection with the id `connection`. */
  open(config: Config = {}, { apiKey = 'key', variables = {} }: Deployment = {}): ConnectionNode {
    const warn = (words: string): void => void this.warnings.push(words);
    const getSetting = (name: string): unknown => variables[name];
    const facts = { type: CONNECTION_TYPE, id: 'connection', credentials: { apiKey }, warn, _flow: { getSetting } };
    const node = Object.assign(new EventEmitter(), facts) as unknown as ConnectionNode;
    this.add('connection', node);
    this.#opened.push(node);
    openConnection(this.RED, node, config as never);
    return node;
  }

  /** Closes a connection as Node-RED does. */
  close(node: ConnectionNode): Promise<void> {
    return new Promise((resolve) => (node as unknown as EventEmitter).emit('close', resolve));
  }

  async stop(): Promise<void> {
    for (const node of this.#opened.splice(0)) await this.close(node);
  }
}
