import { InvalidValue } from '../util/invalid-value';
import type { Api } from './api';
import { claimedHint, type ClaimedHint } from './claim-refusals';
import { deviceKey, getClaimedDevice, isDevice, parseDevice, type Device } from './devices';
import { hasCode, isClosed, isUnusableSuccess, NrfCloudError, withEarlierDoubt } from './errors';
import { readableText } from './readable-text';
import type { ApiResponse, Recovery } from './request';

/** A claim as the service wants it. */
export interface ClaimRequest {
  claimToken: string;
  tags: string[];
  /** The device UUID inside the token, by which a lost response or a conflict is looked up. */
  deviceId: string;
  /** A device that is the account's own already is an error, too: a conflict is one even if it cannot be looked up. */
  mustBeNew?: boolean;
}

/** The response to a claim: the device (fields: guide), or what a dry run says. */
export interface ClaimResponse extends ApiResponse {
  /** The service's refusal, if the device was the account's own already. */
  conflict?: NrfCloudError;
  /** The device was looked up instead of coming with the response, so it may be the account's own for longer. */
  lookedUp?: true;
}

/**
 * Claims a device. After a lost response, and after a success that is not about the device, the device is looked up
 * instead of guessing. So it is after a refusal whose text names no other cause: the device may be the account's own (then
 * `conflict` is set), or somebody else's (then a 409, or the refusal that says so, is thrown as a conflict). The same claim
 * twice at once is one claim, whatever the order of its tags.
 * @throws {NrfCloudError} every failure; `cause.mayHaveSucceeded` if the device may have been claimed all the same
 */
export function claim(api: Api, request: ClaimRequest): Promise<ClaimResponse> {
  const { claimToken, tags, deviceId } = request;
  const fingerprint = tags.length === 0 ? claimToken : JSON.stringify([claimToken, ...tags.toSorted()]);
  const work = (followed: boolean): Promise<ClaimResponse> => claimInOrder(api, request, followed);
  return api.inOrder('claim', deviceKey(deviceId), work, { fingerprint, share: copyOf });
}

/** Two messages must not share an object that flows may change. */
function copyOf(response: ClaimResponse): ClaimResponse {
  return { ...response, body: structuredClone(response.body) };
}

function claimInOrder(api: Api, request: ClaimRequest, followed: boolean): Promise<ClaimResponse> {
  const { claimToken, tags, deviceId } = request;
  let lookedUp = false;
  const judge: typeof judgeClaim = (response, id) => {
    const judgement = judgeClaim(response, id);
    lookedUp = typeof judgement === 'object';
    return judgement;
  };
  const sent = api.send('claim', {
    json: tags.length > 0 ? { claimToken, tags } : { claimToken },
    parse: (body) => parseDevice(body, deviceId),
    recoverWith: { operation: 'get device', id: deviceId, judge },
  });
  return sent.then(
    (response) => (lookedUp ? { ...response, lookedUp } : response),
    (error: unknown) => {
      if (!(error instanceof NrfCloudError)) throw error;
      return resolveFailedClaim(api, request, error, followed);
    },
  );
}

/** A claim whose response was lost has succeeded if the account has the device. */
function judgeClaim({ statusCode, body }: ApiResponse, deviceId: string): ReturnType<Recovery<Device>['judge']> {
  if (isDevice(body, deviceId)) return { statusCode, body };
  return statusCode === 404 ? 'notDone' : 'unclear';
}

/**
 * Finds out the effect of a claim that was refused, or whose reported success is not credible.
 * @param followed an earlier claim of this device has just ended, so its effect may not be visible yet
 */
async function resolveFailedClaim(
  api: Api,
  { deviceId, mustBeNew = false }: ClaimRequest,
  error: NrfCloudError,
  followed: boolean,
): Promise<ClaimResponse> {
  const conflict = hasCode(error, 'NRFCLOUD_CONFLICT');
  const unbelievable = isUnusableSuccess(error);
  const hint = hintOf(error);
  const refusedAgain = error.mayHaveSucceeded && hint !== undefined;
  if (!conflict && !unbelievable && !refusedAgain && (hint === undefined || hint === 'other-cause')) throw error;
  const uncertain = error.mayHaveSucceeded || followed;
  const isErrorAnyway = unbelievable || hint !== undefined || (conflict && mustBeNew && !error.mayHaveSucceeded);
  const found = await lookUp(api, deviceId, uncertain, hint === 'unsaid' && !error.mayHaveSucceeded).catch(
    (thrown: unknown) => {
      if (isErrorAnyway && !isClosed(thrown)) throw error;
      throw withEarlierDoubt(thrown, error);
    },
  );
  if (found === undefined) throw conflict || hint === 'claimed' ? claimedByOthers(error) : error;
  // After an attempt that may have succeeded the device is taken for the one that it has claimed.
  return { ...found, lookedUp: true, ...(error.mayHaveSucceeded ? {} : { conflict: error }) };
}

