import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dispatcher } from 'undici';
import { parseBaseUrl, type BaseUrl } from './base-url';
import type { Call, Job } from './call';
import { Concealer } from './conceal';
import { createDispatcher, type DispatcherOptions } from './dispatcher';
import { Downloads, type Download } from './downloads';
import { exchange, type HttpReply } from './exchange';
import { LONGEST_BODY, type RequestContext } from './failures';
import { Limiter, type Limits } from './limiter';
import type { OperationName } from './paths';
import { parseRetryAfter } from './retry';
import type { StopSignal } from './stop';

/** How the service is reached, by whom, and how fast. */
export interface TransportOptions extends Limits {
  baseUrl: string;
  apiKey: string;
  /** Seconds for one attempt, its body included. */
  timeout: number;
  tls?: DispatcherOptions['tls'];
  proxy?: DispatcherOptions['proxy'];
}

/** Bodies of this size are read: of lists (a page of 100,000 devices has 40 MB), and of what is about one thing. */
const LARGE = { success: 64 * 2 ** 20, error: LONGEST_BODY };
const SMALL = { success: 2 ** 20, error: LONGEST_BODY };
/** What tells of many things. Sixteen bodies without end at once would take a gigabyte, if all operations were. */
const LISTS: ReadonlySet<OperationName> = new Set(['list devices', 'list tags', 'bulk claim', 'bulk status']);

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
  readonly #concealer: Concealer;
  /** Headers of a request by what it sends. */
  readonly #headers: Record<'nothing' | 'json' | 'csv', Record<string, string>>;
  readonly #downloads: Downloads;
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
    this.#downloads = new Downloads(this.#base.origin, connections, USER_AGENT);
    this.#concealer = new Concealer(options.apiKey);
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
   * @throws {ExchangeFailure} when no whole reply came
   * @throws the signal's reason when it is aborted meanwhile
   */
  async attempt(
    request: RequestContext,
    call: Call,
    job: Job,
    signal: StopSignal,
    admitted: boolean,
  ): Promise<HttpReply> {
    const held = this.#limiter.held;
    if (held) job.onWaiting?.(true);
    await this.#limiter.acquire(job.lane, signal, admitted);
    if (held) job.onWaiting?.(false);
    let reply: HttpReply;
    try {
      request.attempts++;
      job.onStart?.();
      const { operation, method, path } = request;
      const { query, json, csv } = call;
      const search = query === undefined || query.size === 0 ? '' : `?${query.toString()}`;
      const message = {
        method,
        path: `${this.#base.prefix}${path}${search}`,
        headers: this.#headers[json !== undefined ? 'json' : csv !== undefined ? 'csv' : 'nothing'],
        body: json === undefined ? csv : JSON.stringify(json),
      };
      const limits = LISTS.has(operation) ? LARGE : SMALL;
      const startedAt = performance.now();
      reply = await exchange(this.#dispatcher, this.#base.origin, message, this.#timeoutMs, limits, signal);
      this.#limiter.answered(reply.statusCode === 429, startedAt, parseRetryAfter(reply.headers['retry-after']));
    } finally {
      this.#limiter.release();
    }
    // Replies come many at a time: all requests that waited for them leave before the first of them is read.
    await this.#endOfTurn();
    return this.#concealer.conceal(reply);
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
   * Fetches a document from any host, without the API key, see {@link Downloads.fetch}.
   * @throws the signal's reason when it is aborted meanwhile
   */
  async download(url: string, job: Job, signal: StopSignal): Promise<Download> {
    return this.#downloads.fetch(url, this.#timeoutMs, signal, {
      take: async (work) => {
        await this.#limiter.acquire(job.lane, signal, true);
        try {
          return await work();
        } finally {
          this.#limiter.release();
        }
      },
      pause: (ms) => this.pause(ms, job, signal),
    });
  }

  /**
   * Waits between two attempts, and tells so. See {@link Limiter.pause}.
   * @throws the signal's reason when it is aborted meanwhile
   */
  async pause(ms: number, job: Job, signal: StopSignal): Promise<void> {
    job.onWaiting?.(true);
    await this.#limiter.pause(ms, signal);
    job.onWaiting?.(false);
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
