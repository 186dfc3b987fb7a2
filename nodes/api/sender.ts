import { isSuccess, type HttpResponse } from '../http/exchange';
import { ExchangeError } from '../http/exchange-error';
import { OutageTooLong, QueueFull, type Limiter } from '../http/limiter';
import type { AttemptResult } from '../http/origin-state';
import type { Redactor } from '../http/redact';
import type { RequestOwner } from '../http/request-owner';
import { backoffMs, MAX_RETRY_AFTER_MS, parseRetryAfter } from '../http/retry';
import type { AbortSignalLike, LinkedAbort } from '../util/abort';
import { endpointOf, endpointPath, type ApiVersion, type OperationName } from './endpoints';
import { outageError, parseWholeBody, queueFull, statusError, transportError } from './error-mapping';
import { closed, invalidInput, NrfCloudError } from './errors';
import type { ClientLoad } from './load';
import { anyBody, parseResponse } from './parse-response';
import { isWebPage } from './readable-text';
import type { ApiRequest, ApiResponse, Recovery, RequestContext } from './request';
import type { Services } from './services';

/** What a sender works with. */
export interface SenderOptions {
  api: ApiVersion;
  /** Attempts after the first. */
  retries: number;
  queueLimit: number;
  outageWait?: number;
  lookUpDelaysMs: readonly number[];
  services: Services;
  limiter: Limiter;
  redactor: Redactor;
  load: ClientLoad;
}

/** An attempt without a usable response. */
interface FailedAttempt {
  error: NrfCloudError;
  /** The work may be done, only the response is missing. */
  responseLost: boolean;
  /** The service responds, so this is not an outage. */
  alive: boolean;
  /** Milliseconds until the next attempt, `undefined` if there must be none. */
  waitMs: number | undefined;
}

/** Sends requests with retries: the loop around single attempts. */
export class Sender {
  constructor(private readonly options: SenderOptions) {}

  /** See {@link Client.send}. @throws {NrfCloudError} every failure, with the contract's code */
  async send<T>(
    operation: OperationName,
    request: ApiRequest<T>,
    owner: RequestOwner,
    abort: LinkedAbort,
  ): Promise<ApiResponse<T>> {
    let context: RequestContext | undefined;
    try {
      context = this.contextOf(operation, request, owner);
      for (;;) {
        const outcome = await this.#attempt(context, request, abort);
        if (!('error' in outcome)) return outcome;
        const recovered = await this.#prepareRetry(outcome, context, request, abort);
        if (recovered !== undefined) return recovered;
      }
    } catch (thrown) {
      if (context === undefined) throw thrown;
      const error = abort.aborted ? closedError(context) : this.#namedError(thrown, context);
      this.options.load.onError(error);
      throw error;
    } finally {
      abort.leave();
    }
  }

  /**
   * What is known about a request before it is sent.
   * @param admitted true for a request that is part of one that was let in before
   * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` for an id that no path can carry, `NRFCLOUD_NOT_CONFIGURED`
   */
  contextOf(
    operation: OperationName,
    { id, commandId }: Pick<ApiRequest, 'id' | 'commandId'>,
    owner: RequestOwner,
    admitted = false,
  ): RequestContext {
    const { method, isList = false } = endpointOf(operation);
    const service = this.options.services.of(operation);
    let path: string;
    try {
      path = endpointPath(operation, this.options.api, id, commandId);
    } catch (error) {
      throw invalidInput(operation, `${(error as RangeError).message}; enter the id of a device, tag or operation`);
    }
    return {
      operation,
      method,
      path,
      isList,
      service,
      origin: service.state,
      owner,
      admitted,
      since: performance.now(),
      attempts: 0,
      retriesSpent: 0,
      mayHaveSucceeded: false,
      lastError: undefined,
    };
  }

