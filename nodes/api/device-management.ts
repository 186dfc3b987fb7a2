import { InvalidValue } from '../util/invalid-value';
import { isObject } from '../util/json';
import type { Api } from './api';
import { parseDevice } from './devices';
import { saysNotFound } from './errors';
import { nextPageToken, parseItems } from './pagination';
import { objectBody } from './parse-response';
import type { ApiResponse } from './request';

/** Whose API key it is (Nordic's tools; fields beyond these pass through). */
export interface Account extends Record<string, unknown> {
  /** The team's id, which is the `ownerId` of its claimed devices (inferred). */
  tenantId?: string;
  teamName?: string;
  /** `owner`, `admin`, `editor`, `viewer` or a newer one. */
  role?: string;
}

/** A device in device management: the service's JSON as received. */
export type OnboardedDevice = Record<string, unknown>;

/** The devices that a batch request found. */
export interface OnboardedDevices {
  /** The requested ones among the response's items, by their id in lower case. */
  devices: Map<string, OnboardedDevice>;
  /** False if the response holds devices that were not requested: the service does not know `deviceIds`. */
  honoured: boolean;
  /** How many items the response holds. */
  count: number;
  /** False if more pages follow. */
  isComplete: boolean;
  statusCode: number;
}

/** Maximum ids of one batch request (contract). */
export const MAX_DEVICE_IDS = 100;

/**
 * Reads the team and the role that the API key belongs to.
 * @param sendOnce true if a person waits for it: a single attempt
 * @throws {NrfCloudError} every failure; `NRFCLOUD_NOT_CONFIGURED` if the device API is not known
 */
export async function getAccount(api: Api, { sendOnce = false } = {}): Promise<ApiResponse<Account>> {
  return api.send('get account', { sendOnce, parse: parseAccount });
}

/**
 * Reads a device from device management once.
 * @returns `undefined` if it is not onboarded
 * @throws {NrfCloudError} every other failure; the caller decides when to ask again
 */
export async function getOnboardedDevice(api: Api, id: string): Promise<ApiResponse<OnboardedDevice> | undefined> {
  try {
    return await api.send('get onboarded device', { id, parse: (body) => parseDevice(body, id), sendOnce: true });
  } catch (error) {
    if (saysNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * Reads several devices from device management with one request, once. That a device is missing proves nothing: a service
 * that ignores `deviceIds` responds with any devices.
 * @param ids at most {@link MAX_DEVICE_IDS}
 * @param includeState asks for the state of each device too (Nordic's tools)
 * @throws {NrfCloudError} every failure; `NRFCLOUD_BAD_RESPONSE` for a response that is not a list
 */
export async function getOnboardedDevices(
  api: Api,
  ids: readonly string[],
  { includeState = false } = {},
): Promise<OnboardedDevices> {
  const query = new URLSearchParams({ deviceIds: ids.join(','), pageLimit: String(MAX_DEVICE_IDS) });
  if (includeState) query.set('includeState', 'true');
  const { statusCode, body: page } = await api.send('list onboarded devices', {
    query,
    parse: (body) => ({ items: parseItems(body), isComplete: nextPageToken(body) === undefined }),
    sendOnce: true,
  });
  const requested = new Set(ids.map((id) => id.toLowerCase()));
  const devices = new Map<string, OnboardedDevice>();
  let honoured = true;
  for (const item of page.items) {
    const id = isObject(item) && typeof item['id'] === 'string' ? item['id'].toLowerCase() : undefined;
    if (id !== undefined && requested.has(id)) devices.set(id, item as OnboardedDevice);
    else honoured = false;
  }
  return { devices, honoured, count: page.items.length, isComplete: page.isComplete, statusCode };
}

/**
 * The id of any device in device management, read once.
 * @returns `undefined` if the list shows none
 * @throws {NrfCloudError} every failure
 */
export async function anyOnboardedId(api: Api): Promise<string | undefined> {
  const query = new URLSearchParams({ pageLimit: '1' });
  const { body } = await api.send('list onboarded devices', { query, parse: parseItems, sendOnce: true });
  const [first] = body;
  return isObject(first) && typeof first['id'] === 'string' ? first['id'] : undefined;
}

/** Whether a device has connected at least once: it has reported state (inferred). */
export function hasReportedState({ state }: OnboardedDevice): boolean {
  return isObject(state) && isObject(state['reported']);
}

/** @throws {InvalidValue} if a body shows neither a team nor a role */
function parseAccount(body: unknown): Account {
  const account = objectBody(body, 'an account');
  const team = isObject(account['team']) ? account['team'] : {};
  const { tenantId, name } = team;
  const { role } = account;
  const known: Partial<Account> = {
    ...(typeof tenantId === 'string' ? { tenantId } : {}),
    ...(typeof name === 'string' ? { teamName: name } : {}),
    ...(typeof role === 'string' ? { role } : {}),
  };
  if (Object.keys(known).length === 0) throw new InvalidValue('shows neither a team nor a role');
  return { ...account, ...known };
}
