import type { ConnectionOptions } from 'node:tls';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { DEFAULT_BASE_URL, parseBaseUrl } from '../http/base-url';
import { Client } from '../api/client';
import { notConfigured } from '../api/errors';
import type { OperationName } from '../api/endpoints';
import type { ProxySettings } from '../http/proxy';
import type { Config } from './inputs';
import { choice, number, readSettings, text, InvalidSetting, unsetVariable, type Setting } from './settings';

/** The config node's type, by which a connection is told from another node with the same id. */
export const CONNECTION_TYPE = 'nrfcloud-connection';

/** What is kept secret of a connection. */
export interface ConnectionCredentials {
  apiKey?: string;
}

/** A deployed connection: its client, or why there is none. */
export interface ConnectionNode extends Node<ConnectionCredentials> {
  client: Client | undefined;
  /** Set when `client` isn't. */
  problem: InvalidSetting;
}

/** Most seconds that a timer of Node.js can run. */
const LONGEST_TIMER_S = 2_147_483;

const baseUrl: Setting<string> = (value, name) => {
  const url = text(DEFAULT_BASE_URL)(value, name);
  try {
    parseBaseUrl(url);
    return url;
  } catch (error) {
    throw new InvalidSetting((error as RangeError).message, name);
  }
};

const SETTINGS = {
  baseUrl,
  deviceApiUrl: text(''),
  api: choice('guide', 'current'),
  concurrency: number(16, { min: 1, max: 10_000, whole: true }),
  rate: number(0, { min: 0, max: 1_000_000 }),
  queueLimit: number(100_000, { min: 0, whole: true }),
  timeout: number(30, { min: 0.001, max: LONGEST_TIMER_S }),
  retries: number(5, { min: 0, max: 1000, whole: true }),
  outageWait: number(300, { min: 0, max: LONGEST_TIMER_S }),
};

/**
 * Makes the HTTP client of a connection.
 * @param config the connection's properties, with the values of `${VAR}` in place
 * @param apiKey its credential
 * @throws {InvalidSetting} with a sentence that says what to correct
 */
export function createClient(RED: NodeAPI, config: Config, apiKey: string | undefined): Client {
  const settings = readSettings(SETTINGS, config);
  const key = apiKey?.trim() ?? '';
  if (key === '') throw new InvalidSetting('the connection has no API key; enter it in its dialog', 'apiKey');
  const variable = unsetVariable(key);
  if (variable !== undefined) {
    const sentence = `the environment variable ${variable} (for the API key) is not set; set it and restart Node-RED`;
    throw new InvalidSetting(sentence, 'apiKey', variable);
  }
  const tls = tlsOf(RED, config['tls']);
  const proxy = proxyOf(RED, config['proxy']);
  try {
    return new Client({
      ...settings,
      apiKey: key,
      ...(tls === undefined ? {} : { tls }),
      ...(proxy === undefined ? {} : { proxy }),
    });
  } catch (error) {
    throw error instanceof RangeError ? new InvalidSetting(error.message, 'apiKey') : error;
  }
}

/** Makes a connection of a config node; its client is closed with it. */
export function openConnection(RED: NodeAPI, node: ConnectionNode, config: NodeDef): void {
  try {
    node.client = createClient(RED, config as unknown as Config, node.credentials.apiKey);
  } catch (error) {
    // Whatever it is, the nodes that use the connection must be able to say so with every message.
    node.problem = error instanceof InvalidSetting ? error : new InvalidSetting(String(error), 'name');
  }
  node.on('close', (done: () => void) => {
    void (node.client?.close() ?? Promise.resolve()).then(done, done);
  });
}

/**
 * The client of the connection that a node uses.
 * @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED`
 */
export function clientOf(RED: NodeAPI, id: unknown, operation: OperationName): Client {
  const node = typeof id === 'string' && id !== '' ? (RED.nodes.getNode(id) as ConnectionNode | null) : null;
  if (node?.type !== CONNECTION_TYPE) {
    throw notConfigured(operation, 'no connection is chosen, or it is disabled; choose one in the dialog of the node');
  }
  if (node.client === undefined) throw notConfigured(operation, node.problem.message);
  return node.client;
}

/** A core `tls-config` node, of which only this is used. */
interface TlsNode extends Node {
  addTLSOptions(options: ConnectionOptions): void;
  /** False if its certificate or key could not be read. */
  valid: boolean;
}

function tlsOf(RED: NodeAPI, id: unknown): ConnectionOptions | undefined {
  const node = lookup(RED, id, 'tls', 'the TLS configuration') as TlsNode | undefined;
  if (node === undefined) return undefined;
  if (!node.valid) {
    throw new InvalidSetting("the TLS configuration's certificate or key can't be read; correct it", 'tls');
  }
  const options: ConnectionOptions = {};
  node.addTLSOptions(options);
  return options;
}

/** A core `http proxy` node, of which only this is used. */
interface ProxyNode {
  url: string;
  noproxy?: string[];
  /** Missing when the proxy wants no user. */
  credentials?: { username?: string; password?: string };
}

function proxyOf(RED: NodeAPI, id: unknown): ProxySettings | undefined {
  const node = lookup(RED, id, 'proxy', 'the proxy') as unknown as ProxyNode | undefined;
  if (node === undefined) return undefined;
  const { username, password } = node.credentials ?? {};
  let url: URL;
  try {
    url = new URL(node.url);
  } catch {
    const sentence = 'the address of the proxy is not a URL; write something like http://proxy.example:3128';
    throw new InvalidSetting(sentence, 'proxy');
  }
  const proxy = { url: url.href, noProxy: node.noproxy ?? [] };
  if (username === undefined || username === '') return proxy;
  return { ...proxy, authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}

function lookup(RED: NodeAPI, id: unknown, property: string, what: string): Node | undefined {
  if (typeof id !== 'string' || id === '') return undefined;
  const node = RED.nodes.getNode(id) as Node | null;
  if (node === null) {
    throw new InvalidSetting(`${what} of the connection is missing or disabled; choose another one`, property);
  }
  return node;
}
