/** Where a service is: what the HTTP client needs, already checked. */
export interface BaseUrl {
  /** Scheme, host and port; a place that the API key is sent to. */
  origin: string;
  /** Path prefix without a trailing slash, e.g. `/v1`. */
  prefix: string;
  /** True if the host is this computer. */
  loopback: boolean;
}

/** nRF Cloud's provisioning host (guide). */
export const DEFAULT_BASE_URL = 'https://api.provisioning.nrfcloud.com/v1';
/** nRF Cloud's device management API (Nordic's tools). */
export const DEFAULT_DEVICE_API_URL = 'https://api.nrfcloud.com/v1';

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What a host name or address in a URL consists of, after `new URL` has normalized it. */
const USABLE_HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?\.?)$/;

/** Whether a URL's host name is this computer. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

/**
 * Reads a base URL of a connection. A trailing slash is allowed; plain `http:` only for loopback hosts, since the API key
 * would travel readable.
 * @param what names the setting in errors
 * @throws {RangeError} with a sentence that says what is wrong and what to enter instead
 */
export function parseBaseUrl(text: string, what = 'the base URL', example = DEFAULT_BASE_URL): BaseUrl {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw new RangeError(`${what} is not a URL; enter something like ${example}`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new RangeError(`${what} does not begin with https://; enter something like ${example}`);
  }
  if (!USABLE_HOST.test(url.hostname)) {
    throw new RangeError(`${what} has a host name that cannot exist; enter something like ${example}`);
  }
  const loopback = isLoopback(url.hostname);
  if (url.protocol === 'http:' && !loopback) {
    throw new RangeError(`${what} uses plain http:, which would send the API key readable; enter https://`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new RangeError(`${what} holds a user name or password; remove it, the API key has a field of its own`);
  }
  if (url.search !== '' || url.hash !== '') {
    throw new RangeError(`${what} holds a query or fragment; remove what follows the path`);
  }
  return { origin: url.origin, prefix: withoutTrailingSlashes(url.pathname), loopback };
}

/** A regular expression would search every run of slashes again and again. */
function withoutTrailingSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}
