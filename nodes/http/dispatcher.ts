import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type * as Undici from 'undici';
import type { buildConnector, Dispatcher } from 'undici';
import { isLoopback } from './base-url';
import { dropContinue } from './continue-filter';
import { environmentProxies, type EnvironmentProxies, type ProxySettings } from './proxy';

/** How the connections to a service are made. */
export interface DispatcherOptions {
  /** Maximum sockets. */
  connections: number;
  /** Milliseconds until a connection must be made. */
  connectTimeoutMs: number;
  /** Material of a `tls-config` node: `ca`, `cert`, `key`, `pfx`, `passphrase`, `rejectUnauthorized`, `servername`. */
  tls?: ConnectionOptions;
  /** Without it, the environment's proxy variables apply, except to this computer. */
  proxy?: ProxySettings;
}

/** The proxies for each scheme, as undici's `EnvHttpProxyAgent` takes them. */
type Proxies = EnvironmentProxies & { noProxy?: string; token?: string };

/** Hosts that the environment's proxies are never used for. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

const load = createRequire(__filename);

/**
 * Loads undici, if it is not loaded already. It takes most of the time and memory that the package takes, so it is loaded
 * only where a flow has a connection, and after the flows have started.
 */
export function loadUndici(): typeof Undici {
  return load('undici') as typeof Undici;
}

/**
 * The proxies that requests to a host may go through, `undefined` if they go directly. The environment's proxies are never
 * used for this computer: the API key would travel readable through them.
 * @param hostname the only host that will be requested; left out for any
 * @throws {RangeError} when a variable of the environment cannot be used
 */
export function proxiesFor(proxy: ProxySettings | undefined, hostname?: string): Proxies | undefined {
  if (proxy !== undefined) {
    // A user in the URL would not do: undici leaves out one without a password.
    const token = proxy.authorization === undefined ? {} : { token: proxy.authorization };
    return { httpProxy: proxy.url, httpsProxy: proxy.url, noProxy: proxy.noProxy.join(','), ...token };
  }
  if (hostname !== undefined && isLoopback(hostname)) return undefined;
  const proxies = environmentProxies();
  if (proxies.httpProxy === undefined && proxies.httpsProxy === undefined) return undefined;
  const noProxy = [process.env['no_proxy'] ?? process.env['NO_PROXY'] ?? '', ...LOOPBACK_HOSTS];
  return { ...proxies, noProxy: noProxy.filter((entry) => entry !== '').join(',') };
}

/**
 * The connections of one client alone, never the process-wide ones: they are closed with their owner, and other nodes'
 * settings do not reach them. undici makes them with the first request.
 */
export class Connections {
  /** Read when the client is made, so that an unusable variable of the environment shows at the deploy. */
  readonly #proxies: Proxies | undefined;
  #dispatcher: Dispatcher | undefined;

  /**
   * @param origin the only origin that will be requested; left out for any
   * @throws {RangeError} when a proxy cannot be used
   */
  constructor(
    private readonly options: DispatcherOptions,
    private readonly origin?: string,
  ) {
    this.#proxies = proxiesFor(options.proxy, origin === undefined ? undefined : new URL(origin).hostname);
  }

  get dispatcher(): Dispatcher {
    return (this.#dispatcher ??= createDispatcher(this.options, this.#proxies, this.origin));
  }

  /** Closes all sockets. */
  async close(): Promise<void> {
    await this.#dispatcher?.destroy();
  }
}

function createDispatcher(
  { connections, connectTimeoutMs, tls = {} }: DispatcherOptions,
  proxies: Proxies | undefined,
  origin: string | undefined,
): Dispatcher {
  const { Agent, EnvHttpProxyAgent, Pool } = loadUndici();
  const connect = { ...tls, timeout: connectTimeoutMs };
  // undici types its connect options by hand; whatever tls.connect takes is passed on.
  const poolOptions = { connections, connect } as Undici.Pool.Options;
  const factory = (target: string | URL, settings: object): Dispatcher => createPool(target, settings);
  if (proxies !== undefined) {
    const settings = { ...poolOptions, factory, requestTls: connect, ...proxies };
    return new EnvHttpProxyAgent(settings as Undici.EnvHttpProxyAgent.Options);
  }
  return origin === undefined ? new Agent({ ...poolOptions, factory }) : createPool(origin, poolOptions);

  function createPool(target: string | URL, settings: Undici.Pool.Options): Dispatcher {
    const connector =
      typeof settings.connect === 'function' ? settings.connect : loadUndici().buildConnector(settings.connect ?? {});
    return new Pool(target, { ...settings, connect: withoutContinue(connector) });
  }
}

function withoutContinue(connector: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    connector(options, (...[error, socket]: [Error | null, Socket | null]) => {
      if (error === null && socket !== null) callback(null, dropContinue(socket));
      else callback(finalError(error ?? new Error('no socket')), null);
    });
  };
}

/**
 * The error of a connection that was not made. undici takes the code of a lost socket, which a proxy that closes the connection
 * causes, for a reason to connect again at once, thousands of times a second; without it the request fails.
 */
function finalError(error: NodeJS.ErrnoException): Error {
  return error.code === 'UND_ERR_SOCKET' ? new Error(error.message, { cause: error }) : error;
}
