import { join } from 'node:path';
import { claimFlow, CONCURRENCY, coreFlow, idleFlow } from './flows';
import { makeFolder } from './folder';
import { scaled, SPEED, type Bench, type Figures, type Goal, type Load } from './harness/bench';
import { mib, startBenchNodeRed, type BenchNodeRed, type Messages } from './node-red/node-red';
import { startPeer, type Peer } from './peers/peer';
import { startSequential, type Sequential } from './peers/sequential';
import { startService } from './service/service';

const WARM_UP = 500;
export const OVER_IDLE = 'MiB over idle';

/** A message per device. */
interface Condition {
  name: string;
  messages: number;
  /** Devices of the script that claims one by one; fewer, as it is a rate that counts. */
  byOne: number;
  latencyMs: number;
  goals: readonly Goal[];
}

const CORE = 'core HTTP request flow';
const UNDICI = `undici alone, ${CONCURRENCY} at once`;
const PRODUCT = 'this package';

/** Single claims with no latency: what it costs to handle a message. */
export const claims = claimBench({
  name: 'claims',
  messages: 20_000,
  byOne: 1000,
  latencyMs: 0,
  goals: [
    { figure: SPEED, against: CORE, atLeast: 10 },
    { figure: SPEED, against: UNDICI, atLeast: 0.6 },
    { figure: OVER_IDLE, atMost: 96 },
  ],
});
/** The same behind a network: what is kept of the requests that could be on their way. */
export const claims20 = claimBench({ name: 'claims-20ms', messages: 5000, byOne: 50, latencyMs: 20, goals: [] });
export const claims50 = claimBench({
  name: 'claims-50ms',
  messages: 5000,
  byOne: 20,
  latencyMs: 50,
  goals: [{ figure: SPEED, against: UNDICI, atLeast: 0.97 }],
});

function claimBench({ name, messages, byOne, latencyMs, goals }: Condition): Bench {
  const count = (scale: number): number => scaled(messages, scale);
  return {
    name,
    work: (scale) => `${format(count(scale))} claims, a message each, all at once; ${latencyMs} ms latency`,
    start: async (load) => {
      const folder = makeFolder();
      const service = await startService();
      const tokens = await folder.tokens(count(load.scale));
      const product = await startContender(claimFlow(service.url), tokens, load);
      const core = await startContender(coreFlow(service.url), tokens);
      const floor = await startContender(idleFlow(), tokens);
      const undici = startPeer(join(__dirname, 'peers/claims-undici.ts'));
      const sequential = await startSequential();
      const work = { url: service.url, tokens, concurrency: CONCURRENCY };
      const throughNodeRed = async (contender: Contender): Promise<Figures> => {
        await service.behave({ latencyMs });
        const figures = await contender.play({ tokens, messages: count(load.scale) });
        const { claimed, sockets } = await service.counts();
        return { ...figures, 'devices claimed': claimed, sockets };
      };
      const alone = async (peer: Sequential | Peer, messages: number): Promise<Figures> => {
        await service.behave({ latencyMs });
        return { [SPEED]: messages / (await peer.work({ ...work, messages })) };
      };
      return {
        contenders: {
          [PRODUCT]: () => throughNodeRed(product),
          [CORE]: () => throughNodeRed(core),
          [UNDICI]: () => alone(undici, count(load.scale)),
          [sequential.name]: () => alone(sequential, scaled(byOne, load.scale)),
          'two nodes that do nothing': () => floor.play({ tokens, messages: count(load.scale) }),
        },
        goals,
        stop: async () => {
          for (const part of [product, core, floor, undici, sequential, service]) await part.stop();
          folder.remove();
        },
      };
    },
  };
}

/** A flow in a Node-RED of its own that has done some work already, as the first messages bring what any first ones do. */
interface Contender {
  play: (messages: Messages) => Promise<Figures>;
  stop: () => Promise<void>;
}

async function startContender(
  flows: Parameters<typeof startBenchNodeRed>[0],
  tokens: string,
  load?: Load,
): Promise<Contender> {
  const nodeRed: BenchNodeRed = await startBenchNodeRed(flows, load);
  await nodeRed.work({ tokens, messages: WARM_UP, inFlight: CONCURRENCY });
  const idle = await nodeRed.resetGauge();
  return {
    play: async (messages) => {
      await nodeRed.resetGauge();
      const { ok, failed, lost, seconds } = await nodeRed.work(messages);
      const { peak, longestBlockMs } = await nodeRed.readGauge();
      return {
        [SPEED]: ok / seconds,
        [OVER_IDLE]: mib(peak - idle.rss),
        'longest block, ms': longestBlockMs,
        'failed or lost': failed + lost,
      };
    },
    stop: () => nodeRed.stop(),
  };
}

function format(count: number): string {
  return count.toLocaleString('en');
}
