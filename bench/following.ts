import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { deviceUuidOf } from '../simulator/identity/device-uuid';
import { formatUuid } from '../simulator/identity/uuid';
import type { FlowNode } from '../test/support/node-red-process';
import { OVER_IDLE, WARM_UP } from './contender';
import { CONCURRENCY, PRODUCT } from './flows';
import { makeFolder } from './folder';
import { flowOf, mib, startBenchNodeRed } from './node-red/node-red';
import { scaled, type Bench, type Figures } from './runner/bench';
import { format } from './runner/format';
import { quantile } from './runner/median';
import { startService } from './service/service';

const DEVICES = 50_000;
/** Claims, one by one, whose time is measured. */
const CLAIMS = 400;
/** How long it takes until all devices are recorded and have been polled once, in milliseconds. */
const SETTLE_MS = 20_000;
const LOOK_MS = 10_000;
/** The answers of a service on the same computer take no time; nRF Cloud's take at least this. */
const LATENCY_MS = 20;

const CORE_PERCENT = '% of one core over idle';
const RATIO = 'claims, p95 beside ÷ alone';

/** Devices that are followed until they are onboarded, which they never are, and single claims beside them. */
export const following: Bench = {
  name: 'following',
  mostRounds: 1,
  work: (scale) => `${format(scaled(DEVICES, scale))} devices followed, single claims beside them`,
  start: async (load) => {
    const folder = makeFolder();
    const service = await startService();
    await service.behave({ latencyMs: LATENCY_MS, allClaimed: true });
    const tokens = await folder.tokens(WARM_UP);
    const batch = folder.path('batch.json');
    const ids = Array.from({ length: scaled(DEVICES, load.scale) }, (_, index) => formatUuid(deviceUuidOf('b', index)));
    writeFileSync(batch, JSON.stringify(ids));
    const nodeRed = await startBenchNodeRed(flow(service.url), load);
    const claims = async (): Promise<number> => {
      const durations = await nodeRed.durations({ tokens, messages: scaled(CLAIMS, load.scale) });
      return quantile(durations, 0.95);
    };
    const percentOfCore = async (): Promise<number> => {
      await nodeRed.resetGauge();
      const begun = performance.now();
      await setTimeout(LOOK_MS * Math.min(1, load.scale * 2));
      const { cpuMs } = await nodeRed.readGauge();
      return (cpuMs / (performance.now() - begun)) * 100;
    };
    const measure = async (): Promise<Figures> => {
      await nodeRed.work({ tokens, messages: WARM_UP, inFlight: CONCURRENCY });
      const alone = await claims();
      // The gauge takes some percent of its own.
      const idle = await percentOfCore();
      const { rss } = await nodeRed.resetGauge();
      await nodeRed.send({ tokens: batch, messages: 1 });
      await setTimeout(SETTLE_MS * Math.min(1, load.scale * 2));
      const { peak, longestBlockMs } = await nodeRed.readGauge();
      const { requests } = await service.counts();
      const begun = performance.now();
      const percent = await percentOfCore();
      const { peak: later } = await nodeRed.readGauge();
      const polls = (await service.counts()).requests - requests;
      const seconds = (performance.now() - begun) / 1000;
      const beside = await claims();
      return {
        [CORE_PERCENT]: percent - idle,
        '% of one core, idle': idle,
        'polls a second': polls / seconds,
        [OVER_IDLE]: mib(later - rss),
        'MiB over idle at first': mib(peak - rss),
        'longest block, ms': longestBlockMs,
        'claims alone, p95, ms': alone,
        'claims beside, p95, ms': beside,
        [RATIO]: beside / alone,
      };
    };
    return {
      contenders: { [PRODUCT]: measure },
      goals: [
        { figure: CORE_PERCENT, atMost: 5 },
        { figure: OVER_IDLE, atMost: 32 },
        { figure: RATIO, atMost: 1.2 },
      ],
      stop: async () => {
        for (const part of [nodeRed, service]) await part.stop();
        folder.remove();
      },
    };
  },
};

/** A payload that begins with a bracket is a batch to be followed, any other a claim token. */
function flow(baseUrl: string): FlowNode[] {
  const rules = [{ t: 'regex', v: '^\\[', vt: 'str' }, { t: 'else' }];
  const connection = 'connection';
  return [
    {
      id: connection,
      type: 'nrfcloud-connection',
      baseUrl,
      deviceApiUrl: baseUrl,
      api: 'guide',
      concurrency: CONCURRENCY,
    },
    ...flowOf([
      { id: 'kind', type: 'switch', property: 'payload', rules, outputs: 2, wires: [['parse'], ['claim']] },
      { id: 'parse', type: 'json', property: 'payload', action: 'obj', wires: [['follow']] },
      { id: 'follow', type: 'nrfcloud-onboarding', connection, wires: [[], [], []] },
      { id: 'claim', type: 'nrfcloud-claim', connection, wires: [['sink']] },
    ]),
  ];
}
