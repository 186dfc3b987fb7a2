import type { HttpResponse } from '../http/exchange';
import type { Redactor } from '../http/redact';
import { InvalidValue } from '../util/invalid-value';
import { isObject, parseJson } from '../util/json';
import { badResponse } from './error-mapping';
import { isWebPage } from './readable-text';
import type { ApiRequest, ApiResponse, RequestContext } from './request';

/**
 * Reads the body of a success.
 * @throws {NrfCloudError} `NRFCLOUD_BAD_RESPONSE` when it is neither JSON nor empty, or not what was requested
 */
export function parseResponse<T>(
  response: HttpResponse,
  context: RequestContext,
  parse: ApiRequest<T>['parse'],
  redactor: Redactor,
): ApiResponse<T> {
  const { statusCode, text, truncated } = response;
  if (truncated === 'size') throw badResponse('is too large to be read', response, context, redactor);
  if (truncated === 'encoding') throw badResponse('cannot be decompressed', response, context, redactor);
  try {
    const body = text.trim() === '' ? undefined : redactor.json(parseJson(text), text);
    return { statusCode, body: parse(body, statusCode) };
  } catch (error) {
    if (error instanceof SyntaxError) {
      const why = isWebPage(text) ? 'is a web page' : 'is not JSON, or nested too deep';
      throw badResponse(why, response, context, redactor);
    }
    if (error instanceof InvalidValue) throw badResponse(error.message, response, context, redactor);
    throw error;
  }
}

/** Any body, unchecked: for operations whose response is the service's business. */
export function anyBody(body: unknown): unknown {
  return body;
}

/** @throws {InvalidValue} if a body is not a JSON object */
export function objectBody(body: unknown, what: string): Record<string, unknown> {
  if (isObject(body)) return body;
  throw new InvalidValue(body === undefined ? `is empty instead of ${what}` : `is not ${what}`);
}
