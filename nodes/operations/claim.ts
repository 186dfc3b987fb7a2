import { invalidInput, NrfCloudError } from '../api/errors';
import { withSource } from '../api/with-source';
import { claim, dryRunClaim, type ClaimResponse } from '../api/claims';
import type { Api } from '../api/api';
import { isObject } from '../util/json';
import { parseClaimToken } from '../parse/claim-token';
import { parseTags } from '../parse/tags';

/** What a claim needs. */
export interface ClaimParams {
  /** The claim token, or `{ claimToken, tags? }`. */
  token: unknown;
  /** Tags that come on top of the token's own. */
  tags: unknown;
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
}

/**
 * Claims one device by its claim token.
 * @param where names the token's and the tags' source in errors, e.g. `msg.payload`
 * @param onDevice is told the device UUID as soon as it is known, before anything is sent
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
  const { body, statusCode, conflict } = await (order.dryRun ? dryRun(api, request) : claim(api, request));
  if (conflict !== undefined && order.whenClaimed === 'error') throw claimedAlready(conflict);
  return { payload: body, statusCode, alreadyClaimed: conflict !== undefined };
}

function check({ token, tags }: ClaimParams, where: { token: string; tags: string }): CheckedClaim {
  const own: Record<string, unknown> = isObject(token) && !Buffer.isBuffer(token) ? token : { claimToken: token };
  const field = own === token ? 'claimToken of ' : '';
  const { claimToken, deviceId } = withSource('claim', `${field}${where.token}`, () =>
    parseClaimToken(own['claimToken']),
  );
  const ownTags = withSource('claim', `tags of ${where.token}`, () => parseTags(own['tags']));
  return { claimToken, deviceId, tags: withSource('claim', where.tags, () => parseTags(ownTags, tags)) };
}

async function dryRun(api: Api, request: CheckedClaim): Promise<ClaimResponse> {
  if (api.version === 'guide') {
    throw invalidInput('claim', "the connection's API generation guide has no dry run; choose current, or untick it");
  }
  const response = await dryRunClaim(api, request);
  return { ...response, body: response.body ?? { id: request.deviceId, operation: 'dryRun' } };
}

function claimedAlready({ cause }: NrfCloudError): NrfCloudError {
  const message =
    'claim: the device is claimed by this account already; choose "pass it on" in the node to accept that';
  return new NrfCloudError('NRFCLOUD_CONFLICT', message, cause);
}
