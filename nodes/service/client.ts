import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Dispatcher } from 'undici';
import { parseBaseUrl, type BaseUrl } from './base-url';
import { Concealer } from './conceal';
import { Downloads, type Download, type Turns } from './downloads';
import { createDispatcher, type TransportOptions } from './dispatcher';
import { closed, invalidInput, type NrfCloudError } from './errors';
import { exchange, ExchangeFailure, isSuccess, type HttpReply } from './exchange';
import { LONGEST_BODY, parseBody, queueFull, statusFailure, transportFailure, type RequestContext } from './failures';
import { Limiter, QueueFull, type Limits } from './limiter';
import { OPERATIONS, pathOf, type Generation, type OperationName } from './paths';
import { backoffMs, LONGEST_WAIT_MS, parseRetryAfter } from './retry';
import { Stop, type StopSignal } from './stop';
import { usable, type Complaint, type Reply } from './usable';

/** Everything that a connection to the service needs to know. */
export interface ClientOptions extends Limits {
  baseUrl: string;
  api: Generation;
  apiKey: string;
  /** Seconds for one attempt, its body included. */
  timeout: number;
  /** Attempts after the first. */
  retries: number;
  tls?: TransportOptions['tls'];
  proxy?: TransportOptions['proxy'];
}

/** On whose behalf a request is made. */
export interface Job {
  /** Aborted when the message's flow stops. */
  signal: StopSignal;
  /** Who asks; requests of different lanes take turns. */
  lane: unknown;
  /** Told when the request begins and stops to wait before a retry. */
  onWaiting?(waiting: boolean): void;
  /** Told whenever a request of this job starts. */
  onStart?(): void;
}

/** What an operation sends. */
export interface Call {
  id?: string;
  query?: URLSearchParams;
  json?: unknown;
  csv?: string | Buffer;
  /** Asks, after a reply was lost, whether the work was done: its answer then, or `undefined` if not or unknown. */
  lookup?: (job: Job) => Promise<Reply | undefined>;
  /** Which replies other than 2xx are an answer, too. */
  accept?: (reply: Reply) => boolean;
  complaint?: Complaint;
  /** Attempts after the first, instead of the connection's. */
  retries?: number;
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

/**
 * The one HTTP path to the service. Every request of every node passes the same limits, retries and error mapping.
 */
export class Client {
  readonly api: Generation;
  readonly #base: BaseUrl;
  readonly #limiter: Limiter;
  readonly #dispatcher: Dispatcher;
  readonly #concealer: Concealer;
  /** Headers of a request by what it sends. */
  readonly #headers: Record<'nothing' | 'json' | 'csv', Record<string, string>>;
  readonly #downloads: Downloads;
  readonly #closing = new Set<Stop>();
  #closed = false;

  /**
   * @throws {RangeError} with a sentence, when the base URL or the API key can't be used
   */
  constructor(private readonly options: ClientOptions) {
    this.api = options.api;
    this.#base = parseBaseUrl(options.baseUrl);
    if (!/^[\x21-\x7e]+$/.test(options.apiKey)) {
      throw new RangeError('the API key holds characters that no HTTP header can carry; copy it again');
    }
    this.#limiter = new Limiter(options);
    const transport = {
      connections: options.concurrency,
      connectTimeoutMs: options.timeout * 1000,
      ...(options.proxy === undefined ? {} : { proxy: options.proxy }),
    };
    this.#dispatcher = createDispatcher(
      options.tls === undefined ? transport : { ...transport, tls: options.tls },
      this.#base.origin,
    );
    this.#downloads = new Downloads(this.#base.origin, transport, USER_AGENT);
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
   * Asks the service for one operation. 429, 5xx and network failures are repeated with back-off, for every operation;
   * after a lost reply `call.lookup` is asked first.
   * @throws {NrfCloudError} every failure, with the contract's code
   */
  async send(operation: OperationName, call: Call, job: Job): Promise<Reply> {
    const request: RequestContext = { ...this.#locate(operation, call), attempts: 0, uncertain: false };
    return this.#unlessClosed(
      operation,
      job,
      (signal) => this.#attempts(request, call, job, signal),
      () => request.attempts,
    );
  }

