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
const UNDICI = 'undici alone';
const MISSING = 'devices missing';

/** A list of many devices, a message for each. */
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
    const start = async (flows: FlowNode[], profiles: Pick<Load, 'profiles'>): Promise<BenchNodeRed> => {
      const nodeRed = await startBenchNodeRed(flows, profiles);
      await list(WARM_UP);
      await nodeRed.one('', WARM_UP);
      return nodeRed;
    };
    const product = await start(productFlow(service.url), load);
    const core = await start(coreFlow(service.url), {});
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
        [CORE]: () => play(core, DEVICES),
        [UNDICI]: alone,
        ...Object.fromEntries(SIZES.map((size) => [sized(size), () => play(product, size)])),
      },
      goals: [
        { figure: SPEED, against: UNDICI, atLeast: 0.5 },
        { figure: MISSING, atMost: 0 },
      ],
      stop: async () => {
        for (const part of [product, core, peer, service]) await part.stop();
      },
    };
  },
};

function sized(devices: number): string {
  return `${PRODUCT}, ${format(devices)} devices`;
}

function productFlow(baseUrl: string): FlowNode[] {
  return [
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, api: 'guide' },
    ...flowOf([{ id: 'devices', type: 'nrfcloud-devices', connection: 'connection', mode: 'each', wires: [['sink']] }]),
  ];
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
