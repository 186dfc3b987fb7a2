import type { Dispatcher } from 'undici';
import type { AbortSignalLike } from '../util/abort';

/** One HTTP request, ready to be sent. */
export interface HttpRequest {
  method: string;
  /** Path and query below the origin. */
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer | undefined;
}

/** What came back: the head, and as much of the body as may be kept. */
export interface HttpResponse {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Why the text ends before the body did. */
  truncated?: 'size' | 'time' | 'connection';
}

/** Most bytes of a body. */
export interface BodyLimits {
  /** Of a success: what is larger can't be used. */
  success: number;
  /** Of an error, and of a success that was cut: what is kept to explain it. */
  error: number;
}

/** An attempt without a usable response. */
export class ExchangeError extends Error {
  /**
   * @param kind `timeout`: no whole response in time; `network`: connection refused, lost, not made
   * @param mayHaveBeenSent true if the service may have received the request, so that its work may be done
   */
  constructor(
    readonly kind: 'timeout' | 'network',
    readonly mayHaveBeenSent: boolean,
    override readonly cause: Error,
  ) {
    super(cause.message);
  }
}

/**
 * Sends one request and reads its response, bounded in time and size. Redirects are not followed: the API key goes nowhere
 * but to `origin`. Of an error response whose body stalls or breaks off, what has come is returned, as the status is known.
 *
 * undici's own `request` would do, but makes a stream and an abort listener for each body, reads without bound, and
 * can't be aborted while its connection is being made.
 * @param timeoutMs for the whole exchange, connection and body included
 * @throws {ExchangeError} when no whole response came
 * @throws the signal's reason when it is aborted meanwhile
 */
export function exchange(
  dispatcher: Dispatcher,
  origin: string,
  request: HttpRequest,
  timeoutMs: number,
  limits: BodyLimits,
  signal: AbortSignalLike,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else new Exchange(resolve, reject, timeoutMs, limits, signal).send(dispatcher, origin, request);
  });
}

/** One request on its way. A class, as a dozen functions made for each request would be a tenth of what it costs. */
class Exchange implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #statusCode: number | undefined;
  #headers: HttpResponse['headers'] = {};
  #ended = false;
  readonly #chunks: Buffer[] = [];
  #size = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly resolve: (response: HttpResponse) => void,
    private readonly reject: (reason: Error) => void,
    private readonly timeoutMs: number,
    private readonly limits: BodyLimits,
    private readonly signal: AbortSignalLike,
  ) {
    this.#timer = setTimeout(expire, timeoutMs, this);
    signal.addEventListener('abort', this.#stop, { once: true });
  }

  send(dispatcher: Dispatcher, origin: string, { method, path, headers, body }: HttpRequest): void {
    try {
      dispatcher.dispatch(
        { origin, method, path, headers, body: body ?? null, headersTimeout: 0, bodyTimeout: 0 },
        this,
      );
    } catch (error) {
      this.#fail('connection', new ExchangeError('network', false, error as Error));
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Ended while the connection was being made: the request must not go out any more.
    if (this.#ended) controller.abort(new Error('ended'));
  }

  onResponseStart(_controller: unknown, statusCode: number, headers: HttpResponse['headers']): void {
    if (statusCode < 200) return;
    this.#statusCode = statusCode;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = (isSuccess(this.#statusCode!) ? this.limits.success : this.limits.error) - this.#size;
    if (chunk.length > room) {
      this.#chunks.push(chunk.subarray(0, room));
      this.#size += room;
      this.#finish('size');
      controller.abort(new Error('body too large'));
      return;
    }
    this.#chunks.push(chunk);
    this.#size += chunk.length;
  }

  onResponseEnd(): void {
    this.#finish();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#fail('connection', new ExchangeError('network', mayHaveBeenSent(error), error));
  }

  /** Time is up. */
  expire(): void {
    const reason = new Error(`no answer within ${this.timeoutMs / 1000} s`);
    this.#fail('time', new ExchangeError('timeout', true, reason));
    this.#controller?.abort(reason);
  }

  readonly #stop = (): void => {
    const { reason } = this.signal;
    if (this.#end()) this.reject(reason);
    this.#controller?.abort(reason);
  };

  /** @returns false if it has ended already */
  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.signal.removeEventListener('abort', this.#stop);
    return true;
  }

  #finish(truncated?: HttpResponse['truncated']): void {
    if (!this.#end()) return;
    const head = { statusCode: this.#statusCode!, headers: this.#headers };
    if (truncated === undefined) {
      this.resolve({ ...head, text: this.#text(this.#size) });
      return;
    }
    // What was cut only serves to explain an error.
    this.resolve({ ...head, text: this.#text(Math.min(this.#size, this.limits.error)), truncated });
  }

  #text(bytes: number): string {
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 ? first! : Buffer.concat(this.#chunks);
    return whole.toString('utf8', 0, bytes);
  }

  /** Ends without a whole response; a body that is only there to explain an error need not be whole. */
  #fail(truncated: 'time' | 'connection', failure: ExchangeError): void {
    if (this.#statusCode !== undefined && !isSuccess(this.#statusCode)) this.#finish(truncated);
    else if (this.#end()) this.reject(failure);
  }
}

function expire(exchange: Exchange): void {
  exchange.expire();
}

/** A status that says the work was done. */
export function isSuccess(statusCode: number): boolean {
  return statusCode >= 200 && statusCode < 300;
}

const NEVER_SENT_CODES =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|UND_ERR_DESTROYED|UND_ERR_CLOSED|UND_ERR_INVALID_ARG|UND_ERR_ABORTED|UND_ERR_PRX_TLS|EPROTO|ERR_SSL_.*|ERR_TLS_.*|CERT_.*|.*_CERT.*|UNABLE_TO_.*)$/;

/** Whether a request that failed this way may have arrived; in doubt, yes. */
function mayHaveBeenSent(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.some((one) => mayHaveBeenSent(one as Error));
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && NEVER_SENT_CODES.test(code)) return false;
  return error.cause instanceof Error && code === undefined ? mayHaveBeenSent(error.cause) : true;
}
