import type { HttpResponse } from '../http/exchange';
import type { ExchangeError } from '../http/exchange-error';
import type { Redactor } from '../http/redact';
import { parseRetryAfter } from '../http/retry';
import { MAX_ERROR_BODY_BYTES } from '../http/transport';
import { parseJson } from '../util/json';
import { rootCauseText, sanitize } from '../util/sanitize';
import { adviceFor, BY_STATUS, EFFECT_OF, otherStatus, PERMANENT_FAULTS } from './error-texts';
import { NrfCloudError, type ErrorCause } from './errors';
import { isWebPage, readableText } from './readable-text';
import type { RequestContext } from './request';

/** Where services write the id of a request; the only headers whose text a report holds. */
const REQUEST_ID_HEADERS = [
  'x-request-id',
  'x-amzn-requestid',
  'x-amz-request-id',
  'apigw-requestid',
  'x-correlation-id',
  'request-id',
];

/** The error of a response whose status is not a success. */
export function statusError(response: HttpResponse, context: RequestContext, redactor: Redactor): NrfCloudError {
  const { statusCode, text } = response;
  const [code, what, todo] = BY_STATUS[statusCode] ?? otherStatus(statusCode);
  const body = parseBody(response, redactor);
  const facts = { ...responseFacts(response, context, redactor), ...(body === '' ? {} : { body }) };
  const tries = context.attempts > 1 ? ` after ${context.attempts} attempts` : '';
  const wait = facts.retryAfter === undefined ? '' : `, to be sent again in ${facts.retryAfter} s`;
  // Sent again, a change that has taken effect may take effect twice.
  const effect = statusCode >= 500 || statusCode === 408 ? effectOf(context) : '';
  const look = 'look before you send the message again';
  if (isWebPage(text) && statusCode < 500) {
    const message =
      `${context.operation}: a web page came instead of the service's response (HTTP ${statusCode}${tries})${effect}; ` +
      `${effect === '' ? '' : `${look}, and `}check the connection's base URL, and the proxies and gateways on the way`;
    return new NrfCloudError(code, message, facts);
  }
  const said = sanitize(readableText(body));
  const message =
    `${context.operation}: ${what} (HTTP ${statusCode}${tries}${wait}${said === '' ? '' : `: ${said}`})${effect}; ` +
    (effect === '' ? (adviceFor(statusCode, context) ?? todo) : look);
  return new NrfCloudError(code, message, facts);
}

/** The error of a success that cannot be used. @param why a predicate of the body, e.g. "is not a list" */
export function badResponse(
  why: string,
  response: HttpResponse,
  context: RequestContext,
  redactor: Redactor,
): NrfCloudError {
  const todo = isChange(context)
    ? 'its work may be done, so look before you send the message again'
    : "check the connection's base URL and API version, or send the message again later";
  const message = `${context.operation}: the service reports success (HTTP ${response.statusCode}) but the body ${why}; ${todo}`;
  const body = parseBody(response, redactor);
  const facts = responseFacts(response, context, redactor);
  return new NrfCloudError('NRFCLOUD_BAD_RESPONSE', message, {
    ...facts,
    ...(body === '' ? {} : { body }),
    ...(isChange(context) ? { mayHaveSucceeded: true as const } : {}),
  });
}

/** The error of a request that got no whole response. */
export function transportError(error: ExchangeError, origin: string, context: RequestContext): NrfCloudError {
  const tries = context.attempts > 1 ? ` in each of ${context.attempts} attempts` : '';
  const { operation } = context;
  const effect = effectOf(context);
  const look = effect === '' ? '' : 'look before you send the message again, and ';
  if (error.kind === 'timeout') {
    const message = `${operation}: ${error.message} from ${origin}${tries}${effect}; ${look}check the network, or raise the connection's timeout`;
    return new NrfCloudError('NRFCLOUD_TIMEOUT', message, requestFacts(context));
  }
  const [what, todo] =
    error.permanentFault === undefined
      ? ['no connection', "check the network, the proxy and the connection's base URL"]
      : PERMANENT_FAULTS[error.permanentFault];
  const message = `${operation}: ${what} to ${origin}${tries} (${rootCauseText(error.cause)})${effect}; ${look}${todo}`;
  return new NrfCloudError('NRFCLOUD_UNAVAILABLE', message, requestFacts(context));
}

