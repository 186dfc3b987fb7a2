import { deviceUuidOf } from '../../simulator/identity/device-uuid';
import { formatUuid } from '../../simulator/identity/uuid';
import type { Behaviour } from './behaviour';

/** Pages by their number, made once. */
const pages = new Map<string, Buffer>();

/** A page of the list of devices; its token is the number of the page. */
export function pageOf(url: string, { devices, pageSize }: Behaviour): Buffer {
  const page = Number(/[?&]pageNextToken=(\d+)/.exec(url)?.[1] ?? 0);
  const key = `${page} ${devices} ${pageSize}`;
  let body = pages.get(key);
  if (body === undefined) pages.set(key, (body = makePage(page, devices, pageSize)));
  return body;
}

function makePage(page: number, devices: number, pageSize: number): Buffer {
  const first = page * pageSize;
  const end = Math.min(devices, first + pageSize);
  const items = Array.from({ length: Math.max(0, end - first) }, (_, index) => ({
    id: formatUuid(deviceUuidOf('bench', first + index)),
    tags: ['location=Oslo', 'color=white'],
    status: 'READY',
    createdAt: '2026-11-24T12:00:00.000Z',
  }));
  return Buffer.from(JSON.stringify(end < devices ? { items, pageNextToken: String(page + 1) } : { items }));
}
