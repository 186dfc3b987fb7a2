import type { Call, Job } from './call';
import type { Download } from './downloads';
import { closed, invalidInput, type NrfCloudError } from './errors';
import { ExchangeFailure, isSuccess, type HttpReply } from './exchange';
import { parseBody, queueFull, statusFailure, transportFailure, type RequestContext } from './failures';
import { QueueFull } from './limiter';
import { OPERATIONS, pathOf, type Generation, type OperationName } from './paths';
import { backoffMs, LONGEST_WAIT_MS, parseRetryAfter } from './retry';
import { LinkedStop, type StopSignal } from './stop';
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
  readonly #closing = new Set<LinkedStop>();
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
    const request = this.#requestFor(operation, call);
    const stop = this.#begin(job);
    try {
      for (;;) {
        let outcome: Reply | Failed;
        try {
          const reply = await this.#transport.attempt(request, call, job, stop, request.attempts > 0);
          outcome = this.#judge(reply, request, call);
        } catch (error) {
          outcome = this.#unanswered(error, request);
        }
        if (!('error' in outcome)) return outcome;
        const found = await this.#untilNext(outcome, request, call, job, stop);
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
  async peek(operation: OperationName, call: Call, job: Job): Promise<Reply | undefined> {
    const request = this.#requestFor(operation, call);
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
    const stop = this.#begin(job);
    try {
      return await this.#transport.download(url, job, stop);
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
  #begin(job: Job): LinkedStop {
    const stop = new LinkedStop(job.signal);
    this.#closing.add(stop);
    if (this.#closed) stop.abort();
    return stop;
  }

  #end(stop: LinkedStop): void {
    stop.leave();
    this.#closing.delete(stop);
  }

  #requestFor(operation: OperationName, { id }: Call): RequestContext {
    try {
      const path = pathOf(operation, this.api, id);
      return { operation, method: OPERATIONS[operation].method, path, attempts: 0, uncertain: false };
    } catch (error) {
      throw invalidInput(operation, `${(error as RangeError).message}; give the id of a device, tag or operation`);
    }
  }

  /** What a reply means: a usable one, or what went wrong. @throws {NrfCloudError} for a success that can't be used */
  #judge(reply: HttpReply, request: RequestContext, call: Call): Reply | Failed {
    if (isSuccess(reply.statusCode)) return usable(reply, request, call.complaint);
    const answer = { statusCode: reply.statusCode, body: parseBody(reply.text) };
    if (call.accept?.(answer) === true) return answer;
    const error = statusFailure(reply, request);
    if (reply.statusCode !== 429 && reply.statusCode < 500) return { error, lost: false, waitMs: undefined };
    const lost = reply.statusCode >= 500 && reply.statusCode !== 503;
    request.uncertain ||= lost;
    return { error, lost, waitMs: this.#waitAfter(reply, request.attempts) };
  }

  /** What it means that no reply came. @throws whatever is no failure of the network */
  #unanswered(thrown: unknown, request: RequestContext): Failed {
    if (thrown instanceof QueueFull) throw queueFull(this.options.queueLimit, request);
    if (!(thrown instanceof ExchangeFailure)) throw thrown;
    const error = transportFailure(thrown, this.origin, request);
    request.uncertain ||= thrown.reached;
    return { error, lost: thrown.reached, waitMs: backoffMs(request.attempts) };
  }

  /**
   * Waits until the next attempt, and looks what became of the work if only its reply was lost.
   * @returns what the look has found
   * @throws {NrfCloudError} the failure, if it was the last attempt
   */
  async #untilNext(
    { error, lost, waitMs }: Failed,
    request: RequestContext,
    call: Call,
    job: Job,
    signal: StopSignal,
  ): Promise<Reply | undefined> {
    const last = waitMs === undefined || request.attempts > (call.retries ?? this.options.retries);
    if (!last) await this.#transport.pause(waitMs, job, signal);
    if (lost) {
      const found = await call.lookup?.({ signal, lane: job.lane, onWaiting: (waiting) => job.onWaiting?.(waiting) });
      if (found !== undefined) return found;
    }
    if (last || signal.aborted) throw error;
    return undefined;
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

/** An attempt without a usable reply. */
interface Failed {
  error: NrfCloudError;
  /** The work may be done, only the reply is missing. */
  lost: boolean;
  /** Milliseconds until the next attempt, `undefined` if there must be none. */
  waitMs: number | undefined;
}
