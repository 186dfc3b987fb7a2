import { invalidInput, NrfCloudError } from '../api/errors';
import { withSource } from '../api/with-source';
import { claim, dryRunClaim, type ClaimResponse } from '../api/claims';
import type { Api } from '../api/api';
import { isObject } from '../util/json';
import { parseClaimInput } from '../parse/claim-input';
import { parseChosenTags, parseTags } from '../parse/tags';

/** What a claim needs. */
export interface ClaimParams {
  /** The claim token, or `{ claimToken, tags? }`. */
  token: unknown;
  /** Tags that are added to the token's own. */
  tags: unknown;
  /** Whether tags that are `undefined` mean no tags; else they are an error, as tags cannot be set later. */
  tagsOptional: boolean;
  /** Whether a device that is already the account's own is a success. */
  whenClaimed: 'ok' | 'error';
  /** Ask only; claim nothing. */
  dryRun: boolean;
}

/** A token and its tags, checked without the network. */
interface CheckedClaim {
  claimToken: string;
  deviceId: string;
  tags: string[];
}

/** What a claim gives. */
export interface ClaimResult {
  /** The claimed device as received, or the answer to the dry run. */
  payload: unknown;
  statusCode: number;
  /** True if the device was the account's own already. */
  alreadyClaimed: boolean;
  /** Requested tags that a device lacks which was, or may have been, the account's own already. */
  tagsNotApplied: string[];
}

/**
 * Claims one device by its claim token.
 * @param where names the token's and the tags' source in errors, e.g. `msg.payload`
 * @param onDevice called with the device UUID as soon as it is known, before anything is sent
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` before anything is sent, or the service's failure
 */
export async function claimDevice(
  api: Api,
  order: ClaimParams,
  where: { token: string; tags: string },
  onDevice: (deviceId: string) => void,
): Promise<ClaimResult> {
  const request = check(order, where);
  onDevice(request.deviceId);
  const mustBeNew = order.whenClaimed === 'error';
  const sent = order.dryRun ? dryRun(api, request) : claim(api, { ...request, mustBeNew });
  const { body, statusCode, conflict, lookedUp = false } = await sent;
  if (conflict !== undefined && mustBeNew) throw claimedAlready(conflict);
  const alreadyClaimed = conflict !== undefined;
  const tagsNotApplied = alreadyClaimed || lookedUp ? missingTags(body, request.tags, alreadyClaimed) : [];
  return { payload: body, statusCode, alreadyClaimed, tagsNotApplied };
}

function check(params: ClaimParams, where: { token: string; tags: string }): CheckedClaim {
  const { claimToken, deviceId, tags: own } = withSource('claim', where.token, () => parseClaimInput(params.token));
  const tags = withSource('claim', where.tags, () =>
    params.tagsOptional ? parseTags(own, params.tags) : parseChosenTags(params.tags, own),
  );
  return { claimToken, deviceId, tags };
}

/**
 * The tags that a device lacks. One without a list of tags has none if it was the account's own already; else that says
 * nothing about the tags that it was claimed with.
 */
function missingTags(device: unknown, tags: string[], alreadyClaimed: boolean): string[] {
  const present: unknown = isObject(device) ? device['tags'] : undefined;
  if (Array.isArray(present)) return tags.filter((tag) => !present.includes(tag));
  return alreadyClaimed ? tags : [];
}

async function dryRun(api: Api, request: CheckedClaim): Promise<ClaimResponse> {
  if (api.version === 'guide') {
    throw invalidInput('claim', "the connection's API version guide has no dry run; choose current, or untick it");
  }
  const response = await dryRunClaim(api, request);
  return { ...response, body: response.body ?? { id: request.deviceId, operation: 'dryRun' } };
}

function claimedAlready({ cause }: NrfCloudError): NrfCloudError {
  const message =
    'claim: the device is claimed by this team already; to accept that, choose "send it on" for "If already yours" in the node';
  return new NrfCloudError('NRFCLOUD_CONFLICT', message, cause);
}
