import type { Node, NodeAPI, NodeDef } from 'node-red';
import { Client } from '../api/client';
import type { OperationName } from '../api/endpoints';
import { notConfigured } from '../api/errors';
import { DEFAULT_BASE_URL, parseBaseUrl } from '../http/base-url';
import { loadUndici } from '../http/dispatcher';
import { DEFAULT_OUTAGE_WAIT_S } from '../http/limiter';
import { describeType } from '../util/json';
import { MAX_TIMER_MS } from '../util/timer';
import { loadInBackground } from './background-load';
import { connectionNodeOptions } from './connection-nodes';
import { CONNECTION_TYPE } from './connection-type';
import type { Config } from './inputs';
import { choice, InvalidSetting, number, readSettings, text, unsetVariable, type Setting } from './settings';

const MAX_TIMER_S = Math.floor(MAX_TIMER_MS / 1000);
/** An organization auth token; whether this API accepts one is not known (its sister API does not). */
const ORGANIZATION_TOKEN = /^oat_/;
const VARIABLE = /\$\{([^}]+)\}/g;

/** What is kept secret of a connection. */
export interface ConnectionCredentials {
  apiKey?: string;
}

/** A deployed connection: its client, or why there is none. */
export interface ConnectionNode extends Node<ConnectionCredentials> {
  client: Client | undefined;
  /** Set if `client` is not. */
  problem: InvalidSetting;
}

const url =
  (defaultValue: string, read: (value: string) => unknown): Setting<string> =>
  (value, name) => {
    // What is no text is no address either, and must not give way to the default one.
    const isText = value === undefined || value === null || typeof value === 'string';
    const address = isText ? text(defaultValue)(value, name) : describeType(value);
    if (address === '') return address;
    try {
      read(address);
      return address;
    } catch (error) {
      throw new InvalidSetting((error as RangeError).message, name);
    }
  };

const SETTINGS = {
  baseUrl: url(DEFAULT_BASE_URL, (value) => parseBaseUrl(value)),
  deviceApiUrl: url('', (value) => parseBaseUrl(value, 'the device API URL')),
  api: choice('guide', 'current'),
  concurrency: number(16, { min: 1, max: 10_000, whole: true }),
  rate: number(0, { min: 0, max: 1_000_000 }),
  queueLimit: number(100_000, { min: 0, whole: true }),
  timeout: number(30, { min: 0.001, max: MAX_TIMER_S }),
  retries: number(5, { min: 0, max: 1000, whole: true }),
  outageWait: number(DEFAULT_OUTAGE_WAIT_S, { min: 0, max: MAX_TIMER_S }),
};

/**
 * Makes the HTTP client of a connection.
 * @param config the connection's properties, with the values of `${VAR}` in place
 * @param apiKey its credential, likewise
 * @param isolated true for a test, see {@link ClientOptions}
 * @throws {InvalidSetting} with a sentence that says what to correct
 */
export function createClient(RED: NodeAPI, config: Config, apiKey: string | undefined, isolated = false): Client {
  const settings = readSettings(SETTINGS, config);
  const key = parseApiKey(apiKey);
  const options = connectionNodeOptions(RED, config);
  try {
    return new Client({ ...settings, ...options, apiKey: key, isolated });
  } catch (error) {
    throw error instanceof RangeError ? new InvalidSetting(error.message, propertyIn(error)) : error;
  }
}

/** The property that the client's constructor cannot use: all others were read before. */
function propertyIn({ message }: RangeError): string {
  return message.includes('environment variable') ? 'proxy' : 'apiKey';
}

