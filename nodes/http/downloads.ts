import { lookup, promises as dnsPromises } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { sleep, type AbortSignalLike } from '../util/abort';
import { rootCauseText } from '../util/sanitize';
import { isLoopback } from './base-url';
import { ACCEPT_ENCODING, decodeDocument } from './decode';
import { Connections, proxiesFor, type DispatcherOptions } from './dispatcher';
import { exchange, isSuccess, type HttpResponse } from './exchange';
import { ExchangeError } from './exchange-error';
import { isPublicAddress, isPublicName } from './public-address';
import { backoffMs, parseRetryAfter } from './retry';
import { Semaphore } from './semaphore';

/** A fetched document, or in a sentence why there is none. */
export type Download = { text: string } | { problem: string };

/** A failed attempt that may be repeated, after as long as the host asks for. */
interface RetryableFailure {
  problem: string;
  retry: true;
  askedMs?: number | undefined;
}

/** Maximum bytes of a document, compressed and decompressed (our choice). */
const MAX_BYTES = 8 * 2 ** 20;
/** Longest time for one attempt, in milliseconds. */
const ATTEMPT_TIMEOUT_MS = 30_000;
/** Longest time for a document with all its attempts, from the first one on, in milliseconds. */
const TOTAL_TIMEOUT_MS = 120_000;
/** How often a document is requested, in all, when the network or its host fails. */
const MAX_ATTEMPTS = 3;
/** Maximum documents that are fetched at once; they take no place from the connection's requests. */
const MAX_CONCURRENT_DOWNLOADS = 4;

/**
 * Fetches documents from hosts that a response of the service names. Such a URL must not make Node-RED request something
 * in its own network: only `https:`, and only public addresses, or the host that the service itself is on. If the service
 * is on this computer, other ports of this computer are allowed, too.
 */
export class Downloader {
  readonly #connections: Connections;
  readonly #service: URL;
  readonly #places = new Semaphore(MAX_CONCURRENT_DOWNLOADS);
  readonly #proxied: boolean;

