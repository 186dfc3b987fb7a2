import type { NodeAPI } from 'node-red';
import type { Journal } from './journal';

/** How long records of nodes that are not part of the flows are kept, in milliseconds (contract: 30 days). */
const KEEP_MS = 30 * 24 * 3_600_000;
/** The key of the record that says when a node was first missing. */
const MISSING = '#missing';

interface Started {
  config?: { flows?: { id: string }[] };
  type?: string;
}

/** Journals whose nodes are compared with the flows after each deploy, with the nodes that this process has seen. */
const watched = new WeakMap<Journal, Set<string>>();

/**
 * Removes the records of nodes that were deleted from the flows, and reports those of nodes that are unknown.
 * @param node a node that uses the journal
 */
export function watchDeployedNodes(RED: NodeAPI, journal: Journal, node: string): void {
  const known = watched.get(journal);
  if (known !== undefined) {
    known.add(node);
    return;
  }
  const seen = new Set([node]);
  watched.set(journal, seen);
  let reported = false;
  RED.events.on('flows:started', ({ config, type }: Started = {}) => {
    const ids = new Set(config?.flows?.map(({ id }) => id));
    if (ids.size === 0) return;
    const missing = journal.nodes().filter((id) => !isDeployed(id, ids));
    // Loading or reloading replaces the flows as a whole, as a switch of the project does: nothing was deleted then.
    const isDeploy = type === 'full' || type === 'nodes' || type === 'flows';
    const deleted = isDeploy ? missing.filter((id) => seen.has(id)) : [];
    for (const id of deleted) void journal.forget(id).catch(() => undefined);
    const unknown = missing.filter((id) => !deleted.includes(id));
    void removeOld(journal, unknown);
    if (unknown.length === 0 || reported) return;
    reported = true;
    RED.log.warn(
      `[nrfcloud-provisioning] the journal has pending work of ${unknown.length} nodes that the flows do not have; ` +
        'it is deleted after 30 days, unless they come back',
    );
  });
}

/** A node of a subflow has the id `<instance>-<id>`. */
function isDeployed(id: string, ids: ReadonlySet<string>): boolean {
  if (ids.has(id)) return true;
  const at = id.indexOf('-');
  return (
    at > 0 &&
    ids.has(id.slice(0, at)) &&
    ids.has(
      id
        .slice(at + 1)
        .split('-')
        .at(-1)!,
    )
  );
}

async function removeOld(journal: Journal, nodes: string[]): Promise<void> {
  for (const node of nodes) {
    const store = journal.store(node);
    const since = (await store.read(MISSING))?.['since'];
    if (typeof since !== 'number') await store.create(MISSING, { since: Date.now() });
    else if (Date.now() - since > KEEP_MS) await journal.forget(node);
  }
}
