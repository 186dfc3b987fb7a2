import type { RequestOwner } from '../http/request-owner';
import type { Client } from './client';
import { NrfCloudError } from './errors';
import type { ApiVersion } from './endpoints';

/** What a test of a connection found. */
export interface ConnectionTestResult {
  /** An HTTP answer came. */
  reachable: boolean;
  /** The service took the API key; `undefined` if that could not be found out. */
  keyAccepted?: boolean;
  /** Which generations of the tag paths answer. */
  generations: ApiVersion[];
  /** One sentence, when something is wrong. */
  problem?: string;
}

/**
 * Finds out whether the service can be reached, takes the key, and which generation of its paths answers. Reads only,
 * each request once. That the tag paths tell the generations apart is inferred (Nordic's tools use the new ones).
 * @param clients one per generation, otherwise alike
 */
export async function testConnection(
  clients: Record<ApiVersion, Client>,
  owner: RequestOwner,
): Promise<ConnectionTestResult> {
  const devices = await attempt(clients.guide, 'list devices', owner);
  if (devices !== undefined) {
    const { statusCode } = devices.cause;
    const reachable = statusCode !== undefined;
    const refused = statusCode === 401 || statusCode === 403;
    return { reachable, ...(refused ? { keyAccepted: false } : {}), generations: [], problem: devices.message };
  }
  const generations: ApiVersion[] = [];
  for (const version of ['guide', 'current'] as const) {
    if ((await attempt(clients[version], 'list tags', owner)) === undefined) generations.push(version);
  }
  return { reachable: true, keyAccepted: true, generations };
}

/** The failure of an operation, `undefined` if there was none. */
async function attempt(
  client: Client,
  operation: 'list devices' | 'list tags',
  owner: RequestOwner,
): Promise<NrfCloudError | undefined> {
  try {
    await client.send(operation, { retries: 0, checkBody: notAList }, owner);
    return undefined;
  } catch (error) {
    if (error instanceof NrfCloudError) return error;
    throw error;
  }
}

/** A web page or a single object that answers on a list's path is not this service. */
function notAList(body: unknown): string | undefined {
  const items: unknown = typeof body === 'object' && body !== null && 'items' in body ? body.items : body;
  return Array.isArray(items) ? undefined : 'its body is not a list';
}
