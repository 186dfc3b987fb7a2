import type { NodeAPI } from 'node-red';
import type { Client } from '../api/client';
import { Api } from '../api/api';
import { tagNames } from '../api/tags';
import { clientOf, CONNECTION_TYPE } from './connection';

/** How long names are offered before the service is asked again, in milliseconds (issue 4). */
const CACHE_MS = 60_000;
/** How long somebody in front of a dialog waits for names, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;

interface CachedTags {
  at: number;
  names: Promise<string[]>;
}

/**
 * Serves the tag fields of the dialogs: `GET <admin>/nrfcloud-connection/tags?id=<connection>` gives `{ tags }`, the
 * names of the account's tags as the deployed connection sees them. Completing a name is a convenience: whatever goes
 * wrong, the answer is an empty list, and nothing of the failure is told.
 */
export function serveTagPicker(RED: NodeAPI): void {
  // By client, so that a connection that is deployed anew is asked anew.
  const known = new WeakMap<Client, CachedTags>();
  RED.httpAdmin.get(
    `/${CONNECTION_TYPE}/tags`,
    RED.auth.needsPermission(`${CONNECTION_TYPE}.read`),
    (request, response) => {
      namesOf(RED, known, request.query['id']).then(
        (tags) => response.json({ tags }),
        () => response.json({ tags: [] }),
      );
    },
  );
}

async function namesOf(RED: NodeAPI, known: WeakMap<Client, CachedTags>, id: unknown): Promise<string[]> {
  const client = clientOf(RED, id, 'list tags');
  const fresh = known.get(client);
  if (fresh !== undefined && Date.now() - fresh.at < CACHE_MS) return fresh.names;
  const api = new Api(client, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS), lane: 'tag picker' });
  const asked: CachedTags = { at: Date.now(), names: tagNames(api) };
  known.set(client, asked);
  try {
    return await asked.names;
  } catch (error) {
    // The next one to ask may have more luck.
    known.delete(client);
    throw error;
  }
}
