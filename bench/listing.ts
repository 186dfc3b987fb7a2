import { join } from 'node:path';
import { OVER_IDLE } from './contender';
import { CORE, PRODUCT } from './flows';
import { scaled, SPEED, type Bench, type Figures, type Load } from './runner/bench';
import { format } from './runner/format';
import { flowOf, mib, startBenchNodeRed, type BenchNodeRed } from './node-red/node-red';
import { startPeer } from './peers/peer';
import { startService } from './service/service';
import type { FlowNode } from '../test/support/node-red-process';

const DEVICES = 100_000;
/** Fewer devices, to see how cost grows. */
const SIZES = [10_000, 50_000];
const PAGE = 100;
const WARM_UP = 1000;
const UNDICI = 'undici alone, page after page';
const FLOOR = 'undici in a node, page after page';
const MISSING = 'devices missing';

/** Fewer devices where each page takes time. */
const SLOW_DEVICES = 5000;
const LATENCY_MS = 50;

/** A list of many devices, a message for each: what it costs to handle a page and its messages. */
export const listing: Bench = {
  name: 'listing',
  work: (scale) => `${format(scaled(DEVICES, scale))} devices listed, a message each, ${PAGE} on a page`,
  growth: {
    of: 'devices',
    figures: ['seconds', OVER_IDLE],
    sizeOf: (contender) => (contender === PRODUCT ? DEVICES : SIZES.find((size) => contender === sized(size))),
  },
  start: async (load) => {
    const service = await startService();
    const list = (devices: number): Promise<void> => service.behave({ devices, pageSize: PAGE });
    const start = (flows: FlowNode[], profiles?: Pick<Load, 'profiles'>): Promise<BenchNodeRed> =>
      startWarm(flows, () => list(WARM_UP), profiles);
    const product = await start(productFlow(service.url), load);
    const core = await start(coreFlow(service.url));
    const floor = await start(floorFlow(service.url));
    const peer = startPeer(join(__dirname, 'peers/list-undici.ts'));
    const play = async (nodeRed: BenchNodeRed, count: number): Promise<Figures> => {
      const devices = scaled(count, load.scale);
      await list(devices);
      const { rss } = await nodeRed.resetGauge();
      const { seconds, failed } = await nodeRed.one('', devices);
      const { peak, longestBlockMs, cpuMs } = await nodeRed.readGauge();
      return {
        [SPEED]: devices / seconds,
        seconds,
        'µs of CPU each': (cpuMs * 1000) / devices,
        [OVER_IDLE]: mib(peak - rss),
        'longest block, ms': longestBlockMs,
        [MISSING]: failed ? devices : 0,
      };
    };
    const alone = async (): Promise<Figures> => {
      const devices = scaled(DEVICES, load.scale);
      await list(devices);
      const { seconds, cpuMs, more, result } = await peer.measure({ url: service.url });
      return {
        [SPEED]: devices / seconds,
        'µs of CPU each': (cpuMs * 1000) / devices,
        [OVER_IDLE]: mib(more),
        [MISSING]: devices - Number(result),
      };
    };
    // The service makes each page when it is first asked for.
    for (const devices of [DEVICES, ...SIZES]) {
      await list(scaled(devices, load.scale));
      await peer.work({ url: service.url });
    }
    return {
      contenders: {
        [PRODUCT]: () => play(product, DEVICES),
        [FLOOR]: () => play(floor, DEVICES),
        [CORE]: () => play(core, DEVICES),
        [UNDICI]: alone,
        ...Object.fromEntries(SIZES.map((size) => [sized(size), () => play(product, size)])),
      },
      goals: [
        { figure: SPEED, against: UNDICI, atLeast: 0.8 },
        { figure: MISSING, atMost: 0 },
      ],
      stop: async () => {
        for (const part of [product, core, floor, peer, service]) await part.stop();
      },
    };
  },
};

/** The same where each page takes a while: the next page is on its way while one is being sent. */
export const listing50: Bench = {
  name: 'listing-50ms',
  work: (scale) =>
    `${format(scaled(SLOW_DEVICES, scale))} devices listed, a message each, ${PAGE} on a page; ${LATENCY_MS} ms latency`,
  start: async ({ scale }) => {
    const service = await startService();
    const devices = scaled(SLOW_DEVICES, scale);
    const list = (latencyMs: number): Promise<void> => service.behave({ devices, pageSize: PAGE, latencyMs });
    const product = await startWarm(productFlow(service.url), () => list(0), {}, devices);
    const peer = startPeer(join(__dirname, 'peers/list-undici.ts'));
    await peer.work({ url: service.url });
    return {
      contenders: {
        [PRODUCT]: async () => {
          await list(LATENCY_MS);
          const { seconds, failed } = await product.one('', devices);
          return { [SPEED]: devices / seconds, [MISSING]: failed ? devices : 0 };
        },
        [UNDICI]: async () => {
          await list(LATENCY_MS);
          const { seconds, result } = await peer.measure({ url: service.url });
          return { [SPEED]: devices / seconds, [MISSING]: devices - Number(result) };
        },
      },
      goals: [
        { figure: SPEED, against: UNDICI, atLeast: 0.95 },
        { figure: MISSING, atMost: 0 },
      ],
      stop: async () => {
        for (const part of [product, peer, service]) await part.stop();
      },
    };
  },
};

/** A Node-RED that has listed some devices already. @param list makes the service list `devices` devices */
async function startWarm(
  flows: FlowNode[],
  list: () => Promise<void>,
  profiles: Pick<Load, 'profiles'> = {},
  devices = WARM_UP,
): Promise<BenchNodeRed> {
  const nodeRed = await startBenchNodeRed(flows, profiles);
  await list();
  await nodeRed.one('', devices);
  return nodeRed;
}

function sized(devices: number): string {
  return `${PRODUCT}, ${format(devices)} devices`;
}

function productFlow(baseUrl: string): FlowNode[] {
  return [
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, api: 'guide' },
    ...flowOf([{ id: 'devices', type: 'nrfcloud-devices', connection: 'connection', mode: 'each', wires: [['sink']] }]),
  ];
}

/** The floor: what it takes to read pages with undici and to send a message for each device. */
function floorFlow(baseUrl: string): FlowNode[] {
  return flowOf([{ id: 'list', type: 'bench-list', url: baseUrl, wires: [['sink']] }]);
}

/** What one would build of Node-RED's own nodes: a Function that cuts a page into messages and asks for the next one. */
function coreFlow(baseUrl: string): FlowNode[] {
  const url = `${baseUrl}/claimed-devices`;
  const cut =
    'const { items, pageNextToken } = msg.payload;\n' +
    'const devices = items.map((payload) => ({ payload }));\n' +
    `return [devices, pageNextToken === undefined ? null : { url: "${url}?pageNextToken=" + pageNextToken }];`;
  return flowOf([
    { id: 'first', type: 'function', func: `return { url: "${url}" };`, outputs: 1, wires: [['request']] },
    { id: 'request', type: 'http request', method: 'GET', ret: 'obj', url: '', senderr: false, wires: [['cut']] },
    { id: 'cut', type: 'function', func: cut, outputs: 2, wires: [['sink'], ['request']] },
  ]);
}
