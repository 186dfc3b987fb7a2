import type { Simulator } from '../../simulator';

/** Starts a bulk operation at the service, past Node-RED. @returns its id @throws {Error} when the service refuses it */
export async function startBulkOperation({ url }: Simulator, claimTokens: readonly string[]): Promise<string> {
  const response = await fetch(`${url}/claimed-devices/bulk`, {
    method: 'POST',
    headers: { authorization: 'Bearer sim-key', 'content-type': 'text/csv' },
    body: claimTokens.map((token) => `${token}\n`).join(''),
  });
  if (!response.ok) throw new Error(`The bulk operation was not started: HTTP ${response.status}`);
  return ((await response.json()) as { bulkOpsRequestId: string }).bulkOpsRequestId;
}
