import { deviceUuidOf } from '../../simulator/identity/device-uuid';
import { formatUuid } from '../../simulator/identity/uuid';

/** The one device that is onboarded; so batches can be believed. */
const ONBOARDED = JSON.stringify({ id: formatUuid(deviceUuidOf('bench onboarded', 0)), state: { reported: {} } });
const [, ONBOARDED_ID] = /"id":"([^"]+)"/.exec(ONBOARDED)!;

const NOT_FOUND = { status: 404, body: Buffer.from('{"message":"not found"}') };
const DEVICES = '/v1/devices';
const COMMANDS = /^\/v1\/claimed-devices\/[^/]+\/provisioning$/;
const CLAIMED = /^\/v1\/claimed-devices\/([0-9a-f-]{36})$/;

/** The answer to a question about onboarding: devices are never onboarded and have no commands. `undefined` for another URL. */
export function onboardingAnswer(
  url: string,
  isClaimed: (id: string) => boolean,
): { status: number; body: Buffer } | undefined {
  if (url.startsWith(`${DEVICES}?`)) {
    const isIn = !url.includes('deviceIds=') || url.includes(ONBOARDED_ID!);
    return { status: 200, body: Buffer.from(`{"items":[${isIn ? ONBOARDED : ''}],"total":${isIn ? 1 : 0}}`) };
  }
  if (url.startsWith(`${DEVICES}/`)) return NOT_FOUND;
  if (COMMANDS.test(url)) return { status: 200, body: Buffer.from('{"items":[]}') };
  const [, id] = CLAIMED.exec(url) ?? [];
  if (id !== undefined && !isClaimed(id)) return NOT_FOUND;
  return id === undefined ? undefined : { status: 200, body: Buffer.from(`{"id":"${id}","tags":[],"status":"READY"}`) };
}