/** @throws {InvalidSetting} for what cannot be a key */
function parseApiKey(apiKey: string | undefined): string {
  const key = apiKey?.trim() ?? '';
  const refuse = (sentence: string, variable?: string): never => {
    throw new InvalidSetting(sentence, 'apiKey', variable);
  };
  if (key === '') return refuse('the connection has no API key; enter it in its dialog');
  const variable = unsetVariable(key);
  if (variable !== undefined) {
    return refuse(
      `the environment variable ${variable} (for the API key) is not set; set it and restart Node-RED`,
      variable,
    );
  }
  if (/^\$\(.*\)$|^%.*%$/.test(key)) {
    return refuse('the API key is a variable in another notation; write ${NAME} to use an environment variable');
  }
  if (/^Bearer\b/i.test(key)) return refuse('the API key begins with the word Bearer; enter only the key itself');
  if (/^["'].*["']$/.test(key)) return refuse('the API key is enclosed in quotes; enter it without them');
  return key;
}

/** What may be wrong with a key that is sent all the same, in sentences. */
export function keyWarnings(apiKey: string | undefined): string[] {
  if (!ORGANIZATION_TOKEN.test(apiKey?.trim() ?? '')) return [];
  return [
    "the API key begins with oat_, so it is an organization auth token, which this API may refuse; enter the team's API key",
  ];
}

/**
 * The properties of a connection with the values of environment variables in place of `${NAME}`, also inside text. Node-RED
 * itself replaces only a `${NAME}` that is the whole value.
 * @throws {InvalidSetting} that names a variable which is not set
 */
export function withVariables<T>(
  RED: NodeAPI,
  node: ConnectionNode | undefined,
  value: T,
  property: string,
  what = property,
): T {
  if (typeof value !== 'string') return value;
  return value.replace(VARIABLE, (_match, name: string) => {
    const found = variableOf(RED, node, name);
    if (found !== undefined) return found;
    throw new InvalidSetting(
      `the environment variable ${name} (for ${what}) is not set; set it and restart Node-RED`,
      property,
      name,
    );
  }) as T & string;
}

/** The key of a deployed connection, with variables in place. @throws {InvalidSetting} */
export function storedKey(RED: NodeAPI, node: ConnectionNode): string | undefined {
  // A variable that Node-RED has replaced may be a number.
  const apiKey = node.credentials.apiKey as unknown;
  if (typeof apiKey !== 'string' && typeof apiKey !== 'number') return undefined;
  return withVariables(RED, node, String(apiKey), 'apiKey', 'the API key');
}

/** The value of an environment variable as Node-RED puts it in at deployment, `undefined` if it is not set. */
export function variableOf(RED: NodeAPI, node: ConnectionNode | undefined, name: string): string | undefined {
  const value = node === undefined ? process.env[name] : (RED.util.getSetting(node, name) as unknown);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** All properties of a configuration, see {@link withVariables}. @throws {InvalidSetting} */
export function configWithVariables(RED: NodeAPI, node: ConnectionNode | undefined, config: Config): Config {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      name in SETTINGS ? withVariables(RED, node, value, name) : value,
    ]),
  );
}

/**
 * Makes a connection of a config node; its client is closed with it. A connection that cannot work, or may not, says so
 * once in the log.
 */
export function openConnection(RED: NodeAPI, node: ConnectionNode, config: NodeDef): void {
  try {
    const key = storedKey(RED, node);
    node.client = createClient(RED, configWithVariables(RED, node, config as unknown as Config), key);
    for (const warning of keyWarnings(key)) node.warn(warning);
  } catch (error) {
    // Whatever it is, the nodes that use the connection must be able to say so with every message.
    node.problem = error instanceof InvalidSetting ? error : new InvalidSetting(String(error), 'name');
    node.warn(node.problem.message);
  }
  const withdraw = loadInBackground(RED.events, loadUndici);
  node.on('close', (done: () => void) => {
    withdraw();
    void (node.client?.close() ?? Promise.resolve()).then(done, done);
  });
}

/**
 * Why the connection that a node uses cannot work, as far as that is known at deploy.
 * @param id the node's `connection` property
 * @returns `undefined` if there is nothing wrong
 */
export function connectionProblem(RED: NodeAPI, id: unknown): InvalidSetting | undefined {
  const node = connectionNode(RED, id);
  if (node !== undefined) return node.client === undefined ? node.problem : undefined;
  const sentence = 'no connection is chosen, or it is disabled; choose one in the dialog of the node';
  return new InvalidSetting(sentence, 'connection');
}

/**
 * The client of the connection that a node uses.
 * @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED`
 */
export function clientOf(RED: NodeAPI, id: unknown, operation: OperationName): Client {
  const client = connectionNode(RED, id)?.client;
  if (client !== undefined) return client;
  throw notConfigured(operation, connectionProblem(RED, id)!.message);
}

/** A deployed connection by its id. */
export function connectionNode(RED: NodeAPI, id: unknown): ConnectionNode | undefined {
  const node = typeof id === 'string' && id !== '' ? (RED.nodes.getNode(id) as ConnectionNode | null) : null;
  return node?.type === CONNECTION_TYPE ? node : undefined;
}
