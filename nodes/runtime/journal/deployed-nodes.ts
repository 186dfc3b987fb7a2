import type { NodeAPI } from 'node-red';
import { forgetDeleted } from '../context-store';
import type { Journal } from './journal';

/** How long records of nodes that are not part of the flows are kept, in milliseconds (contract: 30 days). */
const KEEP_MS = 30 * 24 * 3_600_000;
/** The key of the record that says when a node was first missing. */
const MISSING = '#missing';

interface Started {
  config?: { flows?: { id: string }[] };
  type?: string;
}

/** What is known of the nodes that use a journal. */
interface WatchedJournal {
  /** Nodes that this process has seen. */
  seen: Set<string>;
  /** Unknown nodes are reported once. */
  reported: boolean;
}

/** Journals whose nodes are compared with the flows after each deploy. */
const watched = new Map<Journal, WatchedJournal>();
/** Node-RED's events that are listened to: one listener serves all journals. */
const listening = new WeakSet<object>();

/**
 * Removes the records of nodes that were deleted from the flows, and reports those of nodes that are unknown.
 * @param node a node that uses the journal
 */
export function watchDeployedNodes(RED: NodeAPI, journal: Journal, node: string): void {
  const known = watched.get(journal);
  if (known === undefined) watched.set(journal, { seen: new Set([node]), reported: false });
  else known.seen.add(node);
  forgetDeletedNodes(RED);
}

/** Forgets the records of nodes that are deleted from the flows, in the journals and in the process. */
export function forgetDeletedNodes(RED: NodeAPI): void {
  if (listening.has(RED.events)) return;
  listening.add(RED.events);
  RED.events.on('flows:started', ({ config, type }: Started = {}) => {
    const ids = new Set(config?.flows?.map(({ id }) => id));
    if (ids.size === 0) return;
    // Loading or reloading replaces the flows as a whole, as a switch of the project does: nothing was deleted then.
    const isDeploy = type === 'full' || type === 'nodes' || type === 'flows';
    if (isDeploy) forgetDeleted((id) => isDeployed(id, ids));
    for (const [one, state] of watched) {
      if (one.isClosed) watched.delete(one);
      else compare(RED, one, state, ids, isDeploy);
    }
  });
}

function compare(
  RED: NodeAPI,
  journal: Journal,
  state: WatchedJournal,
  ids: ReadonlySet<string>,
  isDeploy: boolean,
): void {
  const missing = journal.nodes().filter((id) => !isDeployed(id, ids));
  const deleted = isDeploy ? missing.filter((id) => state.seen.has(id)) : [];
  for (const id of deleted) void journal.forget(id).catch(() => undefined);
  const unknown = missing.filter((id) => !deleted.includes(id));
  // A journal that cannot be written says so with the next record.
  removeOld(journal, unknown).catch(() => undefined);
  if (unknown.length === 0 || state.reported) return;
  state.reported = true;
  RED.log.warn(
    `[nrfcloud-provisioning] the journal has pending work of ${unknown.length} nodes that the flows do not have; ` +
      'it is deleted after 30 days, unless they come back',
  );
}

/** A node of a subflow has the id `<instance>-<id>`. */
function isDeployed(id: string, ids: ReadonlySet<string>): boolean {
  const parts = id.split('-');
  return ids.has(id) || (ids.has(parts[0]!) && ids.has(parts.at(-1)!));
}

async function removeOld(journal: Journal, nodes: string[]): Promise<void> {
  for (const node of nodes) {
    const store = journal.store(node);
    const since = (await store.read(MISSING))?.['since'];
    if (typeof since !== 'number') await store.create(MISSING, { since: Date.now() });
    else if (Date.now() - since > KEEP_MS) await journal.forget(node);
  }
}
