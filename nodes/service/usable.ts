import type { HttpReply } from './exchange';
import { badResponse, type RequestContext } from './failures';
import { parseJson } from './json';

/** A reply that can be used: the service's JSON as received, `undefined` for an empty body. */
export interface Reply {
  statusCode: number;
  body: unknown;
}

/** What is wrong with the body of a success (`its body is not a device`), `undefined` if nothing. */
export type Complaint = (body: unknown, statusCode: number) => string | undefined;

/**
 * Reads the body of a success.
 * @throws {NrfCloudError} `NRFCLOUD_BAD_RESPONSE` when it is neither JSON nor empty, or not what was asked for
 */
export function usable(reply: HttpReply, request: RequestContext, complaint?: Complaint): Reply {
  if (reply.cut === 'size') throw badResponse('its body is too large to be read', reply, request);
  const body = reply.text.trim() === '' ? undefined : readJson(reply, request);
  const wrong = complaint?.(body, reply.statusCode);
  if (wrong !== undefined) throw badResponse(wrong, reply, request);
  return { statusCode: reply.statusCode, body };
}

function readJson(reply: HttpReply, request: RequestContext): unknown {
  try {
    return parseJson(reply.text);
  } catch {
    throw badResponse('its body is not JSON, or nested too deep', reply, request);
  }
}
