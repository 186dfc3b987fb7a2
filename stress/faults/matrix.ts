import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import type { NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import { startSimulator, type Simulator } from '../../simulator/index';
import type { Message } from '../../test/support/node-rig';
import { NODE_TYPES } from '../../test/support/node-types';
import { RETRIES, type Cell, type CellRun } from './cell';
import { nameOf } from './cells';
import { startFaultServer, type FaultServer } from './fault-server';
import { judge } from './judge';
import { leaks, resources } from './leaks';
import type { World } from './operation';

const NODE_RED = process.env['NODE_RED_PATH'] ?? require.resolve('node-red');
helper.init(NODE_RED);
const { hooks, events } = createRequire(NODE_RED)('@node-red/util') as {
  hooks: {
    add: (name: string, hook: (event: any) => void) => void;
    remove: (name: string) => void;
  };
  events: NodeJS.EventEmitter;
};

/** A cell that did not do what it has to. */
interface Failure {
  cell: Cell;
  problems: string[];
}

/** How much of the matrix held. */
export interface Report {
  cells: number;
  failures: Failure[];
  /** What concerns no cell alone: offences at the servers, leaks, rejections that nobody took. */
  problems: string[];
}

/** Cells that wait for the same things go together, so that a group takes as long as its slowest cell. */
const AT_ONCE = { light: 500, beginning: 12, heavy: 2 };
/** Seconds for an attempt of a cell whose fault stalls; other cells never wait for theirs. */
const STALL_TIMEOUT_S = 4;
/** Nodes that go on asking until something has ended. */
const FOLLOWING: ReadonlySet<string> = new Set(['nrfcloud-bulk-status', 'nrfcloud-command', 'nrfcloud-onboarding']);

/** Runs cells, each with a connection and a node of its own, in real Node-RED flows. */
export async function runMatrix(
  cells: readonly Cell[],
  onProgress: (done: number) => void = () => undefined,
): Promise<Report> {
  let simulator: Simulator | undefined;
  const server = await startFaultServer(() => simulator!);
  const report: Report = { cells: 0, failures: [], problems: [] };
  const stray = (reason: unknown): void => void report.problems.push(`a rejection that nobody took: ${String(reason)}`);
  process.on('unhandledRejection', stray);
  await new Promise<void>((resolve, reject) => {
    helper.startServer((error?: Error) => (error ? reject(error) : resolve()));
  });
  try {
    for (const batch of batches(cells)) {
      // A new one each time: the tags and rules of all cells would make each list longer and longer.
      const before = resources();
      simulator = await startSimulator({ record: false, bulkPendingMs: 0, bulkProgressMs: 0 });
      await runBatch(batch, simulator, server, report);
      await server.disconnect();
      await simulator.close();
      report.problems.push(...(await leaks(server, before)));
      await server.forget();
      onProgress(report.cells);
    }
    report.problems.push(...server.offences);
  } finally {
    process.off('unhandledRejection', stray);
    await new Promise<void>((resolve) => {
      helper.stopServer(() => resolve());
    });
    await server.close();
    await simulator?.close();
  }
  return report;
}

function batches(cells: readonly Cell[]): Cell[][] {
  const slowness = ({ fault }: Cell): number =>
    fault.heavy === true ? 3 : fault.stalls === true ? 2 : fault.keepsAway === undefined ? 0 : 1;
  const sorted = [...cells].sort((a, b) => slowness(a) - slowness(b));
  const groups: Cell[][] = [];
  for (const cell of sorted) {
    const last = groups.at(-1);
    if (
      last === undefined ||
      last.length >= AT_ONCE.light ||
      (last[0]!.fault.heavy === true) !== (cell.fault.heavy === true)
    ) {
      groups.push([cell]);
    } else last.push(cell);
  }
  return groups;
}

async function runBatch(
  cells: readonly Cell[],
  simulator: Simulator,
  server: FaultServer,
  report: Report,
): Promise<void> {
  const world: World = { simulator, ask: server.ask };
  const runs = new Map<string, CellRun>();
  const flow: Record<string, unknown>[] = [{ id: 'tab', type: 'tab', label: 'matrix' }];
  const credentials: Record<string, { apiKey: string }> = {};
  const sink = (id: string): Record<string, unknown> => ({ id, z: 'tab', x: 1, y: 1, type: 'helper' });
  for (const cell of cells) {
    const run = await begin(cell, world);
    runs.set(cell.id, run);
    const { id, operation, fault, when, version } = cell;
    const connection = `k${id}`;
    credentials[connection] = { apiKey: run.script.key };
    flow.push(
      {
        id: connection,
        type: 'nrfcloud-connection',
        ...(await server.open(id, run.script)),
        api: version,
        retries: RETRIES[when],
        // Cells whose fault lies on the way share an origin, and an outage of one would hold up the others.
        outageWait: 0,
        timeout: fault.stalls === true ? STALL_TIMEOUT_S : 20,
      },
      {
        ...sink(id),
        type: operation.node,
        connection,
        ...(FOLLOWING.has(operation.node) ? watching(cell) : {}),
        ...run.prepared.config,
        wires: Array.from({ length: operation.outputs }, (_, port) => [`out${port}`]),
      },
    );
  }
  flow.push(...['out0', 'out1', 'out2', 'caught', 'completed', 'status-of'].map(sink));
  flow.push({ ...sink('catch'), type: 'catch', scope: null, uncaught: false, wires: [['caught']] });
  flow.push({ ...sink('complete'), type: 'complete', scope: cells.map(({ id }) => id), wires: [['completed']] });
  flow.push({ ...sink('status'), type: 'status', scope: null, wires: [['status-of']] });

  const shown = new Map<string, unknown>();
  const onStatus = ({ id, status }: { id: string; status: unknown }): void => void shown.set(id, status);
  events.on('node-status', onStatus);
  hooks.add('onSend.faults', (sent: { source: { id: string } }[]) => {
    for (const { source } of sent) runs.get(source.id)?.steps.push('sent');
  });
  hooks.add('onComplete.faults', ({ node }: { node: { id: string } }) => void runs.get(node.id)?.steps.push('ended'));
  await helper.load([...NODE_TYPES], flow as never, credentials);
  observe(runs);

  const waiting = [...runs.values()];
  const heavy = cells[0]!.fault.heavy === true;
  const endings: Promise<void>[] = [];
  const work = async (): Promise<void> => {
    for (let run = waiting.shift(); run !== undefined; run = waiting.shift()) {
      const { begun, ended } = start(run);
      endings.push(ended);
      // All can wait at once, but not all work at once: a busy computer would be too slow for their timeouts.
      await (heavy ? ended : begun);
    }
  };
  await Promise.all(Array.from({ length: heavy ? AT_ONCE.heavy : AT_ONCE.beginning }, work));
  await Promise.all(endings);
  // What the service was still to do, and what a node might wrongly send after its end.
  await pause(100);
  for (const run of runs.values()) {
    const problems = judge(run);
    report.cells++;
    if (problems.length > 0) report.failures.push({ cell: run.cell, problems });
  }
  await helper.unload();
  hooks.remove('*.faults');
  events.off('node-status', onStatus);
  for (const [id, status] of shown) {
    if (runs.has(id) && !isDeepStrictEqual(status, {}))
      report.problems.push(`${nameOf(runs.get(id)!.cell)}: a stopped node shows ${JSON.stringify(status)}`);
  }
}

async function begin(cell: Cell, world: World): Promise<CellRun> {
  const { id, operation, fault, when, version } = cell;
  const prepared = await operation.prepare(world, id, version);
  return {
    cell,
    prepared,
    original: structuredClone(prepared.msg['payload']),
    script: {
      key: `key-of-${id}`,
      fault,
      host: operation.host,
      strikes: operation.strikes,
      times: when === 'once' ? 1 : Infinity,
      arrivals: [],
      onArrival: () => undefined,
      onWorked: prepared.onWorked ?? (() => undefined),
    },
    outputs: Array.from({ length: operation.outputs }, () => []),
    caught: [],
    completed: [],
    steps: [],
    status: undefined,
    settle: () => undefined,
  };
}

/** A watch that gives up soon if that is what it is for. */
function watching({ expected, when, operation }: Cell): Record<string, unknown> {
  const givesUp = expected === 'NRFCLOUD_TIMEOUT' || (operation.node === 'nrfcloud-onboarding' && when === 'lasting');
  return { interval: 0.05, maxInterval: 0.1, timeout: givesUp ? 2 : 20 };
}

function observe(runs: Map<string, CellRun>): void {
  const on = (id: string, take: (run: CellRun, msg: Message) => void, origin: (msg: Message) => string): void => {
    helper.getNode(id).on('input', (msg: NodeMessage) => {
      const run = runs.get(origin(msg));
      if (run !== undefined) take(run, msg);
    });
  };
  const own = (msg: Message): string => msg['cell'] as string;
  for (const port of [0, 1, 2]) on(`out${port}`, ({ outputs }, msg) => outputs[port]?.push(msg), own);
  on(
    'caught',
    ({ caught, settle }, msg) => {
      caught.push(msg);
      settle();
    },
    (msg) => msg['error'].source.id as string,
  );
  on(
    'completed',
    ({ completed, settle }, msg) => {
      completed.push(msg);
      settle();
    },
    own,
  );
  on(
    'status-of',
    (run, msg) => (run.status = msg['status'] as Message),
    (msg) => msg['status'].source.id as string,
  );
}

/** Sends a cell's message: it has begun when a request has come to the service, and ended with its first ending. */
function start(run: CellRun): { begun: Promise<unknown>; ended: Promise<void> } {
  const { cell, prepared, script } = run;
  const limit = new AbortController();
  const requested = new Promise<void>((resolve) => (script.onArrival = resolve));
  const ended = Promise.race([
    new Promise<void>((resolve) => {
      run.settle = resolve;
      helper.getNode(cell.id).receive({ ...prepared.msg, cell: cell.id });
    }),
    // Far beyond all that a cell may take; then it has no ending, and that is its problem.
    pause(60_000, undefined, { signal: limit.signal }).catch(() => undefined),
  ]).then(() => limit.abort());
  return { begun: Promise.race([requested, ended]), ended };
}
