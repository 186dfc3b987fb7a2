import { createRequire } from 'node:module';
import { isDeepStrictEqual } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import type { NodeAPI, NodeMessage } from 'node-red';
import helper from 'node-red-node-test-helper';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import claimNode from '../../nodes/nrfcloud-claim';
import connectionNode from '../../nodes/nrfcloud-connection';
import deviceNode from '../../nodes/nrfcloud-device';
import devicesNode from '../../nodes/nrfcloud-devices';
import tagsNode from '../../nodes/nrfcloud-tags';
import { startSimulator, type Simulator } from '../../simulator/index';
import type { Message } from '../../test/support/node-rig';
import { startFaultServer, type FaultServer, type Script } from './fault-server';
import { FAULTS, NEWS, type Fault, type Group } from './fault-table';
import { OPERATIONS, type Generation, type Operation, type Prepared, type World } from './operation-table';
import { attemptsOf, outcomeOf, type Outcome, type Persistence } from './outcome-table';

const NODE_RED = process.env['NODE_RED_PATH'] ?? require.resolve('node-red');
helper.init(NODE_RED);
const { hooks, events } = createRequire(NODE_RED)('@node-red/util') as {
  hooks: {
    add: (name: string, hook: (event: any) => void) => void;
    remove: (name: string) => void;
  };
  events: NodeJS.EventEmitter;
};

const TYPES = [connectionNode, claimNode, bulkClaimNode, bulkStatusNode, tagsNode, deviceNode, devicesNode] as ((
  RED: NodeAPI,
) => void)[];

/** One cell of the matrix. */
export interface Cell {
  id: string;
  operation: Operation;
  generation: Generation;
  fault: Fault;
  when: Persistence;
  expected: Outcome;
}

