import type { NodeAPI } from 'node-red';
import { forgetDeleted } from '../context-store';
import type { Journal } from './journal';

/** How long records of nodes that are not part of the flows are kept, in milliseconds (contract: 30 days). */
const KEEP_MS = 30 * 24 * 3_600_000;
/** A clock that shows less has not been set yet: the journal is newer than that. */
const EARLIEST = Date.UTC(2026, 0, 1);
/** The key of the record that says when a node was first missing. */
const MISSING = '#missing';

interface Started {
  config?: { flows?: { id: string }[] };
  type?: string;
}

/** Flows that were started. */
export interface StartedFlows {
  ids: ReadonlySet<string>;
  /** Whether nodes that they lack were deleted. */
  isDeploy: boolean;
}

/** What is known of the nodes that use a journal. */
interface WatchedJournal {
  journal: Journal;
  /** Nodes that this process has seen in the flows. */
  seen: Set<string>;
  /** The flows that its nodes were compared with last. */
  compared: StartedFlows | undefined;
  /** Unknown nodes are reported once. */
  reported: boolean;
  /** Notes about missing nodes are written one after another. */
  notes: Promise<void>;
}

/** By the folder of the journal: what was seen counts also if the journal is closed and opened again during a deploy. */
const watched = new Map<string, WatchedJournal>();
/** Node-RED's events that are listened to, with the flows that were started last: one listener serves all journals. */
const listening = new WeakMap<object, StartedFlows | undefined>();

/**
 * Removes the records of nodes that were deleted from the flows, and reports those of nodes that are unknown.
 * @param node a node that uses the journal
 * @param before the flows that had been started when the node began to open the journal
 */
export function watchDeployedNodes(
  RED: NodeAPI,
  journal: Journal,
  node: string,
  before: StartedFlows | undefined,
): void {
  const state = watched.get(journal.path) ?? {
    journal,
    seen: new Set<string>(),
    compared: undefined,
    reported: false,
    notes: Promise.resolve(),
  };
  watched.set(journal.path, state);
  state.journal = journal;
  state.seen.add(node);
  const flows = watchFlows(RED);
  // They were started while the journal was being opened. Older ones may lack a node that is just coming back.
  if (flows !== undefined && flows !== before) compare(RED, state, flows);
}

/**
 * Begins to watch the flows: what the process keeps for nodes that are deleted from them is forgotten.
 * @returns those that were started last
 */
export function watchFlows(RED: NodeAPI): StartedFlows | undefined {
  if (!listening.has(RED.events)) {
    listening.set(RED.events, undefined);
    RED.events.on('flows:started', (started: Started = {}) => onStarted(RED, started));
  }
  return listening.get(RED.events);
}

function onStarted(RED: NodeAPI, { config, type }: Started): void {
  const ids = new Set(config?.flows?.map(({ id }) => id));
  if (ids.size === 0) return;
  // Loading or reloading replaces the flows as a whole, as a switch of the project does: nothing was deleted then.
  const isDeploy = type === 'full' || type === 'nodes' || type === 'flows';
  const flows = { ids, isDeploy };
  listening.set(RED.events, flows);
  if (isDeploy) forgetDeleted((id) => isDeployed(id, ids));
  for (const state of watched.values()) {
    if (!isDeploy) for (const id of state.seen) if (!isDeployed(id, ids)) state.seen.delete(id);
    if (!state.journal.isClosed) compare(RED, state, flows);
  }
}

function compare(RED: NodeAPI, state: WatchedJournal, flows: StartedFlows): void {
  if (state.compared === flows) return;
  state.compared = flows;
  const { journal, seen } = state;
  const present = journal.nodes().filter((id) => isDeployed(id, flows.ids));
  const missing = journal.nodes().filter((id) => !present.includes(id));
  const deleted = flows.isDeploy ? missing.filter((id) => seen.has(id)) : [];
  for (const id of deleted) void journal.forget(id).catch(() => undefined);
  const unknown = missing.filter((id) => !deleted.includes(id));
  // A journal that cannot be written says so with the next record.
  state.notes = state.notes.then(() => noteMissing(journal, present, unknown)).catch(() => undefined);
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

/** Notes since when nodes are missing, and forgets those that are missing for long. */
async function noteMissing(journal: Journal, present: readonly string[], missing: readonly string[]): Promise<void> {
  for (const node of present) await journal.store(node).remove(MISSING);
  const now = Date.now();
  if (now < EARLIEST) return;
  for (const node of missing) {
    const store = journal.store(node);
    const since = (await store.read(MISSING))?.['since'];
    // Computers without a battery start with a clock that is wrong until the network sets it.
    const isPlausible = typeof since === 'number' && since >= EARLIEST && since <= now;
    if (!isPlausible) await store.create(MISSING, { since: now });
    else if (now - since > KEEP_MS) await journal.forget(node);
  }
}