/** The part of a sentence about what a change may have done although it failed; empty if it has done nothing. */
function effectOf(context: RequestContext): string {
  if (!isChange(context) || !context.mayHaveSucceeded) return '';
  return `, but ${EFFECT_OF[context.operation] ?? 'it may have taken effect'}`;
}

/** The error of a request that has waited through an outage for as long as it may. */
export function outageError(seconds: number, origin: string, context: RequestContext): NrfCloudError {
  const last = context.lastError;
  const effect = effectOf(context);
  const why = last === undefined ? '' : ` (${problemOf(last, context).replace(effect, '')})`;
  const todo = effect === '' ? 'send the message again later' : 'look before you send the message again';
  const wait = context.owner.failsInOutage === true ? '' : ", or raise the connection's outageWait";
  const message = `${context.operation}: ${origin} has been unavailable for ${seconds} s${why}${effect}; ${todo}${wait}`;
  return new NrfCloudError('NRFCLOUD_UNAVAILABLE', message, { ...last?.cause, ...requestFacts(context) });
}

/** The sentence of an error without its operation, and without what to do. */
function problemOf({ message }: NrfCloudError, { operation }: RequestContext): string {
  const start = message.startsWith(`${operation}: `) ? operation.length + 2 : 0;
  const end = message.lastIndexOf('; ');
  return message.slice(start, end < 0 ? undefined : end);
}

/** The error of a request that found the queue full. */
export function queueFull(queueLimit: number, context: RequestContext): NrfCloudError {
  const message = `${context.operation}: ${queueLimit} requests are waiting already; send slower, or raise the connection's queue limit`;
  return new NrfCloudError('NRFCLOUD_QUEUE_FULL', message, requestFacts(context));
}

/** An error body without the API key: JSON if it is JSON that Node-RED can copy, else the text; at most 64 KiB. */
export function parseBody(response: Pick<HttpResponse, 'text' | 'truncated'>, redactor: Redactor): unknown {
  const { text, truncated } = response;
  // A copy: a part of a text keeps the whole of it in memory, and a failed message may be kept for long.
  const bytes = Buffer.from(text.slice(0, MAX_ERROR_BODY_BYTES));
  const isWhole = text.length <= MAX_ERROR_BODY_BYTES && bytes.length <= MAX_ERROR_BODY_BYTES;
  if (isWhole) {
    try {
      return redactor.json(parseJson(text), text);
    } catch {
      // It is kept as text.
    }
  }
  return redactor.text(bytes.toString('utf8', 0, MAX_ERROR_BODY_BYTES), truncated !== undefined || !isWhole);
}

/** The JSON of a refusal, however long it is, without the API key; `undefined` if it is none, or did not come whole. */
export function parseWholeBody({ text, truncated }: HttpResponse, redactor: Redactor): unknown {
  if (truncated !== undefined) return undefined;
  try {
    return redactor.json(parseJson(text), text);
  } catch {
    return undefined;
  }
}

/** A JSON body that was read, as far as an error keeps it: as it is, or the first 64 KiB of its JSON. */
export function limitBody(body: unknown): unknown {
  const json = Buffer.from(JSON.stringify(body));
  return json.length <= MAX_ERROR_BODY_BYTES ? body : json.toString('utf8', 0, MAX_ERROR_BODY_BYTES);
}

function isChange({ method }: RequestContext): boolean {
  return method !== 'GET';
}

function requestFacts(context: RequestContext): ErrorCause {
  const { operation, method, path, attempts, mayHaveSucceeded } = context;
  const facts = { operation, method, path, attempts };
  return mayHaveSucceeded && isChange(context) ? { ...facts, mayHaveSucceeded } : facts;
}

function responseFacts(response: HttpResponse, context: RequestContext, redactor: Redactor): ErrorCause {
  const retryAfter = parseRetryAfter(response.headers);
  const requestId = REQUEST_ID_HEADERS.map((name) => response.headers[name]).find((value) => typeof value === 'string');
  return {
    ...requestFacts(context),
    statusCode: response.statusCode,
    ...(requestId === undefined ? {} : { requestId: redactor.text(requestId) }),
    ...(retryAfter === undefined ? {} : { retryAfter: Math.ceil(retryAfter / 1000) }),
  };
}
