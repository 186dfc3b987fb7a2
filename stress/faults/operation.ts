import assert from 'node:assert/strict';
import type { ApiVersion } from '../../nodes/api/endpoints';
import type { Simulator } from '../../simulator/index';
import type { Message } from '../../test/support/node-rig';
import type { Fault, Group } from './fault-table';
import type { Arrival, Host } from './fault-server';

/** What is there before a cell's message is sent, and how to see afterwards what became of it. */
export interface Prepared {
  msg: Record<string, unknown>;
  config?: Record<string, unknown>;
  /** Looks at what left the node when all went well, by output. */
  check: (outputs: Message[][], on: CellFault) => void;
  /** How often the work was done at the service; absent for what only reads. */
  effects?: () => number;
  /** How often something was done that must never be. */
  harm?: () => number;
  /** The status when all went well; a green dot if not given. */
  status?: NodeStatus | ((outputs: Message[][]) => NodeStatus);
  /** Called when the service has done a request of the cell. */
  onWorked?: (arrival: Arrival) => void;
}

/** The fault of a cell, for operations whose result depends on it. */
export interface CellFault {
  fault: Fault;
  when: Persistence;
}

/** Colour and shape of a node's status. */
export type NodeStatus = 'green dot' | 'yellow dot' | 'red ring';

/** Whether a fault strikes one request and then heals, or all of them. */
export type Persistence = 'once' | 'lasting';

/** The world that cells are prepared in. */
export interface World {
  simulator: Simulator;
  /** Asks the simulator without going through the faults. @throws {Error} for a refusal */
  ask: (method: string, path: string, body?: unknown) => Promise<any>;
}

/** One operation of one node, and which of its requests the faults are for. */
export interface Operation {
  /** As it stands in the summary. */
  name: string;
  node: string;
  outputs: number;
  /** The host that the faults are on. */
  host: Host;
  /** The request that is struck; what stands in the table of outcomes. */
  step: string;
  strikes: (arrival: Arrival) => boolean;
  /** What kinds of strange bodies of a success are an answer all the same, because none is needed. */
  content: readonly Group[];
  /** The struck answer is what the user gets, so that news in it have to show. */
  shows: boolean;
  /** Every request is struck, as if the whole service were gone. */
  everything?: boolean;
  prepare: (world: World, cell: string, version: ApiVersion) => Promise<Prepared> | Prepared;
  versions: readonly ApiVersion[];
  /** The node itself goes on for this long; its own retries are not the connection's. */
  polls?: boolean;
  /** A lost response of the struck request is not followed by a repetition. */
  isSentOnce?: boolean;
}

const BOTH: readonly ApiVersion[] = ['guide', 'current'];
export const NOT_NEEDED: readonly Group[] = ['empty body', 'null body', 'array body', 'scalar body'];

export const is =
  (method: string, path: RegExp, query = /^/) =>
  (arrival: Arrival): boolean =>
    arrival.host !== 'summary' && arrival.method === method && path.test(arrival.path) && query.test(arrival.query);

export const TAGS = /^\/(claimed-devices|provisioning)\/tags$/;
export const TAG = /^\/(claimed-devices|provisioning)\/tags\/[^/]+$/;
export const DEVICE = /^\/claimed-devices\/[^/]+$/;
export const DEVICES = /^\/claimed-devices$/;

export const tagPath = (version: ApiVersion): string =>
  version === 'guide' ? '/claimed-devices/tags' : '/provisioning/tags';
export const first = (outputs: Message[][], port = 0): Message => {
  assert.equal(outputs.flat().length, 1, 'not one message left the node');
  const [msg] = outputs[port]!;
  assert.ok(msg !== undefined, `nothing left by output ${port + 1}`);
  return msg;
};

/** What an operation needs at least. */
type Sketch = Pick<Operation, 'name' | 'step' | 'strikes' | 'prepare'> & Partial<Operation>;
/** Operations of one node. */
export const of =
  (node: string, outputs: number) =>
  (sketch: Sketch): Operation => ({
    node,
    outputs,
    host: 'service',
    content: [],
    shows: true,
    versions: BOTH,
    ...sketch,
  });

/** The tags of a name. */
export const named = (simulator: Simulator, name: string): Record<string, unknown>[] =>
  simulator.tags().filter(({ tag }) => tag === name);

/** Adds the configuration to what is prepared. */
export async function with_(
  config: Record<string, unknown>,
  prepare: Operation['prepare'],
  all: Parameters<Operation['prepare']>,
): Promise<Prepared> {
  return { config, ...(await prepare(...all)) };
}