  /**
   * @param serviceOrigin where the service is
   * @param connections as for the service, without its TLS material: a client certificate is a secret, too
   * @param wait waits between two attempts; tests note how long
   */
  constructor(
    serviceOrigin: string,
    connections: Omit<DispatcherOptions, 'tls'>,
    private readonly userAgent: string,
    private readonly wait: typeof sleep = sleep,
  ) {
    this.#service = new URL(serviceOrigin);
    this.#proxied = proxiesFor(connections.proxy) !== undefined;
    const options = { ...connections, connections: MAX_CONCURRENT_DOWNLOADS, tls: { lookup: this.#lookup } };
    this.#connections = new Connections(options);
  }

  /**
   * Fetches a document, without any credentials and without following redirects. As with the service, network failures,
   * 429 and 5xx are repeated with back-off, or after the `Retry-After` of a 429 or 503.
   * @param timeoutMs for one attempt, at most 30 s
   * @param onWaiting called when it starts or stops waiting between two attempts
   * @throws the signal's reason when it is aborted meanwhile
   */
  async fetch(
    address: string,
    timeoutMs: number,
    signal: AbortSignalLike,
    onWaiting?: (waiting: boolean) => void,
  ): Promise<Download> {
    let url: URL;
    try {
      url = new URL(address);
    } catch {
      return { problem: 'its address is not a URL' };
    }
    const forbidden = this.#forbidden(url) ?? (this.#proxied ? await this.#forbiddenName(url.hostname) : undefined);
    if (forbidden !== undefined) return { problem: forbidden };
    let left = TOTAL_TIMEOUT_MS;
    for (let attempt = 1; ; attempt++) {
      await this.#places.acquire(signal);
      const startedAt = performance.now();
      let result: Download | RetryableFailure;
      try {
        result = await this.#attempt(url, Math.min(timeoutMs, ATTEMPT_TIMEOUT_MS, left), signal);
      } finally {
        this.#places.release();
      }
      if (!('retry' in result)) return result;
      const waitMs = result.askedMs ?? backoffMs(attempt);
      left -= performance.now() - startedAt + waitMs;
      if (attempt === MAX_ATTEMPTS || left <= 0) return { problem: result.problem };
      onWaiting?.(true);
      await this.wait(waitMs, signal);
      onWaiting?.(false);
    }
  }

  /** Closes all sockets. */
  async close(): Promise<void> {
    await this.#connections.close();
  }

  async #attempt(url: URL, timeoutMs: number, signal: AbortSignalLike): Promise<Download | RetryableFailure> {
    const request = {
      method: 'GET',
      path: url.pathname + url.search,
      headers: { 'user-agent': this.userAgent, accept: '*/*', 'accept-encoding': ACCEPT_ENCODING },
    };
    let response: HttpResponse;
    try {
      const limits = { success: MAX_BYTES, error: 1024, decode: decodeDocument };
      response = await exchange(this.#connections.dispatcher, url.origin, request, timeoutMs, limits, signal);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      const problem = `it could not be fetched (${rootCauseText(error.cause)})`;
      // A host that stalled once will stall again.
      const isFinal = error.kind === 'timeout' || error.permanentFault !== undefined;
      return isFinal ? { problem } : { problem, retry: true };
    }
    const { statusCode, headers, truncated, text } = response;
    if (statusCode === 429 || statusCode >= 500) {
      const asked = statusCode === 429 || statusCode === 503 ? parseRetryAfter(headers) : undefined;
      // Retry-After lies in the past; use the normal back-off.
      return {
        problem: `its host responds with HTTP ${statusCode}`,
        retry: true,
        askedMs: asked === 0 ? undefined : asked,
      };
    }
    if (!isSuccess(statusCode)) return { problem: `its host responds with HTTP ${statusCode}; it may have expired` };
    if (truncated === 'size') return { problem: 'it is larger than 8 MiB' };
    return truncated === 'encoding' ? { problem: 'it cannot be decompressed' } : { text };
  }

  /** Why a URL may not be fetched, as far as it shows in the URL. */
  #forbidden({ protocol, hostname, username, password }: URL): string | undefined {
    if (username !== '' || password !== '') return 'its address holds a user name or password';
    const local = isLoopback(hostname) && isLoopback(this.#service.hostname);
    if (protocol !== 'https:' && !(protocol === 'http:' && local)) return 'its address does not begin with https://';
    const literal = withoutBrackets(hostname);
    if (!this.#mayConnect(hostname, literal, isIP(literal) !== 0)) return 'its address lies in a private network';
    return undefined;
  }

  /**
   * The same for a name that a proxy will resolve: it must be public here, or, where it cannot be resolved here, look like
   * a name of the public internet.
   */
  async #forbiddenName(hostname: string): Promise<string | undefined> {
    if (hostname === this.#service.hostname || isLoopback(hostname)) return undefined;
    if (isIP(withoutBrackets(hostname)) !== 0) return undefined;
    let addresses: { address: string }[];
    try {
      addresses = await dnsPromises.lookup(hostname, { all: true });
    } catch {
      return isPublicName(hostname) ? undefined : 'its host has a name of a private network';
    }
    const allPublic = addresses.every(({ address }) => isPublicAddress(address));
    return allPublic ? undefined : 'its host has an address in a private network';
  }

  #mayConnect(hostname: string, address: string, isAddress: boolean): boolean {
    if (hostname === this.#service.hostname) return true;
    if (isLoopback(hostname)) return isLoopback(this.#service.hostname);
    return !isAddress || isPublicAddress(address);
  }

  /** Resolves a name and refuses private addresses, so that a public name cannot lead to one. */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        callback(error, []);
        return;
      }
      const allowed = addresses.filter(({ address }) => this.#mayConnect(hostname, address, true));
      const [first] = allowed;
      if (first === undefined) callback(new Error('the host has an address in a private network'), []);
      else if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
