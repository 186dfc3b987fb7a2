import type { Call } from './call';
import type { Reply } from './usable';
import { NrfCloudError } from './errors';
import { isObject, type Session } from './session';

/** A claim as the service wants it. */
export interface ClaimRequest {
  claimToken: string;
  tags: string[];
  /** The device UUID inside the token, by which a lost reply or a conflict is looked into. */
  deviceId: string;
}

/** A claimed device: the service's JSON as received (fields: guide). */
export type Device = Record<string, unknown>;

/** The answer to a claim: the device (fields: guide), or what a dry run says. */
export interface ClaimReply extends Reply {
  /** The service's 409, if the device was the account's own already. */
  conflict?: NrfCloudError;
}

/**
 * Claims a device. After a lost reply the device is looked up instead of guessing; a 409 is looked into, because the
 * device may be the account's own (then `conflict` is set) or somebody else's (then it is thrown).
 * @throws {NrfCloudError} every failure
 */
export async function claim(session: Session, { claimToken, tags, deviceId }: ClaimRequest): Promise<ClaimReply> {
  const call: Call = {
    json: tags.length > 0 ? { claimToken, tags } : { claimToken },
    lookup: (job) => session.peek('get device', { id: deviceId, complaint: notADevice }, job),
    complaint: notADevice,
  };
  try {
    return await session.send('claim', call);
  } catch (error) {
    if (!(error instanceof NrfCloudError)) throw error;
    const conflict = error.code === 'NRFCLOUD_CONFLICT';
    if (!conflict && !(error.uncertain && mayMeanClaimed(error))) throw error;
    const found = await find(session, deviceId);
    if (found === undefined) throw conflict ? somebodyElses(error) : error;
    return conflict && !error.uncertain ? { ...found, conflict: error } : found;
  }
}

/**
 * Asks whether a device could be claimed (`current` only; source: Nordic's own tool, which expects 202 and no body).
 * @throws {NrfCloudError} `NRFCLOUD_CONFLICT` and the like when it can't
 */
export async function dryRunClaim(session: Session, { claimToken, deviceId }: ClaimRequest): Promise<ClaimReply> {
  const query = new URLSearchParams({ dryrun: 'true' });
  try {
    return await session.send('claim', { query, json: { claimToken }, complaint: claimedForReal });
  } catch (error) {
    if (!(error instanceof NrfCloudError) || error.code !== 'NRFCLOUD_CONFLICT') throw error;
    const found = await find(session, deviceId);
    if (found === undefined) throw somebodyElses(error);
    return { ...found, conflict: error };
  }
}

/** The device if the account has it; what the account can't see is not its own. */
async function find(session: Session, id: string): Promise<Reply | undefined> {
  try {
    return await session.send('get device', { id, complaint: notADevice });
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

function somebodyElses({ cause }: NrfCloudError): NrfCloudError {
  return new NrfCloudError(
    'NRFCLOUD_CONFLICT',
    'claim: the device is claimed already, and not by this account; its owner must unclaim it first',
    cause,
  );
}

/** Says that a body is not one device. */
export function notADevice(body: unknown): string | undefined {
  return isObject(body) ? undefined : 'its body is not a device';
}

/** A service that doesn't know the dry run claims the device, and says so by 201 Created. */
function claimedForReal(_body: unknown, statusCode: number): string | undefined {
  return statusCode === 201 ? 'has claimed the device instead of only asking' : undefined;
}
