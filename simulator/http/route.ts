import type { ServiceState } from '../state/service-state';
import { Refusal } from '../state/refusal';
import type { ServiceResponse } from '../wire/response';
import type { ApiVersion } from '../settings';
import type { OperationName } from '../wire/operations';

/** A request to the service, read as far as HTTP goes. */
export interface Call {
  /** The path's `{id}`, unescaped; empty where a path has none. */
  id: string;
  /** The path's `{commandId}`, unescaped; empty where a path has none. */
  commandId: string;
  query: Readonly<Record<string, string | undefined>>;
  /** Path and query as they were sent. */
  url: string;
  /** The key is one that may only read. */
  viewer: boolean;
  /** Media type without parameters, lower case; empty if none was sent. */
  contentType: string;
  body: string;
}

/** One operation on one path. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/v1`. */
  path: string;
  /** The versions that have this path. */
  versions: readonly ApiVersion[];
  /** Which operation a request asks for. */
  operation: (call: Call) => OperationName;
  run: (state: ServiceState, call: Call) => ServiceResponse | Promise<ServiceResponse>;
}

/**
 * The body as a JSON object.
 * @throws Refusal 415 for another content type, 400 for anything but an object
 */
export function jsonObject(call: Call): Record<string, unknown> {
  if (call.contentType !== 'application/json') throw new Refusal(415, 'Content-Type must be application/json.');
  let value: unknown;
  try {
    value = JSON.parse(call.body);
  } catch {
    throw new Refusal(400, 'The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Refusal(400, 'The body is not a JSON object.');
  }
  return value as Record<string, unknown>;
}
