import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import type { ConnectionOptions } from 'node:tls';

/** How the connections to the service are made. */
export interface TransportOptions {
  /** Most sockets. */
  connections: number;
  /** Milliseconds until a connection must stand. */
  connectTimeoutMs: number;
  /** Material of a `tls-config` node: `ca`, `cert`, `key`, `pfx`, `passphrase`, `rejectUnauthorized`, `servername`. */
  tls?: ConnectionOptions;
  /** A proxy for everything except the hosts in `noProxy`; without it the environment's proxy variables count. */
  proxy?: { url: string; noProxy: string[] };
}

const PROXY_VARIABLES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];

/**
 * Makes a pool of connections for one client alone, never the process-wide one: it is closed with its owner and other
 * nodes' settings don't reach it.
 * @throws {Error} undici's, when the proxy's URL can't be used
 */
export function createDispatcher({ connections, connectTimeoutMs, tls = {}, proxy }: TransportOptions): Dispatcher {
  const connect = { ...tls, timeout: connectTimeoutMs };
  // undici types its connect options by hand; whatever tls.connect takes is passed on.
  const options = { connections, connect, requestTls: connect } as Agent.Options & EnvHttpProxyAgent.Options;
  if (proxy !== undefined) {
    const noProxy = proxy.noProxy.join(',');
    return new EnvHttpProxyAgent({ ...options, httpProxy: proxy.url, httpsProxy: proxy.url, noProxy });
  }
  const fromEnvironment = PROXY_VARIABLES.some((name) => (process.env[name] ?? '') !== '');
  return fromEnvironment ? new EnvHttpProxyAgent(options) : new Agent(options);
}
