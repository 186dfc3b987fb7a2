import type { ServiceState } from '../state/service-state';
import { Refusal } from '../state/refusal';
import type { ServiceResponse } from '../wire/response';
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
    isArray || pageNextToken === undefined ? 0 : readPageToken(pageNextToken),
    isArray ? Infinity : pageLimit(state, call),
    wanted === undefined ? undefined : (device) => device.tags.some((one) => one.name === wanted && !one.deleted),
  );
  const items = page.devices.map((device) => state.deviceView(device));
  if (isArray) return { status: 200, body: items };
  const own = page.next === undefined ? undefined : writePageToken(page.next);
  const next = settings.repeatPageToken && pageNextToken !== undefined ? pageNextToken : own;
  return {
    status: 200,
    body: { items, ...(next !== undefined && { pageNextToken: next }), ...settings.extras.list },
  };
}

function pageLimit(state: ServiceState, call: Call): number {
  const asked = call.query['pageLimit'];
  if (asked === undefined) return state.settings.pageSize;
  if (!/^[1-9]\d{0,8}$/.test(asked)) throw new Refusal(400, 'pageLimit is a whole number from 1 on.');
  return Math.min(Number(asked), state.settings.maxPageSize);
}

/** Opaque on purpose, with characters that a query has to escape. */
function writePageToken(sequence: number): string {
  return `${Buffer.from(`after ${sequence}`).toString('base64')}+/=`;
}

function readPageToken(token: string): number {
  const text = Buffer.from(token.replace(/\+\/=$/, ''), 'base64').toString();
  const sequence = /^after (\d+)$/.exec(text)?.[1];
  if (sequence === undefined || !token.endsWith('+/=')) throw new Refusal(400, 'pageNextToken is not one of ours.');
  return Number(sequence);
}
