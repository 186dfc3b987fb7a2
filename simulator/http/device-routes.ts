import type { ServiceState } from '../state/service-state';
import type { ServiceResponse } from '../wire/response';
import { readPageLimit, readPageToken, writePageToken } from './paging';
import type { Call, Route } from './route';

const BOTH = ['guide', 'current'] as const;

/** Claimed devices: list, get, unclaim, block, unblock. The same in both versions. */
export const DEVICE_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/claimed-devices', versions: BOTH, operation: () => 'listDevices', run: listDevices },
  {
    method: 'GET',
    path: '/claimed-devices/:id',
    versions: BOTH,
    operation: () => 'getDevice',
    run: (state, call) => ({ status: 200, body: state.deviceView(state.device(call.id)) }),
  },
  {
    method: 'DELETE',
    path: '/claimed-devices/:id',
    versions: BOTH,
    operation: () => 'unclaim',
    run: (state, call) => {
      state.unclaim(call.id);
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/claimed-devices/:id/block',
    versions: BOTH,
    operation: () => 'block',
    run: (state, call) => setBlocked(state, call, true),
  },
  {
    method: 'POST',
    path: '/claimed-devices/:id/unblock',
    versions: BOTH,
    operation: () => 'unblock',
    run: (state, call) => setBlocked(state, call, false),
  },
];

/** 200 with the device, also if nothing changes: our choice. */
function setBlocked(state: ServiceState, call: Call, blocked: boolean): ServiceResponse {
  const device = state.device(call.id);
  device.blocked = blocked;
  return { status: 200, body: state.deviceView(device) };
}

function listDevices(state: ServiceState, call: Call): ServiceResponse {
  const { settings } = state;
  const { tag, pageNextToken } = call.query;
  const wanted = tag === undefined || settings.tagFilter === 'ignore' ? undefined : tag;
  const isArray = settings.listShape === 'array';
  const page = state.devices.page(
    isArray ? 0 : readPageToken(pageNextToken),
    isArray ? Infinity : readPageLimit(call.query['pageLimit'], settings.pageSize, settings.maxPageSize),
    wanted === undefined ? undefined : (device) => device.tags.some((one) => one.name === wanted && !one.deleted),
  );
  const items = page.items.map((device) => state.deviceView(device));
  if (isArray) return { status: 200, body: items };
  const own = page.next === undefined ? undefined : writePageToken(page.next);
  const next = settings.repeatPageToken && pageNextToken !== undefined ? pageNextToken : own;
  return {
    status: 200,
    body: { items, ...(next !== undefined && { pageNextToken: next }), ...settings.extras.list },
  };
}
