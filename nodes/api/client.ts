import type { RequestOwner } from '../http/request-owner';
import type { ApiRequest } from './request';
import type { Download } from '../http/downloads';
import { closed, invalidInput, type NrfCloudError } from './errors';
import { ExchangeError, isSuccess, type HttpResponse } from '../http/exchange';
import { parseBody, queueFull, statusError, transportError, type RequestContext } from './error-mapping';
import { QueueFull } from '../http/limiter';
import { ENDPOINTS, LIST_OPERATIONS, endpointPath, type ApiVersion, type OperationName } from './endpoints';
import { backoffMs, MAX_RETRY_AFTER_MS, parseRetryAfter } from '../http/retry';
import { LinkedAbort, type AbortSignalLike } from '../util/abort';
import { Transport, type TransportOptions } from '../http/transport';
import { parseResponse, type ApiResponse } from './parse-response';

/** Everything that a connection to the service needs to know. */
export interface ClientOptions extends TransportOptions {
  api: ApiVersion;
  /** Attempts after the first. */
  retries: number;
}

/**
 * The one HTTP path to the service. Every request of every node passes the same limits, retries and error mapping.
 */
export class Client {
  readonly api: ApiVersion;
  readonly #transport: Transport;
  readonly #closing = new Set<LinkedAbort>();
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
   * after a lost response `call.lookup` is asked first.
   * @throws {NrfCloudError} every failure, with the contract's code
   */
  async send(operation: OperationName, call: ApiRequest, owner: RequestOwner): Promise<ApiResponse> {
    const request = this.#requestFor(operation, call);
    const stop = this.#begin(owner);
    try {
      for (;;) {
        let outcome: ApiResponse | FailedAttempt;
        try {
          const response = await this.#transport.attempt(request, call, owner, stop, request.attempts > 0);
          outcome = this.#judge(response, request, call);
        } catch (error) {
          outcome = this.#unanswered(error, request);
        }
        if (!('error' in outcome)) return outcome;
        const found = await this.#untilNext(outcome, request, call, owner, stop);
        if (found !== undefined) return found;
      }
    } catch (error) {
      throw stop.aborted ? closed(operation, request.attempts) : error;
    } finally {
      this.#end(stop);
    }
  }

  /**
   * One attempt of an operation, without retries, for looking what became of another one.
   * @returns `undefined` for every failure
   */
  async sendOnce(operation: OperationName, call: ApiRequest, owner: RequestOwner): Promise<ApiResponse | undefined> {
    const request = this.#requestFor(operation, call);
    try {
      const response = await this.#transport.attempt(request, call, owner, owner.signal, true);
      return isSuccess(response.statusCode) ? parseResponse(response, request, call.checkBody) : undefined;
    } catch {
      return undefined;
    }
  }

  /**
   * Fetches a document that an answer points to, from whatever host, without the API key and within the same limits.
   * @returns its text, or in a sentence why there is none
   * @throws {NrfCloudError} `NRFCLOUD_CLOSED`
   */
  async download(operation: OperationName, url: string, owner: RequestOwner): Promise<Download> {
    const stop = this.#begin(owner);
    try {
      return await this.#transport.download(url, owner, stop);
    } catch (error) {
      throw stop.aborted ? closed(operation) : error;
    } finally {
      this.#end(stop);
    }
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

  /** What is done for a message ends with the message's flow, and with this client. */
  #begin(owner: RequestOwner): LinkedAbort {
    const stop = new LinkedAbort(owner.signal);
    this.#closing.add(stop);
    if (this.#closed) stop.abort();
    return stop;
  }

  #end(stop: LinkedAbort): void {
    stop.leave();
    this.#closing.delete(stop);
  }

  #requestFor(operation: OperationName, { id }: ApiRequest): RequestContext {
    try {
      const path = endpointPath(operation, this.api, id);
      return {
        operation,
        method: ENDPOINTS[operation].method,
        path,
        attempts: 0,
        mayHaveSucceeded: false,
        isList: LIST_OPERATIONS.has(operation),
      };
    } catch (error) {
      throw invalidInput(operation, `${(error as RangeError).message}; give the id of a device, tag or operation`);
    }
  }

  /** What a response means: a usable one, or what went wrong. @throws {NrfCloudError} for a success that can't be used */
  #judge(response: HttpResponse, request: RequestContext, call: ApiRequest): ApiResponse | FailedAttempt {
    if (isSuccess(response.statusCode)) return parseResponse(response, request, call.checkBody);
    const answer = { statusCode: response.statusCode, body: parseBody(response.text) };
    if (call.acceptStatus?.(answer) === true) return answer;
    const error = statusError(response, request);
    if (response.statusCode !== 429 && response.statusCode < 500)
      return { error, responseLost: false, waitMs: undefined };
    const lost = response.statusCode >= 500 && response.statusCode !== 503;
    request.mayHaveSucceeded ||= lost;
    return { error, responseLost: lost, waitMs: this.#waitAfter(response, request.attempts) };
  }

  /** What it means that no response came. @throws whatever is no failure of the network */
  #unanswered(thrown: unknown, request: RequestContext): FailedAttempt {
    if (thrown instanceof QueueFull) throw queueFull(this.options.queueLimit, request);
    if (!(thrown instanceof ExchangeError)) throw thrown;
    const error = transportError(thrown, this.origin, request);
    request.mayHaveSucceeded ||= thrown.mayHaveBeenSent;
    return { error, responseLost: thrown.mayHaveBeenSent, waitMs: backoffMs(request.attempts) };
  }

  /**
   * Waits until the next attempt, and looks what became of the work if only its response was lost.
   * @returns what the look has found
   * @throws {NrfCloudError} the failure, if it was the last attempt
   */
  async #untilNext(
    { error, responseLost, waitMs }: FailedAttempt,
    request: RequestContext,
    call: ApiRequest,
    owner: RequestOwner,
    signal: AbortSignalLike,
  ): Promise<ApiResponse | undefined> {
    const last = waitMs === undefined || request.attempts > (call.retries ?? this.options.retries);
    if (!last) await this.#transport.pause(waitMs, owner, signal);
    if (responseLost) {
      const found = await call.recover?.({
        signal,
        lane: owner.lane,
        onWaiting: (waiting) => owner.onWaiting?.(waiting),
      });
      if (found !== undefined) return found;
    }
    if (last || signal.aborted) throw error;
    return undefined;
  }

  /** How long to wait after a refusal; `undefined` if the service asks for longer than anybody wants to wait. */
  #waitAfter(response: HttpResponse, attempts: number): number | undefined {
    const asked =
      response.statusCode === 429 || response.statusCode === 503
        ? parseRetryAfter(response.headers['retry-after'])
        : undefined;
    if (asked === undefined || asked === 0) return backoffMs(attempts);
    if (asked > MAX_RETRY_AFTER_MS) return undefined;
    this.#transport.hold(asked);
    return asked;
  }
}

/** An attempt without a usable response. */
interface FailedAttempt {
  error: NrfCloudError;
  /** The work may be done, only the response is missing. */
  responseLost: boolean;
  /** Milliseconds until the next attempt, `undefined` if there must be none. */
  waitMs: number | undefined;
}
