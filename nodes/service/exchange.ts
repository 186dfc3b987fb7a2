import type { Dispatcher } from 'undici';
import type { StopSignal } from './stop';

/** One HTTP request, ready to be sent. */
export interface HttpRequest {
  method: string;
  /** Path and query below the origin. */
  path: string;
  headers: Record<string, string>;
  body?: string | Buffer;
}

/** What came back: the head, and as much of the body as may be kept. */
export interface HttpReply {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** Why the text ends before the body did. */
  cut?: 'size' | 'time' | 'connection';
}

/** Most bytes of a body. */
export interface BodyLimits {
  /** Of a success: what is larger can't be used. */
  success: number;
  /** Of an error, and of a success that was cut: what is kept to explain it. */
  error: number;
}

/** An attempt without a usable reply. */
export class ExchangeFailure extends Error {
  /**
   * @param kind `timeout`: no whole reply in time; `network`: connection refused, lost, not made
   * @param reached true if the service may have received the request, so that its work may be done
   */
  constructor(
    readonly kind: 'timeout' | 'network',
    readonly reached: boolean,
    override readonly cause: Error,
  ) {
    super(cause.message);
  }
}

/**
 * Sends one request and reads its reply, bounded in time and size. Redirects are not followed: the API key goes nowhere
 * but to `origin`. Of an error reply whose body stalls or breaks off, what has come is returned, as the status is known.
 *
 * undici's own `request` would do, but makes a stream and an abort listener for each body, reads without bound, and
 * can't be aborted while its connection is being made.
 * @param timeoutMs for the whole exchange, connection and body included
 * @throws {ExchangeFailure} when no whole reply came
 * @throws the signal's reason when it is aborted meanwhile
 */
export function exchange(
  dispatcher: Dispatcher,
  origin: string,
  request: HttpRequest,
  timeoutMs: number,
  limits: BodyLimits,
  signal: StopSignal,
): Promise<HttpReply> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    let controller: Dispatcher.DispatchController | undefined;
    let head: Pick<HttpReply, 'statusCode' | 'headers'> | undefined;
    let ended = false;
    const chunks: Buffer[] = [];
    let size = 0;

    const end = (settle: () => void): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      settle();
    };
    const finish = (cut?: HttpReply['cut']): void =>
      end(() => {
        // What was cut only serves to explain an error.
        const text = Buffer.concat(chunks, cut === undefined ? size : Math.min(size, limits.error)).toString('utf8');
        resolve(cut === undefined ? { ...head!, text } : { ...head!, text, cut });
      });
    /** Ends without a whole reply; a body that is only there to explain an error need not be whole. */
    const fail = (cut: 'time' | 'connection', failure: ExchangeFailure): void => {
      if (head !== undefined && !isSuccess(head.statusCode)) finish(cut);
      else end(() => reject(failure));
    };
    const abandon = (reason: Error): void => controller?.abort(reason);
    const stop = (): void => {
      end(() => reject(signal.reason));
      abandon(signal.reason);
    };
    const timer = setTimeout(() => {
      const reason = new Error(`no answer within ${timeoutMs / 1000} s`);
      fail('time', new ExchangeFailure('timeout', true, reason));
      abandon(reason);
    }, timeoutMs);
    signal.addEventListener('abort', stop, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(control) {
        controller = control;
        // Ended while the connection was being made: the request must not go out any more.
        if (ended) control.abort(new Error('ended'));
      },
      onResponseStart(_control, statusCode, headers) {
        if (statusCode >= 200) head = { statusCode, headers };
      },
      onResponseData(control, chunk) {
        const room = (isSuccess(head!.statusCode) ? limits.success : limits.error) - size;
        if (chunk.length > room) {
          chunks.push(chunk.subarray(0, room));
          size += room;
          finish('size');
          control.abort(new Error('body too large'));
          return;
        }
        chunks.push(chunk);
        size += chunk.length;
      },
      onResponseEnd() {
        finish();
      },
      onResponseError(_control, error) {
        fail('connection', new ExchangeFailure('network', mayHaveReached(error), error));
      },
    };
    try {
      dispatcher.dispatch({ origin, ...request, headersTimeout: 0, bodyTimeout: 0 }, handler);
    } catch (error) {
      fail('connection', new ExchangeFailure('network', false, error as Error));
    }
  });
}

/** A status that says the work was done. */
export function isSuccess(statusCode: number): boolean {
  return statusCode >= 200 && statusCode < 300;
}

const NEVER_LEFT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|UND_ERR_DESTROYED|UND_ERR_CLOSED|UND_ERR_INVALID_ARG|UND_ERR_ABORTED|UND_ERR_PRX_TLS|EPROTO|ERR_SSL_.*|ERR_TLS_.*|CERT_.*|.*_CERT.*|UNABLE_TO_.*)$/;

/** Whether a request that failed this way may have arrived; in doubt, yes. */
function mayHaveReached(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.some((one) => mayHaveReached(one as Error));
  const { code } = error as NodeJS.ErrnoException;
  if (code !== undefined && NEVER_LEFT.test(code)) return false;
  return error.cause instanceof Error && code === undefined ? mayHaveReached(error.cause) : true;
}
