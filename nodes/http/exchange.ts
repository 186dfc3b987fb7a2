import type { Dispatcher } from 'undici';
import type { AbortSignalLike } from '../util/abort';
import { contentCodings, decodeText, decompress, type DecodedBody } from './decode';
import { ExchangeError, failureOf } from './exchange-error';

/** One HTTP request, ready to be sent. */
export interface HttpRequest {
  method: string;
  /** Path and query below the origin. */
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer | undefined;
}

/** What came back: status and headers, and as much of the body as may be kept. */
export interface HttpResponse {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  /** The body, decompressed and decoded. */
  text: string;
  /** Why the text ends before the body did: its size, the time, the connection, or a damaged content coding. */
  truncated?: 'size' | 'time' | 'connection' | 'encoding';
}

/** Maximum bytes of a body, compressed and decompressed. */
export interface BodyLimits {
  /** Of a success: what is larger cannot be used. */
  success: number;
  /** Of an error, and of a success that was cut: what is kept to explain it. */
  error: number;
  /** Turns the bytes into text; the default is {@link decodeText}. */
  decode?: (bytes: Buffer) => string;
}

/**
 * Sends one request and reads its response, bounded in time and size. Redirects are not followed: the API key goes only to
 * `origin`. Of an error response whose body stalls or breaks off, what has come is returned, as the status is known.
 *
 * undici's own `request` would do, but makes a stream and an abort listener for each body, reads without bound, and
 * cannot be aborted while its connection is being made.
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

/** One exchange in flight. Hot path: one object per request, no closures. */
class Exchange implements Dispatcher.DispatchHandler {
  /** Set when the request is handed to a connection, before its first byte is written. */
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
    // The exchange ended while the connection was being made, so the request must not be sent any more.
    if (this.#ended) controller.abort(new Error('ended'));
  }

  onResponseStart(_controller: unknown, statusCode: number, headers: HttpResponse['headers']): void {
    if (statusCode < 200) return;
    this.#statusCode = statusCode;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const left = this.#maxBytes() - this.#size;
    if (chunk.length > left) {
      this.#chunks.push(chunk.subarray(0, left));
      this.#size += left;
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
    this.#fail('connection', failureOf(error, this.#started));
  }

  /** The timeout has passed. */
  expire(): void {
    const reason = new Error(`no response within ${this.timeoutMs / 1000} s`);
    this.#fail('time', new ExchangeError('timeout', this.#started, reason));
    this.#controller?.abort(reason);
  }

  /** Whether a part of the request may have been written; before, no service can have received it. */
  get #started(): boolean {
    return this.#controller !== undefined;
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
    const codings = this.#size === 0 ? [] : contentCodings(this.#headers['content-encoding']);
    if (codings.length === 0) {
      this.#resolveWith({ bytes: this.#bytes() }, truncated);
      return;
    }
    void decompress(this.#bytes(), codings, this.#maxBytes()).then((decoded) =>
      this.#resolveWith(decoded, decoded.truncated ?? truncated),
    );
  }

  #resolveWith({ bytes }: DecodedBody, truncated: HttpResponse['truncated']): void {
    const { decode = decodeText, error } = this.limits;
    // A truncated body only serves to explain an error.
    const kept = truncated === undefined ? bytes : bytes.subarray(0, error);
    const head = { statusCode: this.#statusCode!, headers: this.#headers, text: decode(kept) };
    this.resolve(truncated === undefined ? head : { ...head, truncated });
  }

  #bytes(): Buffer {
    const [first] = this.#chunks;
    return this.#chunks.length === 1 ? first! : Buffer.concat(this.#chunks);
  }

  #maxBytes(): number {
    return isSuccess(this.#statusCode!) ? this.limits.success : this.limits.error;
  }

  /** Ends without a whole response; a body that is only there to explain an error need not be whole. */
  #fail(truncated: 'time' | 'connection', error: ExchangeError): void {
    if (this.#statusCode !== undefined && !isSuccess(this.#statusCode)) this.#finish(truncated);
    else if (this.#end()) this.reject(error);
  }
}

function expire(exchange: Exchange): void {
  exchange.expire();
}

/** Whether a status says that the work was done. */
export function isSuccess(statusCode: number): boolean {
  return statusCode >= 200 && statusCode < 300;
}