/**
 * The device if this key can see it in the account.
 * @param repeat looks again if it is not there yet
 * @param sendOnce each look is one request: its failure is not worth waiting for
 */
async function lookUp(
  api: Api,
  deviceId: string,
  repeat: boolean,
  sendOnce = false,
): Promise<ApiResponse<Device> | undefined> {
  const find = (): Promise<ApiResponse<Device> | 'hidden' | undefined> =>
    getClaimedDevice(api, deviceId, { sendOnce }).catch((error: unknown) => {
      // It exists but this key cannot see it, or it is refused for another reason: repeating would not change that.
      if (hasCode(error, 'NRFCLOUD_FORBIDDEN', 'NRFCLOUD_CONFLICT', 'NRFCLOUD_REJECTED')) return 'hidden';
      throw error;
    });
  const found = await (repeat ? api.repeatLookUp('claim', find) : find());
  return found === 'hidden' ? undefined : found;
}

/**
 * What a refusal other than 409 says about an earlier claim, `undefined` for any other error: which of them the service gives
 * to a claim of a claimed device is not known. After a 401 a look-up would fail, too, and a 403 without a word about a claim
 * is about the key.
 */
function hintOf(error: NrfCloudError): ClaimedHint | undefined {
  const isForbidden = hasCode(error, 'NRFCLOUD_FORBIDDEN');
  if (!isForbidden && !hasCode(error, 'NRFCLOUD_REJECTED', 'NRFCLOUD_NOT_FOUND')) return undefined;
  const hint = claimedHint(readableText(error.cause.body));
  return isForbidden && hint === 'unsaid' ? 'other-cause' : hint;
}

function claimedByOthers({ cause }: NrfCloudError): NrfCloudError {
  const message =
    cause.mayHaveSucceeded === true
      ? 'claim: the device is claimed already, perhaps by an earlier attempt of this message, but this API key cannot see it; look for it in nRF Cloud'
      : 'claim: the device is claimed already, and this API key cannot see it; its owner must unclaim it first';
  return new NrfCloudError('NRFCLOUD_CONFLICT', message, cause);
}

/**
 * Asks whether a device could be claimed (`current` only; source: Nordic's own tool, which expects 202 and no body).
 * @throws {NrfCloudError} `NRFCLOUD_CONFLICT` and the like if it cannot
 */
export async function dryRunClaim(
  api: Api,
  { claimToken, deviceId }: Omit<ClaimRequest, 'tags'>,
): Promise<ClaimResponse> {
  const query = new URLSearchParams({ dryrun: 'true' });
  try {
    const parse = (body: unknown, statusCode: number): unknown => parseDryRun(body, statusCode, deviceId);
    return await api.send('claim', { query, json: { claimToken }, parse, isDryRun: true });
  } catch (error) {
    if (!(error instanceof NrfCloudError)) throw error;
    return resolveRefusedDryRun(api, deviceId, error);
  }
}

async function resolveRefusedDryRun(api: Api, deviceId: string, error: NrfCloudError): Promise<ClaimResponse> {
  const conflict = hasCode(error, 'NRFCLOUD_CONFLICT');
  const hint = hintOf(error);
  // A refusal that says nothing stays one: a key that may not claim must not look ready because of a device that is claimed.
  if (!conflict && hint !== 'claimed' && hint !== 'perhaps') throw error;
  const found = await lookUp(api, deviceId, false).catch((thrown: unknown) => {
    throw conflict || isClosed(thrown) ? thrown : error;
  });
  if (found === undefined) throw conflict || hint === 'claimed' ? claimedByOthers(error) : error;
  return { ...found, conflict: error };
}

/** A service that does not know the dry run claims the device, and says so by 201 Created or with the device. */
function parseDryRun(body: unknown, statusCode: number, deviceId: string): unknown {
  if (statusCode === 201 || isDevice(body, deviceId)) {
    throw new InvalidValue('shows that the device was claimed instead of only checked');
  }
  if (statusCode !== 202) throw new InvalidValue('does not belong to a dry run, which has HTTP 202');
  return body;
}
