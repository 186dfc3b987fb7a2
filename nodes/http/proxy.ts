/** A proxy for everything except the hosts in `noProxy`. */
export interface ProxySettings {
  url: string;
  /** The value of the `Proxy-Authorization` header. */
  authorization?: string;
  noProxy: string[];
}

/** The proxies that the environment names, each with a scheme. */
export interface EnvironmentProxies {
  httpProxy?: string;
  httpsProxy?: string;
}

/** Schemes of the proxies that undici can use. */
const USABLE_PROTOCOL = /^(https?|socks5?):$/;
/** URL parsers read this as if both slashes were there, and with `http://` in front its host is the scheme. */
const ONE_SLASH = /^[a-z][a-z0-9+.-]*:\/(?!\/)/i;
const EXAMPLE = 'http://proxy.example:3128';

/**
 * Reads the address of a proxy, with or without a scheme.
 * @param source names the setting or variable in errors
 * @throws {RangeError} with a sentence that says what is wrong and what to enter instead
 */
export function parseProxyUrl(text: string, source: string): string {
  const trimmed = text.trim();
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`;
  // The password may hold an @ itself, so the last one separates the host.
  const login = url.slice(url.indexOf('//') + 2, Math.max(0, url.lastIndexOf('@')));
  const unescaped = /%(?![0-9a-f]{2})|[#/?]/i.exec(login)?.[0];
  if (unescaped !== undefined) {
    const escaped = `%${unescaped[0]!.charCodeAt(0).toString(16).toUpperCase()}`;
    throw new RangeError(`${source} has a bare ${unescaped[0]} in its user or password; write it as ${escaped}`);
  }
  try {
    const parsed = new URL(url);
    decodeURIComponent(parsed.password);
    if (parsed.hostname !== '' && USABLE_PROTOCOL.test(parsed.protocol) && !ONE_SLASH.test(trimmed)) return parsed.href;
  } catch {
    // Reported below.
  }
  throw new RangeError(`${source} is not a usable address; enter something like ${EXAMPLE}`);
}

/**
 * The proxies of the environment's variables; lower case counts first, as elsewhere.
 * @throws {RangeError} see {@link parseProxyUrl}
 */
export function environmentProxies(env: NodeJS.ProcessEnv = process.env): EnvironmentProxies {
  const httpProxy = proxyVariable(env, 'http_proxy');
  const httpsProxy = proxyVariable(env, 'https_proxy');
  return {
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
  };
}

function proxyVariable(env: NodeJS.ProcessEnv, lowerCase: string): string | undefined {
  const name = [lowerCase, lowerCase.toUpperCase()].find((candidate) => (env[candidate] ?? '').trim() !== '');
  return name === undefined ? undefined : parseProxyUrl(env[name]!, `the environment variable ${name}`);
}
