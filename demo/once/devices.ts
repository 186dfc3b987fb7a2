import type { Endpoints } from '../demo';
import type { Device } from '../../harness/controls';

/** One step in the life of a tag and a device. */
export interface Step {
  /** Method and path. */
  what: string;
  expected: string;
  /** What came back, in short. */
  came: string;
  ok: boolean;
}

const TAG = 'demo=tags';

/** Defines a tag, claims with it, lists by it, blocks, unblocks and unclaims; one step after the other. */
export async function* tagAndDevice({ nodeRed }: Endpoints, device: Device, signal: AbortSignal): AsyncGenerator<Step> {
  const ask = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
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
    const answer = await ask(method, path, body);
    const came = answer.status < 300 ? look(answer.body) : JSON.stringify(answer.body);
    yield { what: `${method} ${path}`, expected, came: `${answer.status} ${came}`, ok: came === expected };
  }
}
