import type { RequestOwner } from '../http/request-owner';
import { Api } from './api';
import type { Client } from './client';
import { getAccount } from './device-management';
import type { ApiVersion } from './endpoints';
import { isFromElsewhere, NrfCloudError } from './errors';
import { parseItems } from './pagination';

/** What a test of a connection found. */
export interface ConnectionTestResult {
  /** An HTTP response came. */
  reachable: boolean;
  /** The service took the API key; `undefined` if that could not be found out. */
  keyAccepted?: boolean;
  /** Which API versions' tag paths respond. */
  generations: ApiVersion[];
  /** The name of the team that the key belongs to, if the device API is known and says so. */
  team?: string;
  /** The role of the key in that team. */
  role?: string;
  /** Sentences about what may be wrong although the test succeeded. */
  warnings?: string[];
  /** One sentence, when something is wrong. */
  problem?: string;
}

/**
 * Finds out whether the service can be reached, takes the key, whose key it is, and which API version responds. Reads
 * only, each request once. That the tag paths tell the versions apart is inferred (Nordic's tools use the new ones).
 * @param clients one per API version, otherwise alike
 */
export async function testConnection(
  clients: Record<ApiVersion, Client>,
  owner: RequestOwner,
): Promise<ConnectionTestResult> {
  const devices = await attempt(clients.guide, 'list devices', owner);
  if (devices !== undefined) {
    const { statusCode } = devices.cause;
    const reachable = statusCode !== undefined;
    const refused = !isFromElsewhere(devices) && (statusCode === 401 || statusCode === 403);
    return { reachable, ...(refused ? { keyAccepted: false } : {}), generations: [], problem: devices.message };
  }
  const generations: ApiVersion[] = [];
  for (const version of ['guide', 'current'] as const) {
    if ((await attempt(clients[version], 'list tags', owner)) === undefined) generations.push(version);
  }
  return { reachable: true, keyAccepted: true, generations, ...(await readAccount(clients.guide, owner)) };
}

/** Team and role, as far as they can be read; the provisioning service works without the device API. */
async function readAccount(
  client: Client,
  owner: RequestOwner,
): Promise<Pick<ConnectionTestResult, 'team' | 'role' | 'warnings'>> {
  try {
    const { teamName, role } = (await getAccount(new Api(client, owner), { sendOnce: true })).body;
    return { ...(teamName === undefined ? {} : { team: teamName }), ...(role === undefined ? {} : { role }) };
  } catch (error) {
    if (!(error instanceof NrfCloudError)) throw error;
    return error.code === 'NRFCLOUD_NOT_CONFIGURED' ? {} : { warnings: [error.message] };
  }
}

/** The error of an operation, `undefined` if there was none. */
async function attempt(
  client: Client,
  operation: 'list devices' | 'list tags',
  owner: RequestOwner,
): Promise<NrfCloudError | undefined> {
  try {
    await client.send(operation, { sendOnce: true, parse: parseItems }, owner);
    return undefined;
  } catch (error) {
    if (error instanceof NrfCloudError) return error;
    throw error;
  }
}
