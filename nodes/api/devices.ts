import { isObject } from '../util/json';
import { checkDevice, type Device } from './claims';
import { isClosed } from './errors';
import type { ApiResponse } from './parse-response';
import { acceptAlreadyRemoved } from './removal';
import type { Api } from './api';

/** Reads a claimed device. @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for a body that is something else */
export function getDevice(api: Api, id: string): Promise<ApiResponse> {
  // No body at all is taken for an acknowledgement, as from every operation.
  return api.send('get device', { id, checkBody: (body) => (body == null ? undefined : checkDevice(body)) });
}

/**
 * Keeps a device from connecting to the Provisioning Service (guide). Blocking a blocked device changes nothing
 * (inferred), so after a lost response it is simply repeated.
 * @throws {NrfCloudError} every failure
 */
export function blockDevice(api: Api, id: string): Promise<ApiResponse> {
  return api.send('block device', { id });
}

/** Lets a blocked device connect again (guide); repeated as {@link blockDevice} is. @throws {NrfCloudError} every failure */
export function unblockDevice(api: Api, id: string): Promise<ApiResponse> {
  return api.send('unblock device', { id });
}

/**
 * Gives a device up: anybody may claim it then (guide), and its data is removed from nRF Cloud (Nordic's tools of 2026).
 * @throws {NrfCloudError} every failure
 */
export function unclaimDevice(api: Api, id: string): Promise<ApiResponse> {
  return acceptAlreadyRemoved(api.send('unclaim device', { id }));
}

/**
 * Looks a device up.
 * @returns `undefined` if this account does not have it, or if that could not be found out
 * @throws {NrfCloudError} `NRFCLOUD_CLOSED`
 */
export async function findDevice(api: Api, id: string): Promise<Device | undefined> {
  try {
    const { body } = await getDevice(api, id);
    return isObject(body) ? body : undefined;
  } catch (error) {
    if (isClosed(error)) throw error;
    return undefined;
  }
}
