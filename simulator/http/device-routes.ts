import type { World } from '../world/world';
import { Refusal } from '../world/refusal';
import type { Answer } from './answer';
import type { Call, Route } from './call';

const BOTH = ['guide', 'current'] as const;

/** Claimed devices: list, get, unclaim, block, unblock. The same in both generations. */
export const DEVICE_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/claimed-devices', generations: BOTH, operation: () => 'listDevices', run: listDevices },
  {
    method: 'GET',
    path: '/claimed-devices/:id',
    generations: BOTH,
    operation: () => 'getDevice',
    run: (world, call) => ({ status: 200, body: world.deviceView(world.device(call.id)) }),
  },
  {
    method: 'DELETE',
    path: '/claimed-devices/:id',
    generations: BOTH,
    operation: () => 'unclaim',
    run: (world, call) => {
      world.unclaim(call.id);
      return { status: 204 };
    },
  },
  {
    method: 'POST',
    path: '/claimed-devices/:id/block',
    generations: BOTH,
    operation: () => 'block',
    run: (world, call) => setBlocked(world, call, true),
  },
  {
    method: 'POST',
    path: '/claimed-devices/:id/unblock',
    generations: BOTH,
    operation: () => 'unblock',
    run: (world, call) => setBlocked(world, call, false),
  },
];

/** 200 with the device, also if nothing changes: our choice. */
function setBlocked(world: World, call: Call, blocked: boolean): Answer {
  const device = world.device(call.id);
  device.blocked = blocked;
  return { status: 200, body: world.deviceView(device) };
}

function listDevices(world: World, call: Call): Answer {
  const { settings } = world;
  const { tag, pageNextToken } = call.query;
  const wanted = tag === undefined || settings.tagFilter === 'ignore' ? undefined : tag;
  const isArray = settings.listShape === 'array';
  const page = world.devices.page(
    isArray || pageNextToken === undefined ? 0 : readPageToken(pageNextToken),
    isArray ? Infinity : pageLimit(world, call),
    wanted === undefined ? undefined : (device) => device.tags.some((one) => one.name === wanted && !one.deleted),
  );
  const items = page.devices.map((device) => world.deviceView(device));
  if (isArray) return { status: 200, body: items };
  const own = page.next === undefined ? undefined : writePageToken(page.next);
  const next = settings.repeatPageToken && pageNextToken !== undefined ? pageNextToken : own;
  return {
    status: 200,
    body: { items, ...(next !== undefined && { pageNextToken: next }), ...settings.extras.list },
  };
}

function pageLimit(world: World, call: Call): number {
  const asked = call.query['pageLimit'];
  if (asked === undefined) return world.settings.pageSize;
  if (!/^[1-9]\d{0,8}$/.test(asked)) throw new Refusal(400, 'pageLimit is a whole number from 1 on.');
  return Math.min(Number(asked), world.settings.maxPageSize);
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
