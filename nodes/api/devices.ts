import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import type { Api } from './api';
import { hasCode, isClosed, isUnusableSuccess, NrfCloudError, saysNotFound, withEarlierDoubt } from './errors';
import { parseItems } from './pagination';
import { objectBody } from './parse-response';
import type { ApiResponse } from './request';

/** A claimed device: the service's JSON as received (fields: guide). */
export type Device = Record<string, unknown>;

/** What the changes of a device are put in order by, see {@link Api.inOrder}. */
export function deviceKey(id: string): string {
  return `device ${id.toLowerCase()}`;
}

/** Whether a body is about the device, whose id may be written in either case. */
export function isDevice(body: unknown, id: string): body is Device {
  if (!isObject(body)) return false;
  const actual = body['id'] ?? body['deviceId'];
  return typeof actual === 'string' && actual.toLowerCase() === id.toLowerCase();
}

/** @throws {InvalidValue} if a body is not the requested device */
export function parseDevice(body: unknown, id: string): Device {
  const device = objectBody(body, 'a device');
  if (isDevice(device, id)) return device;
  throw new InvalidValue('is not about the requested device');
}

/** A body that does not contradict a change of the device: empty, or about the device. */
function parseChange(body: unknown, id: string): Device | undefined {
  return body === undefined ? undefined : parseDevice(body, id);
}

/**
 * Reads a claimed device. A response without a body is an acknowledgement, as from every operation.
 * @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for a body that is not about the device
 */
export function getDevice(api: Api, id: string): Promise<ApiResponse<Device | undefined>> {
  return api.send('get device', { id, parse: (body) => parseChange(body, id) });
}

/**
 * Looks a claimed device up.
 * @returns `undefined` if the account does not have it
 * @throws {NrfCloudError} every other failure
 */
export async function getClaimedDevice(
  api: Api,
  id: string,
  { sendOnce = false } = {},
): Promise<ApiResponse<Device> | undefined> {
  try {
    return await api.send('get device', { id, parse: (body) => parseDevice(body, id), sendOnce });
  } catch (error) {
    if (saysNotFound(error)) return undefined;
    throw error;
  }
}

/** Reads a page of one claimed device, once, to see whether the service responds. @throws {NrfCloudError} every failure */
export function probeDevices(api: Api): Promise<ApiResponse> {
  const query = new URLSearchParams({ pageLimit: '1' });
  return api.send('list devices', { query, parse: parseItems, sendOnce: true });
}

/**
 * Keeps a device from connecting to the Provisioning Service (guide). Blocking a blocked device changes nothing
 * (inferred), so after a lost response it is simply repeated.
 * @throws {NrfCloudError} every failure
 */
export function blockDevice(api: Api, id: string): Promise<ApiResponse<Device | undefined>> {
  // The normal status is READY (guide); the name of the blocked one is not known.
  return changeDevice(api, 'block device', id, (status) => status === 'READY');
}

/** Lets a blocked device connect again (guide); repeated as {@link blockDevice} is. @throws {NrfCloudError} every failure */
export function unblockDevice(api: Api, id: string): Promise<ApiResponse<Device | undefined>> {
  return changeDevice(api, 'unblock device', id, (status) => status === 'BLOCKED');
}

/** @param contradicts whether a status shows that the change did not take place */
async function changeDevice(
  api: Api,
  operation: 'block device' | 'unblock device',
  id: string,
  contradicts: (status: unknown) => boolean,
): Promise<ApiResponse<Device | undefined>> {
  const work = async (): Promise<ApiResponse<Device | undefined>> => {
    try {
      return await api.send(operation, { id, parse: (body) => parseChange(body, id) });
    } catch (error) {
      if (!isUnusableSuccess(error)) throw error;
      const device = await confirm(error, () => getClaimedDevice(api, id));
      if (device === undefined || contradicts(device.body['status'])) throw error;
      return device;
    }
  };
  return api.inOrder(operation, deviceKey(id), work);
}

/**
 * Gives a device up: anybody may claim it then (guide), and its data is removed from nRF Cloud (Nordic's tools of 2026).
 * The device is read first. After a lost response the request is repeated only if the device is still the same claim, so
 * that a claim which another message has made meanwhile is not undone.
 * @throws {NrfCloudError} every failure
 */
export async function unclaimDevice(api: Api, id: string): Promise<ApiResponse<undefined>> {
  const work = async (): Promise<ApiResponse<undefined>> => {
    const claimedAt = await readClaimedAt(api, id);
    try {
      return await api.send('unclaim device', {
        id,
        parse: (body) => void parseChange(body, id),
        repeatAfterLoss: 'ifNotDone',
        recoverWith: {
          operation: 'get device',
          id,
          judge: ({ statusCode, body }) => {
            if (statusCode === 404) return { statusCode, body: undefined };
            const since = isDevice(body, id) ? compareClaims(claimedAt, body['claimedAt']) : 'unclear';
            if (since === 'unclear') return since;
            return since === 'same' ? 'notDone' : { statusCode, body: undefined };
          },
        },
      });
    } catch (error) {
      if (saysNotFound(error) && error.mayHaveSucceeded) return removed();
      if (!isUnusableSuccess(error)) throw error;
      const device = await confirm(error, () => getClaimedDevice(api, id));
      if (device !== undefined) throw error;
      return removed();
    }
  };
  return api.inOrder('unclaim device', deviceKey(id), work);
}

/**
 * Whether a device is still the same claim, by its `claimedAt` of before and of now. Each server of the service may write the
 * same instant differently, so only a later instant in the same type shows a new claim.
 */
function compareClaims(before: unknown, now: unknown): 'same' | 'new' | 'unclear' {
  if (before === undefined || before === null || typeof before !== typeof now) return 'unclear';
  if (before === now) return 'same';
  const [earlier, later] = [before, now].map((value) => (typeof value === 'string' ? Date.parse(value) : value));
  if (typeof earlier !== 'number' || typeof later !== 'number') return 'unclear';
  if (earlier === later) return 'same';
  return later > earlier ? 'new' : 'unclear';
}

/**
 * When the device was claimed, `undefined` if that cannot be read: the request is then sent all the same, as the service
 * decides about it, but not repeated after a lost response.
 */
async function readClaimedAt(api: Api, id: string): Promise<unknown> {
  try {
    return (await getClaimedDevice(api, id))?.body['claimedAt'];
  } catch (error) {
    if (hasCode(error, 'NRFCLOUD_UNAVAILABLE', 'NRFCLOUD_TIMEOUT', 'NRFCLOUD_RATE_LIMITED', 'NRFCLOUD_CLOSED'))
      throw error;
    if (error instanceof NrfCloudError) return undefined;
    throw error;
  }
}

/** The response in place of the one of a removal whose target is not found any more. */
export function removed(): ApiResponse<undefined> {
  return { statusCode: 404, body: undefined };
}

/** Looks once whether a success that cannot be believed is one. @throws {NrfCloudError} the error if the look-up fails */
export async function confirm<T>(error: NrfCloudError, look: () => Promise<T>): Promise<T> {
  try {
    return await look();
  } catch (failure) {
    throw failure instanceof NrfCloudError && !isClosed(failure) ? error : withEarlierDoubt(failure, error);
  }
}
