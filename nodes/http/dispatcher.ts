import { createRequire } from 'node:module';
import type { ConnectionOptions } from 'node:tls';
import type * as Undici from 'undici';
import type { Dispatcher } from 'undici';

/** How the connections to the service are made. */
export interface DispatcherOptions {
  /** Most sockets. */
  connections: number;
  /** Milliseconds until a connection must stand. */
  connectTimeoutMs: number;
  /** Material of a `tls-config` node: `ca`, `cert`, `key`, `pfx`, `passphrase`, `rejectUnauthorized`, `servername`. */
  tls?: ConnectionOptions;
  /** A proxy for everything except the hosts in `noProxy`; without it the environment's proxy variables count. */
  proxy?: {
    url: string;
    /** What the `Proxy-Authorization` header says. */
    authorization?: string;
    noProxy: string[];
  };
}

const load = createRequire(__filename);

/**
 * undici is loaded with the first connection: it takes four fifths of the time and most of the memory that the package
 * takes, and Node-RED loads all packages that are installed, whether a flow uses them or not.
 */
function undici(): typeof Undici {
  return load('undici') as typeof Undici;
}

const PROXY_VARIABLES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'];

/**
 * Makes a pool of connections for one client alone, never the process-wide one: it is closed with its owner and other
 * nodes' settings don't reach it.
 * @param origin the only host that will be asked; left out for any
 * @throws {Error} undici's, when the proxy's URL can't be used
 */
export function createDispatcher(
  { connections, connectTimeoutMs, tls = {}, proxy }: DispatcherOptions,
  origin?: string,
): Dispatcher {
  const { Agent, EnvHttpProxyAgent, Pool } = undici();
  const connect = { ...tls, timeout: connectTimeoutMs };
  // undici types its connect options by hand; whatever tls.connect takes is passed on.
  const options = { connections, connect, requestTls: connect } as Undici.Agent.Options &
    Undici.Pool.Options &
    Undici.EnvHttpProxyAgent.Options;
  if (proxy !== undefined) {
    const noProxy = proxy.noProxy.join(',');
    // A user in the URL would not do: undici leaves out one without a password.
    const token = proxy.authorization === undefined ? {} : { token: proxy.authorization };
    return new EnvHttpProxyAgent({ ...options, ...token, httpProxy: proxy.url, httpsProxy: proxy.url, noProxy });
  }
  const fromEnvironment = PROXY_VARIABLES.some((name) => (process.env[name] ?? '') !== '');
  if (fromEnvironment) return new EnvHttpProxyAgent(options);
  return origin === undefined ? new Agent(options) : new Pool(origin, options);
}
