import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import { isLoopback } from './base-url';
import { createDispatcher, type DispatcherOptions } from './dispatcher';
import { exchange, ExchangeError, isSuccess, type HttpResponse } from './exchange';
import { rootCauseText } from '../util/sanitize';
import { backoffMs, MAX_RETRY_AFTER_MS, parseRetryAfter } from './retry';
import type { AbortSignalLike } from '../util/abort';

/** A fetched document, or in a sentence why there is none. */
export type Download = { text: string } | { problem: string };

/** How the attempts of a download keep to the connection's limits. */
export interface DownloadLimits {
  /** Does something when it is its turn. */
  take: <T>(work: () => Promise<T>) => Promise<T>;
  /** Waits between two attempts, in milliseconds, and leaves the turns to others. */
  pause: (ms: number) => Promise<void>;
}

/** A failed attempt that may be repeated, after as long as the host asks for. */
interface RetryableFailure {
  problem: string;
  again: true;
  askedMs?: number | undefined;
}

/** Most bytes of a document that are read (the 8 MiB). */
const MAX_BYTES = 8 * 2 ** 20;
/** Longest time for a document, in milliseconds. */
const DOWNLOAD_TIMEOUT_MS = 30_000;
/** How often a document is asked for, in all, when the network or its host fails. */
const MAX_ATTEMPTS = 3;

/**
 * Fetches documents from hosts that an answer of the service names. What comes from there must not turn Node-RED into a
 * door to its own network: only `https:`, and only public addresses, or the host that the service itself is on. On a
 * service on this computer, other ports of this computer are allowed, too.
 */
export class Downloader {
  readonly #dispatcher: Dispatcher;
  readonly #service: URL;

  /**
   * @param serviceOrigin where the service is
   * @param connections as for the service, without its TLS material: a client certificate is a secret, too
   */
  constructor(
    serviceOrigin: string,
    connections: Omit<DispatcherOptions, 'tls'>,
    private readonly userAgent: string,
  ) {
    this.#service = new URL(serviceOrigin);
    this.#dispatcher = createDispatcher({
      ...connections,
      tls: { lookup: this.#lookup },
    });
  }

  /**
   * Fetches a document, without any credentials and without following redirects. As with the service, network failures,
   * 429 and 5xx are repeated with back-off, or after the `Retry-After` of a 429 or 503.
   * @param timeoutMs for one attempt, at most 30 s
   * @throws the signal's reason when it is aborted meanwhile
   */
  async fetch(address: string, timeoutMs: number, signal: AbortSignalLike, turns: DownloadLimits): Promise<Download> {
    let url: URL;
    try {
      url = new URL(address);
    } catch {
      return { problem: 'its address is not a URL' };
    }
    const forbidden = this.#forbidden(url);
    if (forbidden !== undefined) return { problem: forbidden };
    for (let attempt = 1; ; attempt++) {
      const result = await turns.take(() => this.#once(url, Math.min(timeoutMs, DOWNLOAD_TIMEOUT_MS), signal));
      if (!('again' in result)) return result;
      const { problem, askedMs } = result;
      if (attempt === MAX_ATTEMPTS || (askedMs ?? 0) > MAX_RETRY_AFTER_MS) return { problem };
      await turns.pause(askedMs ?? backoffMs(attempt));
    }
  }

  /** Closes all sockets. */
  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #once(url: URL, timeoutMs: number, signal: AbortSignalLike): Promise<Download | RetryableFailure> {
    const request = {
      method: 'GET',
      path: url.pathname + url.search,
      headers: { 'user-agent': this.userAgent, accept: '*/*' },
    };
    let response: HttpResponse;
    try {
      const limits = { success: MAX_BYTES, error: 1024 };
      response = await exchange(this.#dispatcher, url.origin, request, timeoutMs, limits, signal);
    } catch (error) {
      if (!(error instanceof ExchangeError)) throw error;
      const problem = `it could not be fetched (${rootCauseText(error.cause)})`;
      // A host that stalled once will stall again, and somebody waits.
      return error.kind === 'timeout' ? { problem } : { problem, again: true };
    }
    const { statusCode, headers, truncated, text } = response;
    if (statusCode === 429 || statusCode >= 500) {
      const asked = statusCode === 429 || statusCode === 503 ? parseRetryAfter(headers['retry-after']) : undefined;
      // A wait that is over already is no wait: then the usual back-off.
      return { problem: `its host answers HTTP ${statusCode}`, again: true, askedMs: asked === 0 ? undefined : asked };
    }
    if (!isSuccess(statusCode)) return { problem: `its host answers HTTP ${statusCode}; it may have expired` };
    return truncated === 'size' ? { problem: 'it is larger than 8 MiB' } : { text };
  }

  /** Why a URL may not be fetched, as far as it shows in the URL. */
  #forbidden({ protocol, hostname, username, password }: URL): string | undefined {
    if (username !== '' || password !== '') return 'its address holds a user name or password';
    const local = isLoopback(hostname) && isLoopback(this.#service.hostname);
    if (protocol !== 'https:' && !(protocol === 'http:' && local)) return 'its address does not begin with https://';
    const literal = hostname.replace(/^\[|\]$/g, '');
    if (!this.#mayConnect(hostname, literal, isIP(literal) !== 0)) return 'its address lies in a private network';
    return undefined;
  }

  #mayConnect(hostname: string, address: string, known: boolean): boolean {
    if (hostname === this.#service.hostname) return true;
    if (isLoopback(hostname)) return isLoopback(this.#service.hostname);
    return !known || isPublic(address);
  }

  /** Looks a name up and refuses what it stands for, so that a public name can't lead to a private address. */
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

const NON_PUBLIC_NETWORKS = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  NON_PUBLIC_NETWORKS.addSubnet(net, bits, 'ipv4');
}
for (const [net, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  NON_PUBLIC_NETWORKS.addSubnet(net, bits, 'ipv6');
}

/** Whether an address belongs to the public internet; an IPv4 address in IPv6 clothes is judged by what it is. */
function isPublic(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && !NON_PUBLIC_NETWORKS.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
