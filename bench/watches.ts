import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { OVER_IDLE } from './contender';
import { CONCURRENCY, CORE, PRODUCT } from './flows';
import { makeFolder } from './folder';
import { scaled, type Bench, type Figures, type Load } from './harness/bench';
import { quantile } from './harness/median';
import { format } from './harness/format';
import { flowOf, mib, startBenchNodeRed, type BenchNodeRed } from './node-red/node-red';
import { startPeer } from './peers/peer';
import { startService } from './service/service';
import type { FlowNode } from '../test/support/node-red-process';

const PENDING = 10_000;
/** Fewer pending operations, to see how cost grows. */
const SIZES = [1000, 4000];
/** Core's HTTP request node takes a socket for each poll. */
const CORE_PENDING = 1000;
const EVERY_S = 10;
/** Jitter makes a product's poll earlier by a tenth on average. */
const MEAN_MS = EVERY_S * 900;

/** How long polls that began together take to spread out, in milliseconds. */
const SETTLE_MS = 25_000;
/** How long each look lasts. */
const LOOK_MS = 6000;

const CORE_PERCENT = '% of one core';
const LATE = 'lateness p99, ms';
const AT_FIRST = 'MiB over idle at first';

/**
 * Bulk operations that stay pending. All contenders watch all the time, as it takes a while until polls that began together
 * have spread out; each round looks at each of them for some seconds.
 */
export const watches: Bench = {
  name: 'watches',
  work: (scale) => `${format(scaled(PENDING, scale))} pending operations, each polled every ${EVERY_S} s`,
  growth: {
    of: 'pending operations',
    figures: [CORE_PERCENT, OVER_IDLE, LATE],
    sizeOf: (contender) => (contender === PRODUCT ? PENDING : SIZES.find((size) => contender === sized(PRODUCT, size))),
  },
  start: async (load) => {
    const folder = makeFolder();
    const service = await startService();
    const ids = folder.path('ids');
    writeFileSync(ids, Array.from({ length: PENDING }, (_, index) => String(index).padStart(26, '0')).join('\n'));
    const start = async (flows: FlowNode[], pending: number, profiles: Pick<Load, 'profiles'>): Promise<Watching> => {
      const nodeRed = await startBenchNodeRed(flows, profiles);
      await nodeRed.resetLateness();
      const { rss } = await nodeRed.resetGauge();
      await nodeRed.send({ tokens: ids, messages: scaled(pending, load.scale) });
      return { nodeRed, idle: rss };
    };
    const product = await start(productFlow(service.url), PENDING, load);
    const fewer = new Map<string, Watching>();
    for (const size of SIZES) fewer.set(sized(PRODUCT, size), await start(productFlow(service.url), size, {}));
    const core = await start(coreFlow(service.url), CORE_PENDING, {});
    const peer = startPeer(join(__dirname, 'peers/watch-undici.ts'));
    const operations = scaled(PENDING, load.scale);
    await peer.work({ url: service.url, operations, concurrency: CONCURRENCY, everyMs: MEAN_MS });
    await setTimeout(SETTLE_MS);
    const atFirst = new Map<Watching, number>();
    for (const one of [product, ...fewer.values(), core]) {
      atFirst.set(one, mib((await one.nodeRed.readGauge()).peak - one.idle));
    }
    const look = async (one: Watching): Promise<Figures> => {
      await one.nodeRed.resetGauge();
      await one.nodeRed.resetLateness();
      const begun = performance.now();
      await setTimeout(LOOK_MS);
      const { cpuMs, peak, longestBlockMs } = await one.nodeRed.readGauge();
      const lateness = await one.nodeRed.readLateness();
      return {
        [CORE_PERCENT]: (cpuMs / (performance.now() - begun)) * 100,
        [OVER_IDLE]: mib(peak - one.idle),
        [AT_FIRST]: atFirst.get(one)!,
        'longest block, ms': longestBlockMs,
        ...(lateness.length === 0
          ? {}
          : { 'polls a second': lateness.length / (LOOK_MS / 1000), [LATE]: quantile(lateness, 0.99) }),
      };
    };
    const lookAtPeer = async (): Promise<Figures> => {
      const { seconds, cpuMs, result } = await peer.measure({ lookMs: LOOK_MS });
      return { [CORE_PERCENT]: cpuMs / seconds / 10, [LATE]: Number(result) };
    };
    return {
      contenders: {
        [PRODUCT]: () => look(product),
        ...Object.fromEntries([...fewer].map(([name, one]) => [name, () => look(one)])),
        [sized(CORE, CORE_PENDING)]: () => look(core),
        'undici alone, a timer each': lookAtPeer,
      },
      goals: [
        { figure: CORE_PERCENT, atMost: 15 },
        { figure: OVER_IDLE, atMost: 48 },
        { figure: LATE, atMost: 100 },
      ],
      stop: async () => {
        for (const { nodeRed } of [product, ...fewer.values(), core]) await nodeRed.stop();
        for (const part of [peer, service]) await part.stop();
        folder.remove();
      },
    };
  },
};

/** A Node-RED that watches. */
interface Watching {
  nodeRed: BenchNodeRed;
  /** Resident memory before it began, in bytes. */
  idle: number;
}

function sized(who: string, pending: number): string {
  return `${who}, ${format(pending)} pending`;
}

function productFlow(baseUrl: string): FlowNode[] {
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
