/** Where the service is: what the HTTP client needs, already checked. */
export interface BaseUrl {
  /** Scheme, host and port; the only place that the API key is sent to. */
  origin: string;
  /** Path prefix without a trailing slash, e.g. `/v1`. */
  prefix: string;
}

/** nRF Cloud's production host (source: guide). */
export const DEFAULT_BASE_URL = 'https://api.provisioning.nrfcloud.com/v1';

const LOOPBACK = /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Whether a URL's host name is this computer. */
export function isLoopback(hostname: string): boolean {
  return LOOPBACK.test(hostname);
}

/**
 * Reads the base URL of a connection. A trailing slash is allowed; plain `http:` only for loopback hosts, since the API
 * key would travel readable.
 * @throws {RangeError} with a sentence that says what is wrong and what to write instead
 */
export function parseBaseUrl(text: string): BaseUrl {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw new RangeError(`the base URL is not a URL; write something like ${DEFAULT_BASE_URL}`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new RangeError('the base URL must begin with https://');
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new RangeError('the base URL uses plain http:, which would send the API key readable; write https://');
  }
  if (url.username !== '' || url.password !== '') {
    throw new RangeError('the base URL holds a user name or password; remove it, the API key has a field of its own');
  }
  if (url.search !== '' || url.hash !== '') {
    throw new RangeError('the base URL holds a query or fragment; remove what follows the path');
  }
  return { origin: url.origin, prefix: withoutSlashes(url.pathname) };
}

/** Drops the slashes at the end. (An expression for that would look through every run of slashes again and again.) */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end--;
  return path.slice(0, end);
}
