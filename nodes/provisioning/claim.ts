import { invalidInput, NrfCloudError } from '../service/errors';
import { claim, dryRunClaim, type ClaimReply } from '../service/claims';
import { isObject, type Session } from '../service/session';
import { InvalidToken, parseClaimToken } from './claim-token';
import { InvalidTag, parseTags } from './tags';

/** What a claim needs. */
export interface ClaimOrder {
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
interface CheckedOrder {
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
  session: Session,
  order: ClaimOrder,
  where: { token: string; tags: string },
  onDevice: (deviceId: string) => void,
): Promise<ClaimResult> {
  const request = check(order, where);
  onDevice(request.deviceId);
  const { body, statusCode, conflict } = await (order.dryRun ? dryRun(session, request) : claim(session, request));
  if (conflict !== undefined && order.whenClaimed === 'error') throw claimedAlready(conflict);
  return { payload: body, statusCode, alreadyClaimed: conflict !== undefined };
}

function check({ token, tags }: ClaimOrder, where: { token: string; tags: string }): CheckedOrder {
  const own = isObject(token) && !Buffer.isBuffer(token) ? token : { claimToken: token };
  const place = own === token ? `claimToken of ${where.token}` : where.token;
  try {
    const { claimToken, deviceId } = parseClaimToken(own['claimToken']);
    return { claimToken, deviceId, tags: parseTags(own['tags'], tags) };
  } catch (error) {
    if (error instanceof InvalidToken) throw invalidInput('claim', `${place} ${error.message}`);
    if (error instanceof InvalidTag)
      throw invalidInput('claim', `in ${where.tags} or tags of ${where.token}, ${error.message}`);
    throw error;
  }
}

async function dryRun(session: Session, request: CheckedOrder): Promise<ClaimReply> {
  if (session.api === 'guide') {
    throw invalidInput('claim', "the connection's API generation guide has no dry run; choose current, or untick it");
  }
  const reply = await dryRunClaim(session, request);
  return { ...reply, body: reply.body ?? { id: request.deviceId, operation: 'dryRun' } };
}

function claimedAlready({ cause }: NrfCloudError): NrfCloudError {
  const message =
    'claim: the device is claimed by this account already; choose "pass it on" in the node to accept that';
  return new NrfCloudError('NRFCLOUD_CONFLICT', message, cause);
}