/** A cell that did not do what it has to. */
export interface Failure {
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

/** The whole matrix: every operation of every node in both generations × every fault, once and lasting. */
export function allCells(): Cell[] {
  const cells: Cell[] = [];
  for (const operation of OPERATIONS) {
    for (const generation of operation.generations) {
      for (const fault of FAULTS) {
        for (const when of ['once', 'lasting'] as const) {
          // What lies on the way doesn't heal after one request, and of a service that does nothing right no request is right.
          if (when === 'once' && (fault.place !== undefined || operation.everything === true)) continue;
          // Never repeated, so once is all there is.
          if (when === 'lasting' && fault.heavy === true && operation.everything !== true && operation.polls !== true)
            continue;
          const expected = outcomeOf(operation, generation, fault, when);
          cells.push({ id: `c${cells.length}`, operation, generation, fault, when, expected });
        }
      }
    }
  }
  return cells;
}

/** A cell in words. */
export function nameOf({ operation, generation, fault, when }: Cell): string {
  return `${operation.name} [${generation}] × ${fault.name}, ${when}`;
}

/** Cells that wait for the same things go together, so that a group takes as long as its slowest cell. */
const AT_ONCE = { light: 500, beginning: 12, heavy: 2 };
/** Seconds for an attempt of a cell whose fault stalls; other cells never wait for theirs. */
const STALL_TIMEOUT_S = 2;
const RETRIES: Record<Persistence, number> = { once: 2, lasting: 1 };

/** How one cell went. */
interface CellRun {
  cell: Cell;
  script: Script;
  prepared: Prepared;
  original: unknown;
  outputs: Message[][];
  caught: Message[];
  completed: Message[];
  /** Every send and every ending in order, as Node-RED's own hooks saw them. */
  steps: ('sent' | 'ended')[];
  status: Message | undefined;
  settle: () => void;
}

/** Runs cells, each with a connection and a node of its own, in real Node-RED flows. */
export async function runMatrix(
  cells: readonly Cell[],
  onProgress: (done: number) => void = () => undefined,
): Promise<Report> {
  const simulator = await startSimulator({ record: false, bulkPendingMs: 0, bulkProgressMs: 0 });
  const server = await startFaultServer(simulator);
  const report: Report = { cells: 0, failures: [], problems: [] };
  const stray = (reason: unknown): void => void report.problems.push(`a rejection that nobody took: ${String(reason)}`);
  process.on('unhandledRejection', stray);
  await new Promise<void>((resolve, reject) => {
    helper.startServer((error?: Error) => (error ? reject(error) : resolve()));
  });
  try {
    for (const batch of batches(cells)) {
      await runBatch(batch, simulator, server, report);
      onProgress(report.cells);
    }
    report.problems.push(...server.offences);
  } finally {
    process.off('unhandledRejection', stray);
    await new Promise<void>((resolve) => {
      helper.stopServer(() => resolve());
    });
    await server.close();
    await simulator.close();
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
  const before = resources();
  const world: World = { simulator, ask: server.ask };
  const runs = new Map<string, CellRun>();
  const flow: Record<string, unknown>[] = [{ id: 'tab', type: 'tab', label: 'matrix' }];
  const credentials: Record<string, { apiKey: string }> = {};
  const sink = (id: string): Record<string, unknown> => ({ id, z: 'tab', x: 1, y: 1, type: 'helper' });
  for (const cell of cells) {
    const run = await begin(cell, world);
    runs.set(cell.id, run);
    const { id, operation, fault, when, generation } = cell;
    const connection = `k${id}`;
    credentials[connection] = { apiKey: run.script.key };
    flow.push(
      {
        id: connection,
        type: 'nrfcloud-connection',
        baseUrl: await server.open(id, run.script),
        api: generation,
        retries: RETRIES[when],
        // Cells whose fault lies on the way share an origin, and an outage of one would hold up the others.
        outageWait: 0,
        timeout: fault.stalls === true ? STALL_TIMEOUT_S : 20,
      },
      {
        ...sink(id),
        type: operation.node,
        connection,
        ...(operation.node === 'nrfcloud-bulk-status' ? watching(cell) : {}),
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
  await helper.load(TYPES, flow as never, credentials);
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
  await server.disconnect();
  report.problems.push(...(await leaks(server, before)));
  await server.forget();
}

async function begin(cell: Cell, world: World): Promise<CellRun> {
  const { id, operation, fault, when, generation } = cell;
  const prepared = await operation.prepare(world, id, generation);
  return {
    cell,
    prepared,
    original: structuredClone(prepared.msg['payload']),
    script: {
      key: `key-of-${id}`,
      fault,
      strikes: operation.strikes,
      times: when === 'once' ? 1 : Infinity,
      arrivals: [],
      onArrival: () => undefined,
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
function watching({ expected }: Cell): Record<string, unknown> {
  return { interval: 0.05, maxInterval: 0.1, timeout: expected === 'NRFCLOUD_TIMEOUT' ? 2 : 20 };
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

/** Everything that is wrong with how a cell went. */
function judge({ cell, script, prepared, original, outputs, caught, completed, steps, status }: CellRun): string[] {
  const { operation, fault, expected, when } = cell;
  const problems: string[] = [];
  const must = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const [failure] = caught;
  const ended: string = failure === undefined ? 'ok' : String(failure['error'].code);
  must(caught.length + completed.length === 1, `it ended ${caught.length + completed.length} times`);
  must(steps.filter((step) => step === 'ended').length === 1, `its endings by Node-RED's hook: ${steps.join(', ')}`);
  must(steps.at(-1) === 'ended', 'it was sent on after its end');
  must(ended === expected, `it ended with ${ended} instead of ${expected}: ${failure?.['error'].message ?? ''}`);
  const colour = `${String(status?.['fill'])} ${String(status?.['shape'])}`;
  must(
    colour === (ended === 'ok' ? `${prepared.colour ?? 'green'} dot` : 'red ring'),
    `its status is ${colour} after ${ended}`,
  );

  const struck = script.arrivals.filter((arrival) => arrival.struck);
  must(fault.place !== undefined || struck.length > 0, 'the fault never struck');
  if (when === 'lasting') {
    const attempts = attemptsOf(operation, fault, expected, RETRIES.lasting);
    must(
      attempts === undefined || struck.length === attempts,
      `it was tried ${struck.length} times instead of ${attempts}`,
    );
  }
  if (fault.keepsAway !== undefined && struck[0] !== undefined) {
    const next = script.arrivals[script.arrivals.indexOf(struck[0]) + 1];
    const gap = next === undefined ? Infinity : next.at - struck[0].at;
    must(gap >= fault.keepsAway - 20, `the next request came after ${gap} ms`);
  }

  const work = prepared.effects?.();
  must((prepared.harm?.() ?? 0) === 0, 'it did what it must never do');
  must(work === undefined || work <= 1, `its work was done ${work} times`);
  if (ended === 'ok') {
    must(work === undefined || work === 1, 'it says that it is done, and it is not');
    // What came instead of a result is passed on as it is, where no result is needed.
    if (expected === 'ok' && !operation.content.includes(fault.group))
      problems.push(...checked(() => prepared.check(outputs)));
  } else {
    must(work !== 1 || mayHaveWorked(fault), 'the work was done although the service never got to do it');
  }
  const mutations = script.arrivals.filter(({ worked, method }) => worked && method !== 'GET').length;
  if (operation.step === 'claim') must(mutations <= 1, `the claim came to the service ${mutations} times`);
  if (operation.shows && ended === 'ok' && fault.name.startsWith('unknown ') && fault.group === 'news') {
    must(JSON.stringify(outputs).includes(NEWS), 'what the service newly says is lost');
  }
  if (failure !== undefined) problems.push(...aboutReport(failure, script, original, operation));
  return problems;
}

function checked(check: () => void): string[] {
  try {
    check();
    return [];
  } catch (error) {
    return [`its result is wrong: ${String(error).replace(/\s+/g, ' ').slice(0, 300)}`];
  }
}

const UNTOUCHED: ReadonlySet<Group> = new Set<Group>([
  'no connection',
  'broken off before the work',
  'stall before the work',
  'refusal',
  'trouble',
  'too long a wait',
  'redirect',
  'endless trickle',
]);

function mayHaveWorked({ group }: Fault): boolean {
  return !UNTOUCHED.has(group);
}

/** What is wrong with what the Catch node got. */
function aboutReport(msg: Message, { key }: Script, original: unknown, { node }: Operation): string[] {
  const problems: string[] = [];
  const { message, cause } = msg['error'] as { message: string; cause: Message };
  if (!isDeepStrictEqual(msg['payload'], original))
    problems.push(`its payload has become ${JSON.stringify(msg['payload']).slice(0, 100)}`);
  if (!isDeepStrictEqual(JSON.parse(JSON.stringify(cause)), cause)) problems.push('its cause is not plain JSON');
  if (JSON.stringify(msg['error']).includes(key)) problems.push('the API key is in the report');
  if (/[A-Za-z0-9_-]{60,}/.test(message)) problems.push('something as long as a token is in the sentence');
  if (/[\n\r]/.test(message) || message.length > 700) problems.push('the sentence is no sentence');
  if (
    typeof cause['operation'] !== 'string' ||
    typeof cause['method'] !== 'string' ||
    typeof cause['path'] !== 'string'
  ) {
    problems.push('its cause does not say what was asked');
  }
  if (cause['statusCode'] !== undefined && msg['statusCode'] !== cause['statusCode'])
    problems.push('msg.statusCode is not the last response’s');
  if (JSON.stringify(cause['body'] ?? null).length > 140_000) problems.push('its cause carries a huge body');
  if (typeof cause['attempts'] !== 'number') problems.push(`${node} does not count its attempts`);
  return problems;
}

/** What a stopped flow has left behind. */
async function leaks(server: FaultServer, before: Map<string, number>): Promise<string[]> {
  const limit = Date.now() + 5000;
  for (;;) {
    const open = await server.connections();
    const now = resources();
    const more = [...now].filter(([kind, count]) => count > (before.get(kind) ?? 0));
    if (open === 0 && more.length === 0) return [];
    if (Date.now() > limit)
      return [
        `left behind: ${open} connections, ${JSON.stringify(Object.fromEntries(more))} beyond ${JSON.stringify(Object.fromEntries(before))}`,
      ];
    await pause(20);
  }
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (/^(Timeout|TCPSocketWrap|TLSWrap|TCPConnectWrap|GetAddrInfo)/.test(kind))
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
