import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dispatcher } from 'undici';
import { parseBaseUrl, type BaseUrl } from './base-url';
import { Redactor } from './redact';
import { createDispatcher, type DispatcherOptions } from './dispatcher';
import { Downloader, type Download } from './downloads';
import { exchange, type HttpResponse } from './exchange';
import { Limiter, type Limits } from './limiter';
import type { RequestOwner } from './request-owner';
import { parseRetryAfter } from './retry';
import type { AbortSignalLike } from '../util/abort';

/** How the service is reached, by whom, and how fast. */
export interface TransportOptions extends Limits {
  baseUrl: string;
  apiKey: string;
  /** Seconds for one attempt, its body included. */
  timeout: number;
  tls?: DispatcherOptions['tls'];
  proxy?: DispatcherOptions['proxy'];
}

/** Most bytes of an error body that are kept: the contract's 64 KiB. */
export const MAX_ERROR_BODY_BYTES = 65_536;
/** Most bytes of a body: of a list (a page of 100,000 devices has 40 MB), and of what is about one thing. */
const MAX_LIST_BYTES = 64 * 2 ** 20;
const MAX_ITEM_BYTES = 2 ** 20;

/** Where a request goes; its attempts are counted here. */
export interface RequestTarget {
  method: string;
  /** Path below the base URL. */
  path: string;
  attempts: number;
  /** The response is a list, which may be large. (Sixteen endless bodies at once would take a gigabyte, if all were.) */
  isList?: boolean;
}

/** What a request carries. */
export interface RequestContent {
  query?: URLSearchParams;
  json?: unknown;
  csv?: string | Buffer;
}

const { name, version } = JSON.parse(readFileSync(join(__dirname, '../../package.json'), 'utf8')) as {
  name: string;
  version: string;
};
const USER_AGENT = `${name}/${version}`;

/** The connections to the service, with the limits that all requests keep to: makes single attempts, and repeats none. */
export class Transport {
  readonly #base: BaseUrl;
  readonly #timeoutMs: number;
  readonly #limiter: Limiter;
  readonly #dispatcher: Dispatcher;
  readonly #concealer: Redactor;
  /** Headers of a request by what it sends. */
  readonly #headers: Record<'nothing' | 'json' | 'csv', Record<string, string>>;
  readonly #downloads: Downloader;
  /** The end of this turn of the event loop, for all who wait for it. */
  #turn: Promise<void> | undefined;

  /**
   * @throws {RangeError} with a sentence, when the base URL or the API key can't be used
   */
  constructor(options: TransportOptions) {
    this.#base = parseBaseUrl(options.baseUrl);
    if (!/^[\x21-\x7e]+$/.test(options.apiKey)) {
      throw new RangeError('the API key holds characters that no HTTP header can carry; copy it again');
    }
    this.#timeoutMs = options.timeout * 1000;
    this.#limiter = new Limiter(options);
    const connections = {
      connections: options.concurrency,
      connectTimeoutMs: this.#timeoutMs,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    };
    this.#dispatcher = createDispatcher(
      options.tls === undefined ? connections : { ...connections, tls: options.tls },
      this.#base.origin,
    );
    this.#downloads = new Downloader(this.#base.origin, connections, USER_AGENT);
    this.#concealer = new Redactor(options.apiKey);
    const headers = {
      authorization: `Bearer ${options.apiKey}`,
      'user-agent': USER_AGENT,
      accept: 'application/json',
    };
    this.#headers = {
      nothing: headers,
      json: { ...headers, 'content-type': 'application/json' },
      csv: { ...headers, 'content-type': 'text/csv' },
    };
  }

  /** Scheme, host and port of the service: where the API key goes, and nowhere else. */
  get origin(): string {
    return this.#base.origin;
  }

  /**
   * Waits for a turn and sends the request once.
   * @param admitted see {@link Limiter.acquire}
   * @returns whatever the service answers, without the API key
   * @throws {QueueFull} see {@link Limiter.acquire}
   * @throws {ExchangeFailure} when no whole response came
   * @throws the signal's reason when it is aborted meanwhile
   */
  async attempt(
    target: RequestTarget,
    content: RequestContent,
    owner: RequestOwner,
    signal: AbortSignalLike,
    admitted: boolean,
  ): Promise<HttpResponse> {
    const held = this.#limiter.held;
    if (held) owner.onWaiting?.(true);
    await this.#limiter.acquire(owner.lane, signal, admitted);
    if (held) owner.onWaiting?.(false);
    let response: HttpResponse;
    try {
      target.attempts++;
      owner.onStart?.();
      const { method, path, isList } = target;
      const { query, json, csv } = content;
      const search = query === undefined || query.size === 0 ? '' : `?${query.toString()}`;
      const message = {
        method,
        path: `${this.#base.prefix}${path}${search}`,
        headers: this.#headers[json !== undefined ? 'json' : csv !== undefined ? 'csv' : 'nothing'],
        body: json === undefined ? csv : JSON.stringify(json),
      };
      const limits = { success: isList === true ? MAX_LIST_BYTES : MAX_ITEM_BYTES, error: MAX_ERROR_BODY_BYTES };
      const startedAt = performance.now();
      response = await exchange(this.#dispatcher, this.#base.origin, message, this.#timeoutMs, limits, signal);
      this.#limiter.answered(response.statusCode === 429, startedAt, parseRetryAfter(response.headers['retry-after']));
    } finally {
      this.#limiter.release();
    }
    // Replies come many at a time: all requests that waited for them leave before the first of them is read.
    await this.#endOfTurn();
    return this.#concealer.conceal(response);
  }

  #endOfTurn(): Promise<void> {
    return (this.#turn ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#turn = undefined;
        resolve();
      });
    }));
  }

  /**
   * Fetches a document from any host, without the API key, see {@link Downloader.fetch}.
   * @throws the signal's reason when it is aborted meanwhile
   */
  async download(url: string, owner: RequestOwner, signal: AbortSignalLike): Promise<Download> {
    return this.#downloads.fetch(url, this.#timeoutMs, signal, {
      take: async (work) => {
        await this.#limiter.acquire(owner.lane, signal, true);
        try {
          return await work();
        } finally {
          this.#limiter.release();
        }
      },
      pause: (ms) => this.pause(ms, owner, signal),
    });
  }

  /**
   * Waits between two attempts, and tells so. See {@link Limiter.pause}.
   * @throws the signal's reason when it is aborted meanwhile
   */
  async pause(ms: number, owner: RequestOwner, signal: AbortSignalLike): Promise<void> {
    owner.onWaiting?.(true);
    await this.#limiter.pause(ms, signal);
    owner.onWaiting?.(false);
  }

  /** See {@link Limiter.hold}. */
  hold(ms: number): void {
    this.#limiter.hold(ms);
  }

  /** See {@link Limiter.reserve}. */
  reserve(): (() => void) | undefined {
    return this.#limiter.reserve();
  }

  /** Closes all sockets; requests that wait are ended by their signals. */
  async close(): Promise<void> {
    this.#limiter.close();
    await Promise.all([this.#dispatcher.destroy(), this.#downloads.close()]);
  }
}
