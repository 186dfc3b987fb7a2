/**
 * Every path of the service, once. `{id}` is replaced by the escaped id.
 *
 * Source: `guide` is Nordic's 2023 guide; `current` is what Nordic's own tools use since 2024/2025. The tag paths by id
 * and the device's tags in `current` are inferred.
 */
export const ENDPOINTS = {
  claim: { method: 'POST', guide: '/identities/claimed-devices', current: '/claimed-devices' },
  'bulk claim': { method: 'POST', guide: '/claimed-devices/bulk', current: '/claimed-devices' },
  'bulk status': { method: 'GET', guide: '/bulk-ops-requests/{id}', current: '/bulk-ops-requests/{id}' },
  'list tags': { method: 'GET', guide: '/claimed-devices/tags', current: '/provisioning/tags' },
  'create tag': { method: 'POST', guide: '/claimed-devices/tags', current: '/provisioning/tags' },
  'get tag': { method: 'GET', guide: '/claimed-devices/tags/{id}', current: '/provisioning/tags/{id}' },
  'update tag': { method: 'PUT', guide: '/claimed-devices/tags/{id}', current: '/provisioning/tags/{id}' },
  'delete tag': { method: 'DELETE', guide: '/claimed-devices/tags/{id}', current: '/provisioning/tags/{id}' },
  'tags of device': { method: 'GET', guide: '/claimed-devices/tags/{id}', current: '/claimed-devices/{id}' },
  'list devices': { method: 'GET', guide: '/claimed-devices', current: '/claimed-devices' },
  'get device': { method: 'GET', guide: '/claimed-devices/{id}', current: '/claimed-devices/{id}' },
  'unclaim device': { method: 'DELETE', guide: '/claimed-devices/{id}', current: '/claimed-devices/{id}' },
  'block device': { method: 'POST', guide: '/claimed-devices/{id}/block', current: '/claimed-devices/{id}/block' },
  'unblock device': {
    method: 'POST',
    guide: '/claimed-devices/{id}/unblock',
    current: '/claimed-devices/{id}/unblock',
  },
} as const;

/** Operations whose responses tell of many things, and may be large. */
export const LIST_OPERATIONS: ReadonlySet<OperationName> = new Set([
  'list devices',
  'list tags',
  'bulk claim',
  'bulk status',
]);

/** What can be asked of the service. The names are the words that stand in error messages. */
export type OperationName = keyof typeof ENDPOINTS;

/** Which generation of the service's paths a connection speaks. */
export type ApiVersion = 'guide' | 'current';

/** The method and the path (with `{id}` unfilled) of an operation, for error reports. */
export function requestLine(operation: OperationName, api: ApiVersion): { method: string; path: string } {
  return { method: ENDPOINTS[operation].method, path: ENDPOINTS[operation][api] };
}

/**
 * The path of an operation below the base URL, its id escaped.
 * @throws {RangeError} when no path can carry the id: empty, far too long, `.`, `..`, or half of a surrogate pair. The text says which.
 */
export function endpointPath(operation: OperationName, api: ApiVersion, id?: string): string {
  const template: string = ENDPOINTS[operation][api];
  return id === undefined ? template : template.replace('{id}', () => escapeId(id));
}

/** Far longer than any id, and short enough for any server's line; our choice. */
const MAX_ID_LENGTH = 1000;

function escapeId(id: string): string {
  if (id === '') throw new RangeError('the id is empty');
  if (id.length > MAX_ID_LENGTH) throw new RangeError(`the id has ${id.length} characters, and no id is that long`);
  // Servers and proxies resolve dot segments, so the request would reach another path than the one asked for.
  if (id === '.' || id === '..') throw new RangeError('the id is a dot segment, which no path can carry');
  try {
    return encodeURIComponent(id);
  } catch {
    throw new RangeError('the id holds half of a surrogate pair, which no path can carry');
  }
}
