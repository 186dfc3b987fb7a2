import { NrfCloudError, type ErrorCode, type ErrorCause } from './errors';
import type { ExchangeError, HttpResponse } from '../http/exchange';
import { MAX_ERROR_BODY_BYTES } from '../http/transport';
import { REQUEST_ID_HEADERS } from '../http/redact';
import type { OperationName } from './endpoints';
import { parseJson } from '../util/json';
import { rootCauseText, sanitize } from '../util/sanitize';
import { parseRetryAfter } from '../http/retry';

/** What every report of one request has in common. */
export interface RequestContext {
  operation: OperationName;
  method: string;
  path: string;
  attempts: number;
  isList?: boolean;
  /** True if an earlier attempt may have done the work. */
  mayHaveSucceeded: boolean;
}

/** Per status: the code and what to do about it. Not listed: other 4xx are REJECTED, 5xx UNAVAILABLE. */
const BY_STATUS: Record<number, [ErrorCode, string, string]> = {
  401: [
    'NRFCLOUD_UNAUTHORIZED',
    'the service does not accept the API key',
    "enter the team's API key in the connection",
  ],
  403: [
    'NRFCLOUD_FORBIDDEN',
    'the API key may not do this',
    'use the key of a user with the role Editor, Admin or Owner',
  ],
  404: ['NRFCLOUD_NOT_FOUND', 'the service has nothing there', "check the id, and the connection's API generation"],
  409: ['NRFCLOUD_CONFLICT', 'the service reports a conflict', 'look at what is there already'],
  429: ['NRFCLOUD_RATE_LIMITED', 'the service limits the requests', "send fewer: lower the connection's rate"],
};

/** The error of a response whose status is no success. */
export function statusError(response: HttpResponse, request: RequestContext): NrfCloudError {
  const { statusCode } = response;
  const [code, what, todo] = BY_STATUS[statusCode] ?? otherStatus(statusCode);
  const body = parseBody(response.text);
  const said = sanitize(readableText(body));
  const tries = request.attempts > 1 ? ` after ${request.attempts} attempts` : '';
  const facts = { ...responseFacts(response, request), ...(body === '' ? {} : { body }) };
  const wait = facts.retryAfter === undefined ? '' : `, to be asked again in ${facts.retryAfter} s`;
  const message = `${request.operation}: ${what} (HTTP ${statusCode}${tries}${wait}${said === '' ? '' : `: ${said}`}); ${todo}`;
  return new NrfCloudError(code, message, facts, request.mayHaveSucceeded);
}

function otherStatus(statusCode: number): [ErrorCode, string, string] {
  if (statusCode >= 500)
    return ['NRFCLOUD_UNAVAILABLE', 'the service is not available', 'send the message again later'];
  if (statusCode >= 400) return ['NRFCLOUD_REJECTED', 'the service refuses the request', 'correct what it names'];
  return [
    'NRFCLOUD_BAD_RESPONSE',
    'the service answers with a redirect, which is not followed',
    "check the connection's base URL",
  ];
}

/** The error of a success that cannot be used; the work is done all the same. */
export function badResponse(why: string, response: HttpResponse, request: RequestContext): NrfCloudError {
  const todo =
    request.method === 'GET'
      ? "check the connection's base URL and generation, or ask again later"
      : 'its work is probably done, so look before you send the message again';
  const message = `${request.operation}: the service answers with success (HTTP ${response.statusCode}) but ${why}; ${todo}`;
  // A copy: a part of a text keeps the whole of it in memory, and a failed message may be kept for long.
  const body = parseBody(
    Buffer.from(response.text.slice(0, MAX_ERROR_BODY_BYTES)).subarray(0, MAX_ERROR_BODY_BYTES).toString(),
  );
  return new NrfCloudError('NRFCLOUD_BAD_RESPONSE', message, {
    ...responseFacts(response, request),
    ...(body === '' ? {} : { body }),
  });
}

/** The error of a request that got no whole response. */
export function transportError(failure: ExchangeError, origin: string, request: RequestContext): NrfCloudError {
  const tries = request.attempts > 1 ? ` in each of ${request.attempts} attempts` : '';
  const facts = requestFacts(request);
  if (failure.kind === 'timeout') {
    const message = `${request.operation}: ${failure.message} from ${origin}${tries}; check the network, or raise the connection's timeout`;
    return new NrfCloudError('NRFCLOUD_TIMEOUT', message, facts, true);
  }
  const message = `${request.operation}: no connection to ${origin}${tries} (${rootCauseText(failure.cause)}); check the network, the proxy and the connection's base URL`;
  return new NrfCloudError('NRFCLOUD_UNAVAILABLE', message, facts, failure.mayHaveBeenSent || request.mayHaveSucceeded);
}

/** The error of a request for which there was no room in the queue. */
export function queueFull(queueLimit: number, request: RequestContext): NrfCloudError {
  const message = `${request.operation}: ${queueLimit} requests are waiting already; send slower, or raise the connection's queue limit`;
  return new NrfCloudError('NRFCLOUD_QUEUE_FULL', message, requestFacts(request));
}

/** JSON if it is JSON that Node-RED can copy, else the text. */
export function parseBody(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** The words for a person in an error body; order of the fields: our choice after what Nordic's tools read. */
function readableText(body: unknown): string {
  if (typeof body === 'string') return /^\s*</.test(body) ? '' : body;
  if (typeof body !== 'object' || body === null) return '';
  for (const field of ['message', 'detail', 'title', 'error']) {
    const value = (body as Record<string, unknown>)[field];
    if (typeof value === 'string' && value.trim() !== '') return value;
  }
  return '';
}

function requestFacts({ operation, method, path, attempts }: RequestContext): ErrorCause {
  return { operation, method, path, attempts };
}

function responseFacts(response: HttpResponse, request: RequestContext): ErrorCause {
  const retryAfter = parseRetryAfter(response.headers['retry-after']);
  const requestId = REQUEST_ID_HEADERS.map((name) => response.headers[name]).find((value) => typeof value === 'string');
  return {
    ...requestFacts(request),
    statusCode: response.statusCode,
    ...(requestId === undefined ? {} : { requestId }),
    ...(retryAfter === undefined ? {} : { retryAfter: Math.ceil(retryAfter / 1000) }),
  };
}
