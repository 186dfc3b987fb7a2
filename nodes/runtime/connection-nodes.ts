import type { ConnectionOptions } from 'node:tls';
import type { Node, NodeAPI } from 'node-red';
import { parseProxyUrl, type ProxySettings } from '../http/proxy';
import type { Config } from './inputs';
import { InvalidSetting } from './settings';

/** A core `tls-config` node, of which only this is used. */
interface TlsNode extends Node {
  addTLSOptions(options: ConnectionOptions): void;
  /** False if its certificate or key could not be read. */
  valid: boolean;
}

/** A core `http proxy` node, of which only this is used. */
interface ProxyNode {
  url: string;
  noproxy?: string[];
  /** Missing when the proxy wants no user. */
  credentials?: { username?: string; password?: string };
}

/**
 * What the core nodes that a connection refers to contribute to it.
 * @throws {InvalidSetting} if one is missing or cannot be used
 */
export function connectionNodeOptions(
  RED: NodeAPI,
  config: Config,
): { tls?: ConnectionOptions; proxy?: ProxySettings } {
  const tls = tlsOf(RED, config['tls']);
  const proxy = proxyOf(RED, config['proxy']);
  return { ...(tls === undefined ? {} : { tls }), ...(proxy === undefined ? {} : { proxy }) };
}

function tlsOf(RED: NodeAPI, id: unknown): ConnectionOptions | undefined {
  const node = findNode(RED, id, 'tls', 'the TLS configuration') as TlsNode | undefined;
  if (node === undefined) return undefined;
  if (!node.valid) {
    throw new InvalidSetting('the certificate or key of the TLS configuration cannot be read; correct it', 'tls');
  }
  const options: ConnectionOptions = {};
  node.addTLSOptions(options);
  return options;
}

function proxyOf(RED: NodeAPI, id: unknown): ProxySettings | undefined {
  const node = findNode(RED, id, 'proxy', 'the proxy') as unknown as ProxyNode | undefined;
  if (node === undefined) return undefined;
  const { username, password } = node.credentials ?? {};
  let url: string;
  try {
    url = parseProxyUrl(node.url, 'the address of the proxy');
  } catch (error) {
    throw new InvalidSetting((error as RangeError).message, 'proxy');
  }
  const proxy = { url, noProxy: node.noproxy ?? [] };
  if (username === undefined || username === '') return proxy;
  return { ...proxy, authorization: `Basic ${Buffer.from(`${username}:${password ?? ''}`).toString('base64')}` };
}

function findNode(RED: NodeAPI, id: unknown, property: string, what: string): Node | undefined {
  if (typeof id !== 'string' || id === '') return undefined;
  const node = RED.nodes.getNode(id) as Node | null;
  if (node === null) {
    throw new InvalidSetting(`${what} of the connection is missing or disabled; choose another one`, property);
  }
  return node;
}
