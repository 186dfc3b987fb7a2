import type { NodeAPI } from 'node-red';
import type { Client } from '../service/client';
import { Session } from '../service/session';
import { tagNames } from '../service/tags';
import { clientOf, CONNECTION_TYPE } from './connection';

/** How long names are offered before the service is asked again, in milliseconds (issue 4). */
const FRESH_MS = 60_000;
/** How long somebody in front of a dialog waits for names, in milliseconds. */
const PATIENCE_MS = 10_000;

interface Known {
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
  const known = new WeakMap<Client, Known>();
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

async function namesOf(RED: NodeAPI, known: WeakMap<Client, Known>, id: unknown): Promise<string[]> {
  const client = clientOf(RED, id, 'list tags');
  const fresh = known.get(client);
  if (fresh !== undefined && Date.now() - fresh.at < FRESH_MS) return fresh.names;
  const session = new Session(client, { signal: AbortSignal.timeout(PATIENCE_MS), lane: 'tag picker' });
  const asked: Known = { at: Date.now(), names: tagNames(session) };
  known.set(client, asked);
  try {
    return await asked.names;
  } catch (error) {
    // The next one to ask may have more luck.
    known.delete(client);
    throw error;
  }
}