  /** Does something until the message's flow or this client is closed; then that is its error. */
  async #unlessClosed<T>(
    operation: OperationName,
    job: Job,
    work: (signal: StopSignal) => Promise<T>,
    attempts = () => 0,
  ): Promise<T> {
    const stop = new Stop();
    const abort = (): void => stop.abort(job.signal.reason);
    job.signal.addEventListener('abort', abort, { once: true });
    this.#closing.add(stop);
    if (job.signal.aborted || this.#closed) stop.abort();
    try {
      return await work(stop);
    } catch (error) {
      if (stop.aborted) throw closed(operation, attempts());
      throw error;
    } finally {
      job.signal.removeEventListener('abort', abort);
      this.#closing.delete(stop);
    }
  }

  /**
   * One attempt of an operation, without retries, for looking what became of another one.
   * @returns `undefined` for every failure
   */
  async peek(operation: OperationName, call: Call, job: Job): Promise<Reply | undefined> {
    const request: RequestContext = { ...this.#locate(operation, call), attempts: 0, uncertain: false };
    try {
      const reply = await this.#once(request, call, job, job.signal, true);
      return isSuccess(reply.statusCode) ? usable(reply, request, call.complaint) : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Fetches a document that an answer points to, from whatever host, without the API key and within the same limits.
   * @returns its text, or in a sentence why there is none
   * @throws {NrfCloudError} `NRFCLOUD_CLOSED`
   */
  async download(operation: OperationName, url: string, job: Job): Promise<Download> {
    return this.#unlessClosed(operation, job, (signal) => {
      const turns: Turns = {
        take: async (work) => {
          await this.#limiter.acquire(job.lane, signal, true);
          try {
            return await work();
          } finally {
            this.#limiter.release();
          }
        },
        pause: async (ms) => {
          job.onWaiting?.(true);
          await this.#limiter.pause(ms, signal);
          job.onWaiting?.(false);
        },
      };
      return this.#downloads.fetch(url, this.options.timeout * 1000, signal, turns);
    });
  }

  /** See {@link Limiter.reserve}. */
  reserve(): (() => void) | undefined {
    return this.#limiter.reserve();
  }

  /** Ends every request and closes all sockets; afterwards every `send` fails with `NRFCLOUD_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    // Abort first: destroying the dispatcher alone leaves back-offs and queues waiting.
    for (const stop of this.#closing) stop.abort();
    this.#limiter.close();
    await Promise.all([this.#dispatcher.destroy(), this.#downloads.close()]);
  }

  #locate(operation: OperationName, { id }: Call): Pick<RequestContext, 'operation' | 'method' | 'path'> {
    try {
      return { operation, method: OPERATIONS[operation].method, path: pathOf(operation, this.api, id) };
    } catch (error) {
      throw invalidInput(operation, `${(error as RangeError).message}; give the id of a device, tag or operation`);
    }
  }

  async #attempts(request: RequestContext, call: Call, job: Job, signal: StopSignal): Promise<Reply> {
    for (;;) {
      const failed = await this.#attempt(request, call, job, signal);
      if (!('error' in failed)) return failed;
      const { error, lost, waitMs } = failed;
      const last = waitMs === undefined || request.attempts > (call.retries ?? this.options.retries);
      if (!last) {
        job.onWaiting?.(true);
        await this.#limiter.pause(waitMs, signal);
        job.onWaiting?.(false);
      }
      if (lost) {
        const found = await call.lookup?.({ signal, lane: job.lane, onWaiting: (waiting) => job.onWaiting?.(waiting) });
        if (found !== undefined) return found;
        if (signal.aborted) throw error;
      }
      if (last) throw error;
    }
  }

  /** One attempt: a usable reply, or what went wrong and how long to wait before the next (`undefined` = don't). */
  async #attempt(request: RequestContext, call: Call, job: Job, signal: StopSignal): Promise<Reply | Failed> {
    let reply: HttpReply;
    try {
      reply = await this.#once(request, call, job, signal, request.attempts > 0);
    } catch (error) {
      if (error instanceof QueueFull) throw queueFull(this.options.queueLimit, request);
      if (!(error instanceof ExchangeFailure)) throw error;
      const report = transportFailure(error, this.#base.origin, request);
      request.uncertain ||= error.reached;
      return { error: report, lost: error.reached, waitMs: backoffMs(request.attempts) };
    }
    if (isSuccess(reply.statusCode)) return usable(reply, request, call.complaint);
    const answer = { statusCode: reply.statusCode, body: parseBody(reply.text) };
    if (call.accept?.(answer) === true) return answer;
    const error = statusFailure(reply, request);
    if (reply.statusCode !== 429 && reply.statusCode < 500) return { error, lost: false, waitMs: undefined };
    const lost = reply.statusCode >= 500 && reply.statusCode !== 503;
    request.uncertain ||= lost;
    return { error, lost, waitMs: this.#waitAfter(reply, request.attempts) };
  }

  /** Waits for a turn and sends the request once. */
  async #once(
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
      const timeoutMs = this.options.timeout * 1000;
      const limits = LISTS.has(operation) ? LARGE : SMALL;
      const startedAt = performance.now();
      reply = await exchange(this.#dispatcher, this.#base.origin, message, timeoutMs, limits, signal);
      this.#limiter.answered(reply.statusCode === 429, startedAt, parseRetryAfter(reply.headers['retry-after']));
    } finally {
      this.#limiter.release();
    }
    // Replies come many at a time: all requests that waited for them leave before the first of them is read.
    await new Promise((resolve) => setImmediate(resolve));
    return this.#concealer.conceal(reply);
  }

  /** How long to wait after a refusal; `undefined` if the service asks for longer than anybody wants to wait. */
  #waitAfter(reply: HttpReply, attempts: number): number | undefined {
    const asked =
      reply.statusCode === 429 || reply.statusCode === 503 ? parseRetryAfter(reply.headers['retry-after']) : undefined;
    if (asked === undefined || asked === 0) return backoffMs(attempts);
    if (asked > LONGEST_WAIT_MS) return undefined;
    this.#limiter.hold(asked);
    return asked;
  }
}

interface Failed {
  error: NrfCloudError;
  /** The work may be done, only the reply is missing. */
  lost: boolean;
  waitMs: number | undefined;
}
