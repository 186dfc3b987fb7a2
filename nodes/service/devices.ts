import { notADevice } from './claims';
import type { Reply } from './usable';
import { removed } from './removal';
import type { Session } from './session';

/** Reads a claimed device. @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for a body that is something else */
export function getDevice(session: Session, id: string): Promise<Reply> {
  // No body at all is taken for an acknowledgement, as from every operation.
  return session.send('get device', { id, complaint: (body) => (body == null ? undefined : notADevice(body)) });
}

/**
 * Keeps a device from connecting to the Provisioning Service (guide). Blocking a blocked device changes nothing
 * (inferred), so after a lost reply it is simply repeated.
 * @throws {NrfCloudError} every failure
 */
export function blockDevice(session: Session, id: string): Promise<Reply> {
  return session.send('block device', { id });
}

/** Lets a blocked device connect again (guide); repeated as {@link blockDevice} is. @throws {NrfCloudError} every failure */
export function unblockDevice(session: Session, id: string): Promise<Reply> {
  return session.send('unblock device', { id });
}

/**
 * Gives a device up: anybody may claim it then (guide), and its data is removed from nRF Cloud (Nordic's tools of 2026).
 * @throws {NrfCloudError} every failure
 */
export function unclaimDevice(session: Session, id: string): Promise<Reply> {
  return removed(session.send('unclaim device', { id }));
}
