/** One call of the service: its path per API version, below the base URL or the device API's URL. */
interface Endpoint {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  guide: string;
  current: string;
  base?: 'device';
  /** The response is about many things and may be large. */
  isList?: true;
}

/**
 * Every path of the service, once. `{id}` and `{commandId}` are replaced by the escaped ids.
 *
 * Source: `guide` is Nordic's 2023 guide; `current` is what Nordic's own tools use since 2024/2025. The tag paths by id
 * and the device's tags in `current` are inferred, and so is the list of commands. `base: 'device'` is nRF Cloud's device
 * management API (Nordic's tools).
 */
const ENDPOINTS = {
  claim: { method: 'POST', guide: '/identities/claimed-devices', current: '/claimed-devices' },
  'bulk claim': { method: 'POST', guide: '/claimed-devices/bulk', current: '/claimed-devices', isList: true },
  'bulk status': { method: 'GET', ...sameIn('/bulk-ops-requests/{id}'), isList: true },
  'list tags': { method: 'GET', guide: '/claimed-devices/tags', current: '/provisioning/tags', isList: true },
  'create tag': { method: 'POST', guide: '/claimed-devices/tags', current: '/provisioning/tags' },
  'get tag': { method: 'GET', guide: '/claimed-devices/tags/{id}', current: '/provisioning/tags/{id}' },
  'update tag': { method: 'PUT', guide: '/claimed-devices/tags/{id}', current: '/provisioning/tags/{id}' },
  'delete tag': { method: 'DELETE', guide: '/claimed-devices/tags/{id}', current: '/provisioning/tags/{id}' },
  'tags of device': { method: 'GET', guide: '/claimed-devices/tags/{id}', current: '/claimed-devices/{id}' },
  'list devices': { method: 'GET', ...sameIn('/claimed-devices'), isList: true },
  'get device': { method: 'GET', ...sameIn('/claimed-devices/{id}') },
  'unclaim device': { method: 'DELETE', ...sameIn('/claimed-devices/{id}') },
  'block device': { method: 'POST', ...sameIn('/claimed-devices/{id}/block') },
  'unblock device': { method: 'POST', ...sameIn('/claimed-devices/{id}/unblock') },
  'create command': { method: 'POST', ...sameIn('/claimed-devices/{id}/provisioning') },
  'get command': { method: 'GET', ...sameIn('/claimed-devices/{id}/provisioning/{commandId}') },
  'list commands': { method: 'GET', ...sameIn('/claimed-devices/{id}/provisioning'), isList: true },
  'list rules': { method: 'GET', ...sameIn('/provisioning-rules'), isList: true },
  'create rule': { method: 'POST', ...sameIn('/provisioning-rules') },
  'get account': { method: 'GET', ...sameIn('/account'), base: 'device' },
  'get onboarded device': { method: 'GET', ...sameIn('/devices/{id}'), base: 'device' },
  'list onboarded devices': { method: 'GET', ...sameIn('/devices'), base: 'device', isList: true },
} as const satisfies Record<string, Endpoint>;

function sameIn<P extends string>(path: P): { guide: P; current: P } {
  return { guide: path, current: path };
}

/** What can be requested from the service. The names are the words of error messages. */
export type OperationName = keyof typeof ENDPOINTS;

/** Which version of the service's paths a connection uses. */
export type ApiVersion = 'guide' | 'current';

/** The endpoint of an operation. */
export function endpointOf(operation: OperationName): Endpoint {
  return ENDPOINTS[operation];
}

/** The method and the path (with `{id}` unfilled) of an operation, for error reports. */
export function requestLine(operation: OperationName, api: ApiVersion): { method: string; path: string } {
  return { method: ENDPOINTS[operation].method, path: ENDPOINTS[operation][api] };
}

/**
 * The path of an operation below its base URL, its ids escaped.
 * @throws {RangeError} when no path can carry an id: empty, far too long, PEM text (it may be
 *   a private key), `.`, `..`, or half of a surrogate pair. The text says which.
 */
export function endpointPath(operation: OperationName, api: ApiVersion, id?: string, commandId?: string): string {
  const template: string = ENDPOINTS[operation][api];
  if (id === undefined) return template;
  const path = template.replace('{id}', () => escapeId(id));
  return commandId === undefined ? path : path.replace('{commandId}', () => escapeId(commandId));
}

/** Far longer than any id, and short enough for any server's line; our choice. */
const MAX_ID_LENGTH = 1000;

function escapeId(id: string): string {
  if (id === '') throw new RangeError('the id is empty');
  if (id.length > MAX_ID_LENGTH) throw new RangeError(`the id has ${id.length} characters, and no id is that long`);
  if (id.includes('-----BEGIN')) throw new RangeError('the id is PEM text, which may be a secret');
  // Servers and proxies resolve dot segments, so the request would reach another path than the one asked for.
  if (id === '.' || id === '..') throw new RangeError('the id is a dot segment, which no path can carry');
  try {
    return encodeURIComponent(id);
  } catch {
    throw new RangeError('the id holds half of a surrogate pair, which no path can carry');
  }
}
