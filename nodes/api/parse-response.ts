import type { HttpResponse } from '../http/exchange';
import { badResponse, type RequestContext } from './error-mapping';
import { parseJson } from '../util/json';

/** A response that can be used: the service's JSON as received, `undefined` for an empty body. */
export interface ApiResponse {
  statusCode: number;
  body: unknown;
}

/** What is wrong with the body of a success (`its body is not a device`), `undefined` if nothing. */
export type BodyCheck = (body: unknown, statusCode: number) => string | undefined;

/**
 * Reads the body of a success.
 * @throws {NrfCloudError} `NRFCLOUD_BAD_RESPONSE` when it is neither JSON nor empty, or not what was asked for
 */
export function parseResponse(response: HttpResponse, request: RequestContext, checkBody?: BodyCheck): ApiResponse {
  if (response.truncated === 'size') throw badResponse('its body is too large to be read', response, request);
  const body = response.text.trim() === '' ? undefined : readJson(response, request);
  const wrong = checkBody?.(body, response.statusCode);
  if (wrong !== undefined) throw badResponse(wrong, response, request);
  return { statusCode: response.statusCode, body };
}

function readJson(response: HttpResponse, request: RequestContext): unknown {
  try {
    return parseJson(response.text);
  } catch {
    throw badResponse('its body is not JSON, or nested too deep', response, request);
  }
}
