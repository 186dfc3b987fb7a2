import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { OVER_IDLE } from './contender';
import { CONCURRENCY, CORE, PRODUCT } from './flows';
import { makeFolder, type Folder } from './folder';
import { scaled, type Bench, type Figures, type Load } from './runner/bench';
import { quantile } from './runner/median';
import { format } from './runner/format';
import { flowOf, mib, startBenchNodeRed, type BenchNodeRed } from './node-red/node-red';
import { startPeer } from './peers/peer';
import { startService } from './service/service';
import type { FlowNode } from '../test/support/node-red-process';

export const PENDING = 10_000;
/** How many are pending, to see how cost grows. */
const SIZES = [1000, 4000, PENDING];
/** Core's HTTP request node takes a socket for each poll. */
const CORE_PENDING = 1000;
export const EVERY_S = 10;
/** Chance makes a product's poll earlier by a twentieth on average. */
const MEAN_MS = EVERY_S * 950;

/** How long polls that began together take to spread out, in milliseconds. */
const SETTLE_MS = 15_000;
/** How long what a look's beginning delayed may take to be made up for. */
const CALM_MS = 1000;
/** How long each look lasts, and the one before anything is watched. */
const LOOK_MS = 6000;
const IDLE_MS = 3000;

const UNDICI = 'undici alone, a timer each';
const CORE_PERCENT = '% of one core over idle';
const IDLE_PERCENT = '% of one core, idle';
const LATE = 'lateness p99, ms';
const AT_FIRST = 'MiB over idle at first';

/**
 * Bulk operations that stay pending. All contenders watch all the time, as it takes a while until polls that began together
 * have spread out; each round looks at each of them for some seconds.
 */
export const watches: Bench = {
  name: 'watches',
  work: (scale) => `${format(scaled(PENDING, scale))} pending operations, each polled every ${EVERY_S} s`,
  start: async (load) => {
    const service = await startService();
    const operations = scaled(PENDING, load.scale);
    const product = await startWatching(productFlow(service.url), operations, load);
    const core = await startWatching(coreFlow(service.url), scaled(CORE_PENDING, load.scale), {});
    const peer = startPeer(join(__dirname, 'peers/watch-undici.ts'));
    await peer.work({ url: service.url, operations, concurrency: CONCURRENCY, everyMs: MEAN_MS });
    await settle([product, core]);
    const lookAtPeer = async (): Promise<Figures> => {
      const { seconds, cpuMs, result } = await peer.measure({ lookMs: LOOK_MS });
      return { [CORE_PERCENT]: cpuMs / seconds / 10, [LATE]: Number(result) };
    };
    return {
      contenders: {
        [PRODUCT]: () => look(product),
        [`${CORE}, ${format(CORE_PENDING)} pending`]: () => look(core),
        [UNDICI]: lookAtPeer,
      },
      goals: [
        { figure: CORE_PERCENT, against: UNDICI, atMost: 1 },
        { figure: OVER_IDLE, atMost: 48 },
        { figure: LATE, atMost: 100 },
      ],
      stop: async () => {
        for (const part of [product, core, peer, service]) await part.stop();
      },
    };
  },
};

/** The same with more and more of them. */
export const watchesGrowth: Bench = {
  name: 'watches-growth',
  mostRounds: 1,
  work: () => `pending operations, each polled every ${EVERY_S} s`,
  growth: {
    of: 'pending operations',
    figures: [CORE_PERCENT, OVER_IDLE, LATE],
    sizeOf: (contender) => Number(contender.replace(/\D/g, '')),
  },
  start: async (load) => {
    const service = await startService();
    const all = new Map<string, Watching>();
    for (const size of SIZES.map((pending) => scaled(pending, load.scale))) {
      all.set(`${format(size)} pending`, await startWatching(productFlow(service.url), size, {}));
    }
    await settle([...all.values()]);
    return {
      contenders: Object.fromEntries([...all].map(([name, one]) => [name, () => look(one)])),
      goals: [],
      stop: async () => {
        for (const part of [...all.values(), service]) await part.stop();
      },
    };
  },
};

/** A Node-RED that watches. */
interface Watching {
  nodeRed: BenchNodeRed;
  /** Resident memory before it began, in bytes. */
  idle: number;
  /** CPU time before it began, in percent of a core: Node-RED's own, and some percent of the gauge. */
  idlePercent: number;
  /** What it took at most until polls had spread out, in MiB. */
  atFirst: number;
  stop: () => Promise<void>;
}

