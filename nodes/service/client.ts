import type { Call, Job } from './call';
import type { Download } from './downloads';
import { closed, invalidInput, type NrfCloudError } from './errors';
import { ExchangeFailure, isSuccess, type HttpReply } from './exchange';
import { parseBody, queueFull, statusFailure, transportFailure, type RequestContext } from './failures';
import { QueueFull } from './limiter';
import { OPERATIONS, pathOf, type Generation, type OperationName } from './paths';
import { backoffMs, LONGEST_WAIT_MS, parseRetryAfter } from './retry';
import { Stop, type StopSignal } from './stop';
import { Transport, type TransportOptions } from './transport';
import { usable, type Reply } from './usable';

/** Everything that a connection to the service needs to know. */
export interface ClientOptions extends TransportOptions {
  api: Generation;
  /** Attempts after the first. */
  retries: number;
}

/**
 * The one HTTP path to the service. Every request of every node passes the same limits, retries and error mapping.
 */
export class Client {
  readonly api: Generation;
  readonly #transport: Transport;
  readonly #closing = new Set<Stop>();
  #closed = false;

  /**
   * @throws {RangeError} with a sentence, when the base URL or the API key can't be used
   */
  constructor(private readonly options: ClientOptions) {
    this.api = options.api;
    this.#transport = new Transport(options);
  }

  /** Scheme, host and port of the service: where the API key goes, and nowhere else. */
  get origin(): string {
    return this.#transport.origin;
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
      const reply = await this.#transport.attempt(request, call, job, job.signal, true);
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
    return this.#unlessClosed(operation, job, (signal) => this.#transport.download(url, job, signal));
  }

  /** See {@link Limiter.reserve}. */
  reserve(): (() => void) | undefined {
    return this.#transport.reserve();
  }

  /** Ends every request and closes all sockets; afterwards every `send` fails with `NRFCLOUD_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    // Abort first: destroying the dispatcher alone leaves back-offs and queues waiting.
    for (const stop of this.#closing) stop.abort();
    await this.#transport.close();
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
        await this.#transport.pause(waitMs, job, signal);
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
      reply = await this.#transport.attempt(request, call, job, signal, request.attempts > 0);
    } catch (error) {
      if (error instanceof QueueFull) throw queueFull(this.options.queueLimit, request);
      if (!(error instanceof ExchangeFailure)) throw error;
      const report = transportFailure(error, this.origin, request);
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

  /** How long to wait after a refusal; `undefined` if the service asks for longer than anybody wants to wait. */
  #waitAfter(reply: HttpReply, attempts: number): number | undefined {
    const asked =
      reply.statusCode === 429 || reply.statusCode === 503 ? parseRetryAfter(reply.headers['retry-after']) : undefined;
    if (asked === undefined || asked === 0) return backoffMs(attempts);
    if (asked > LONGEST_WAIT_MS) return undefined;
    this.#transport.hold(asked);
    return asked;
  }
}

interface Failed {
  error: NrfCloudError;
  /** The work may be done, only the reply is missing. */
  lost: boolean;
  waitMs: number | undefined;
}
