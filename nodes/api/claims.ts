import type { ApiRequest } from './request';
import type { ApiResponse } from './parse-response';
import { NrfCloudError } from './errors';
import type { Api } from './api';
import { isObject } from '../util/json';

/** A claim as the service wants it. */
export interface ClaimRequest {
  claimToken: string;
  tags: string[];
  /** The device UUID inside the token, by which a lost response or a conflict is looked into. */
  deviceId: string;
}

/** A claimed device: the service's JSON as received (fields: guide). */
export type Device = Record<string, unknown>;

/** The answer to a claim: the device (fields: guide), or what a dry run says. */
export interface ClaimResponse extends ApiResponse {
  /** The service's 409, if the device was the account's own already. */
  conflict?: NrfCloudError;
}

/**
 * Claims a device. After a lost response the device is looked up instead of guessing; a 409 is looked into, because the
 * device may be the account's own (then `conflict` is set) or somebody else's (then it is thrown).
 * @throws {NrfCloudError} every failure
 */
export async function claim(api: Api, { claimToken, tags, deviceId }: ClaimRequest): Promise<ClaimResponse> {
  const call: ApiRequest = {
    json: tags.length > 0 ? { claimToken, tags } : { claimToken },
    recover: (owner) => api.sendOnce('get device', { id: deviceId, checkBody: checkDevice }, owner),
    checkBody: checkDevice,
  };
  try {
    return await api.send('claim', call);
  } catch (error) {
    if (!(error instanceof NrfCloudError)) throw error;
    const conflict = error.code === 'NRFCLOUD_CONFLICT';
    if (!conflict && !(error.mayHaveSucceeded && mayMeanClaimed(error))) throw error;
    const found = await find(api, deviceId);
    if (found === undefined) throw conflict ? claimedByOthers(error) : error;
    return conflict && !error.mayHaveSucceeded ? { ...found, conflict: error } : found;
  }
}

/**
 * Asks whether a device could be claimed (`current` only; source: Nordic's own tool, which expects 202 and no body).
 * @throws {NrfCloudError} `NRFCLOUD_CONFLICT` and the like when it can't
 */
export async function dryRunClaim(api: Api, { claimToken, deviceId }: ClaimRequest): Promise<ClaimResponse> {
  const query = new URLSearchParams({ dryrun: 'true' });
  try {
    return await api.send('claim', { query, json: { claimToken }, checkBody: claimedForReal });
  } catch (error) {
    if (!(error instanceof NrfCloudError) || error.code !== 'NRFCLOUD_CONFLICT') throw error;
    const found = await find(api, deviceId);
    if (found === undefined) throw claimedByOthers(error);
    return { ...found, conflict: error };
  }
}

/** The device if the account has it; what the account can't see is not its own. */
async function find(api: Api, id: string): Promise<ApiResponse | undefined> {
  try {
    return await api.send('get device', { id, checkBody: checkDevice });
  } catch (error) {
    if (error instanceof NrfCloudError && /_(NOT_FOUND|FORBIDDEN|CONFLICT|REJECTED)$/.test(error.code))
      return undefined;
    throw error;
  }
}

/** Which status the service gives to a repeated claim is not known; any refusal of the content may be it. */
function mayMeanClaimed({ code }: NrfCloudError): boolean {
  return code === 'NRFCLOUD_NOT_FOUND' || code === 'NRFCLOUD_REJECTED';
}

function claimedByOthers({ cause }: NrfCloudError): NrfCloudError {
  return new NrfCloudError(
    'NRFCLOUD_CONFLICT',
    'claim: the device is claimed already, and not by this account; its owner must unclaim it first',
    cause,
  );
}

/** Says that a body is not one device. */
export function checkDevice(body: unknown): string | undefined {
  return isObject(body) ? undefined : 'its body is not a device';
}

/** A service that doesn't know the dry run claims the device, and says so by 201 Created. */
function claimedForReal(_body: unknown, statusCode: number): string | undefined {
  return statusCode === 201 ? 'has claimed the device instead of only asking' : undefined;
}