  /** Waits for a turn and sends the request once. */
  async #attempt<T>(
    context: RequestContext,
    request: ApiRequest<T>,
    signal: AbortSignalLike,
  ): Promise<ApiResponse<T> | FailedAttempt> {
    const turn = this.options.limiter.acquire(context, signal, context.admitted);
    if (turn !== undefined) await turn;
    const startedAt = performance.now();
    let result: AttemptResult = 'aborted';
    let askedMs: number | undefined;
    let response: HttpResponse;
    try {
      context.admitted = true;
      context.attempts++;
      context.owner.onStart?.();
      response = await context.service.transport.send(context, request, signal);
      askedMs = parseRetryAfter(response.headers);
      result = resultOf(response.statusCode);
      request.onHeaders?.(response.headers, performance.now() - startedAt);
    } catch (error) {
      if (error instanceof ExchangeError) {
        result = 'failed';
        return this.#withoutResponse(error, context, request);
      }
      // It was aborted on its way.
      noteLoss(context, request);
      throw error;
    } finally {
      context.origin.finish(context, result, startedAt, askedMs);
      this.options.limiter.release();
    }
    await context.service.transport.endOfTurn();
    return this.#judge(response, context, request, askedMs);
  }

  /** What a response means: a usable one, or what is wrong. @throws {NrfCloudError} for a success that cannot be used */
  #judge<T>(
    response: HttpResponse,
    context: RequestContext,
    request: ApiRequest<T>,
    askedMs: number | undefined,
  ): ApiResponse<T> | FailedAttempt {
    const { statusCode } = response;
    if (isSuccess(statusCode)) return parseResponse(response, context, request.parse, this.options.redactor);
    // What sent a web page does not know what became of the work.
    if (request.acceptStatus !== undefined && !isWebPage(response.text)) {
      const body = parseWholeBody(response, this.options.redactor);
      if (request.acceptStatus(statusCode, body)) return { statusCode, body: request.parse(body, statusCode) };
    }
    // 503 says that the service did not take the request on; a gateway may send 408 for one that it passed on.
    const responseLost = statusCode === 408 || (statusCode >= 500 && statusCode !== 503);
    if (responseLost) noteLoss(context, request);
    if (statusCode === 429) this.options.load.rateLimited++;
    const error = statusError(response, context, this.options.redactor);
    const waitMs = isRetryable(statusCode) ? this.#waitAfter(statusCode, context, askedMs) : undefined;
    return { error, responseLost, alive: statusCode < 500, waitMs };
  }

  /** What it means that no response came. */
  #withoutResponse(failure: ExchangeError, context: RequestContext, request: ApiRequest): FailedAttempt {
    const responseLost = failure.mayHaveBeenSent;
    if (responseLost) noteLoss(context, request);
    const error = transportError(failure, context.service.origin, context);
    const waitMs = failure.permanentFault === undefined ? backoffMs(context.attempts) : undefined;
    return { error, responseLost, alive: false, waitMs };
  }

  /** How long to wait after a refusal; `undefined` if the service asks for longer than the contract allows. */
  #waitAfter(statusCode: number, context: RequestContext, askedMs: number | undefined): number | undefined {
    const heeded = statusCode === 429 || statusCode === 503 ? askedMs : undefined;
    if (heeded === undefined || heeded === 0) return backoffMs(context.attempts);
    if (heeded > MAX_RETRY_AFTER_MS) return undefined;
    context.origin.hold(heeded);
    return heeded;
  }

  /**
   * Waits until the next attempt, and looks up what became of the work if only its response was lost.
   * @returns what the look-up has found in place of the response
   * @throws {NrfCloudError} the failure, if there is no further attempt
   */
  async #prepareRetry<T>(
    failure: FailedAttempt,
    context: RequestContext,
    request: ApiRequest<T>,
    signal: AbortSignalLike,
  ): Promise<ApiResponse<T> | undefined> {
    context.lastError = failure.error;
    const { recoverWith, repeatAfterLoss } = request;
    const waitMs = this.#waitBeforeRetry(failure, context, request);
    if (typeof waitMs === 'number') await this.options.limiter.pause(waitMs, context.owner, signal);
    let isLast = waitMs === undefined;
    if (failure.responseLost && recoverWith !== undefined) {
      const found = await this.#recover(context, recoverWith, signal, isLast, repeatAfterLoss === 'ifNotDone');
      if (typeof found === 'object') return found;
      if (found === 'unclear' && repeatAfterLoss === 'ifNotDone') isLast = true;
    }
    if (isLast) throw failure.error;
    if (context.mayHaveSucceeded) request.onRepeatAfterLoss?.();
    this.options.load.retried++;
    return undefined;
  }

  /** Milliseconds until the next attempt, `outage` if the limiter decides when, `undefined` if there is none. */
  #waitBeforeRetry(
    { error, alive, responseLost, waitMs }: FailedAttempt,
    context: RequestContext,
    { sendOnce = false, repeatAfterLoss, repeatAfterStatus }: Omit<ApiRequest, 'parse'>,
  ): number | 'outage' | undefined {
    if (waitMs === undefined || sendOnce) return undefined;
    if (responseLost && repeatAfterLoss === 'never') return undefined;
    const { statusCode } = error.cause;
    if (statusCode !== undefined && repeatAfterStatus?.includes(statusCode) === false) return undefined;
    const { origin, owner } = context;
    const mayWait = !alive && this.options.outageWait !== 0 && owner.failsInOutage !== true;
    if (mayWait && origin.outage !== undefined) return 'outage';
    if (context.retriesSpent >= this.options.retries) return undefined;
    if (!alive && !origin.takeRetry()) return mayWait ? 'outage' : undefined;
    context.retriesSpent++;
    return waitMs;
  }

  /**
   * Looks up what became of a request whose response was lost. Before that is final, a look-up that finds nothing is
   * repeated; so is one that fails, if the request may not be sent again without knowing.
   */
  async #recover<T>(
    context: RequestContext,
    recovery: Recovery<T>,
    signal: AbortSignalLike,
    isLast: boolean,
    mustKnow: boolean,
  ): Promise<ApiResponse<T> | 'notDone' | 'unclear'> {
    let found = await this.#lookUp(context, recovery, signal);
    for (const delayMs of this.options.lookUpDelaysMs) {
      const repeat = (isLast && found === 'notDone') || (mustKnow && found === 'unclear');
      if (!repeat) return found;
      await this.options.limiter.pause(delayMs, context.owner, signal);
      found = await this.#lookUp(context, recovery, signal);
    }
    return found;
  }

  async #lookUp<T>(
    { owner, origin, since }: RequestContext,
    { operation, id, judge }: Recovery<T>,
    signal: AbortSignalLike,
  ): Promise<ApiResponse<T> | 'notDone' | 'unclear'> {
    if (!origin.takeLookUp()) return 'unclear';
    // It is not the message's own request that starts here.
    const { lane, receivedAt = since } = owner;
    const lookUpOwner: RequestOwner = { signal, lane, receivedAt, onWaiting: (waiting) => owner.onWaiting?.(waiting) };
    const context = this.contextOf(operation, { id }, lookUpOwner, true);
    try {
      const request = { parse: anyBody, acceptStatus: (statusCode: number) => statusCode === 404 };
      const outcome = await this.#attempt(context, request, signal);
      return 'error' in outcome ? 'unclear' : judge(outcome, id);
    } catch (error) {
      if (error instanceof NrfCloudError) return 'unclear';
      throw error;
    }
  }

  /** Anything that was thrown as an error that says what it is about. */
  #namedError(thrown: unknown, context: RequestContext): unknown {
    if (thrown instanceof QueueFull) return queueFull(this.options.queueLimit, context);
    if (!(thrown instanceof OutageTooLong)) return thrown;
    return outageError(thrown.seconds, context.service.origin, context);
  }
}

/** A response was lost, so the request may have taken effect. */
function noteLoss(context: RequestContext, { isDryRun = false }: Pick<ApiRequest, 'isDryRun'>): void {
  context.mayHaveSucceeded ||= !isDryRun;
}

function closedError({ operation, attempts, method, mayHaveSucceeded }: RequestContext): NrfCloudError {
  return closed(operation, attempts, { mayHaveSucceeded: mayHaveSucceeded && method !== 'GET' });
}

function resultOf(statusCode: number): AttemptResult {
  if (statusCode === 429) return 'limited';
  return statusCode >= 500 ? 'failed' : 'success';
}

/** Whether another attempt may have another result. */
function isRetryable(statusCode: number): boolean {
  return statusCode >= 500 || statusCode === 429 || statusCode === 408 || statusCode === 425;
}