async function startWatching(flows: FlowNode[], pending: number, profiles: Pick<Load, 'profiles'>): Promise<Watching> {
  const folder = makeFolder();
  const ids = writeIds(folder, pending);
  const nodeRed = await startBenchNodeRed(flows, profiles);
  await nodeRed.resetLateness();
  await nodeRed.resetGauge();
  const idlePercent = await percentOfCore(nodeRed, performance.now(), IDLE_MS);
  const { rss } = await nodeRed.resetGauge();
  await nodeRed.send({ tokens: ids, messages: pending });
  folder.remove();
  return { nodeRed, idle: rss, idlePercent, atFirst: 0, stop: () => nodeRed.stop() };
}

/** Writes ids of bulk operations, one a line. @returns the path of the file */
export function writeIds(folder: Folder, count: number): string {
  const path = folder.path('ids');
  writeFileSync(path, Array.from({ length: count }, (_, index) => String(index).padStart(26, '0')).join('\n'));
  return path;
}

async function settle(all: Watching[]): Promise<void> {
  await setTimeout(SETTLE_MS);
  for (const one of all) one.atFirst = mib((await one.nodeRed.readGauge()).peak - one.idle);
}

/** Waits, and measures the CPU time since the gauge was set back. */
async function percentOfCore(nodeRed: BenchNodeRed, begun: number, ms: number): Promise<number> {
  await setTimeout(ms);
  const { cpuMs } = await nodeRed.readGauge();
  return (cpuMs / (performance.now() - begun)) * 100;
}

async function look({ nodeRed, idle, idlePercent, atFirst }: Watching): Promise<Figures> {
  await nodeRed.resetGauge();
  const begun = performance.now();
  // To set the gauge back takes a tenth of a second, which is not the product's lateness.
  await setTimeout(CALM_MS);
  await nodeRed.resetLateness();
  const percent = await percentOfCore(nodeRed, begun, LOOK_MS);
  const { peak, longestBlockMs } = await nodeRed.readGauge();
  const lateness = await nodeRed.readLateness();
  return {
    [CORE_PERCENT]: percent - idlePercent,
    [IDLE_PERCENT]: idlePercent,
    [OVER_IDLE]: mib(peak - idle),
    [AT_FIRST]: atFirst,
    'longest block, ms': longestBlockMs,
    ...(lateness.length === 0
      ? {}
      : { 'polls a second': lateness.length / (LOOK_MS / 1000), [LATE]: quantile(lateness, 0.99) }),
  };
}

/** A bulk status node that polls every {@link EVERY_S} seconds. */
export function productFlow(baseUrl: string): FlowNode[] {
  const every = { interval: EVERY_S, maxInterval: EVERY_S };
  const wires = [['sink'], ['sink'], []];
  return [
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, api: 'guide', concurrency: CONCURRENCY },
    ...flowOf([{ id: 'watch', type: 'nrfcloud-bulk-status', connection: 'connection', ...every, wires }]),
  ];
}

/** What one would build of Node-RED's own nodes: a loop of HTTP request, Switch and Delay. */
function coreFlow(baseUrl: string): FlowNode[] {
  const func =
    'msg.operation ??= msg.payload;\n' +
    `msg.url = "${baseUrl}/bulk-ops-requests/" + msg.operation;\n` +
    'msg.headers = { authorization: "Bearer bench" };\nreturn msg;';
  const pending = { t: 'eq', v: 'PENDING', vt: 'str' };
  return flowOf([
    { id: 'ask', type: 'function', func, outputs: 1, wires: [['request']] },
    { id: 'request', type: 'http request', method: 'GET', ret: 'obj', url: '', senderr: false, wires: [['look']] },
    {
      id: 'look',
      type: 'switch',
      property: 'payload.status',
      propertyType: 'msg',
      rules: [pending, { t: 'else' }],
      checkall: 'false',
      outputs: 2,
      wires: [['wait'], ['sink']],
    },
    {
      id: 'wait',
      type: 'delay',
      pauseType: 'delay',
      timeout: String(MEAN_MS / 1000),
      timeoutUnits: 'seconds',
      wires: [['ask']],
    },
  ]);
}
