import type { Endpoints } from '../demo';
import type { Device } from '../../harness/controls';

/** One request about a tag or a device. */
export interface Step {
  /** Method and path. */
  what: string;
  expected: string;
  /** The result in short. */
  result: string;
  ok: boolean;
}

const TAG = 'demo=tags';

/** Creates a tag, claims a device with it, lists the tag's devices, then blocks, unblocks and unclaims the device. */
export async function* tagAndDevice({ nodeRed }: Endpoints, device: Device, signal: AbortSignal): AsyncGenerator<Step> {
  const send = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${nodeRed}${path}`, {
      method,
      signal,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const id = device.deviceUuid;
  const listed = (body: unknown): string => JSON.stringify((body as { id: string }[]).map((one) => one.id));
  const field = (name: string) => (body: unknown) => String((body as Record<string, unknown>)[name]);
  const tags = `/devices?tag=${encodeURIComponent(TAG)}`;
  const steps: [string, string, unknown, string, (body: unknown) => string][] = [
    ['POST', '/tags', { tag: TAG, description: 'Made by the demo' }, TAG, field('tag')],
    ['POST', '/tags', { tag: TAG }, TAG, field('tag')],
    ['POST', '/claim', { claimToken: device.claimToken, tags: [TAG] }, id, field('id')],
    ['GET', tags, undefined, `["${id}"]`, listed],
    ['POST', `/devices/${id}/block`, undefined, 'BLOCKED', field('status')],
    ['POST', `/devices/${id}/unblock`, undefined, 'READY', field('status')],
    ['POST', `/devices/${id}/unclaim`, undefined, 'unclaim', field('operation')],
    ['GET', tags, undefined, '[]', listed],
  ];
  for (const [method, path, body, expected, look] of steps) {
    const response = await send(method, path, body);
    const result = response.status < 300 ? look(response.body) : JSON.stringify(response.body);
    yield { what: `${method} ${path}`, expected, result: `${response.status} ${result}`, ok: result === expected };
  }
}
