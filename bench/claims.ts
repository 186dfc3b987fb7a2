import { join } from 'node:path';
import { CPU, OVER_IDLE, startContender, WARM_UP, type Contender } from './contender';
import { claimFlow, CONCURRENCY, coreFlow, CORE, idleFlow, PRODUCT } from './flows';
import { makeFolder } from './folder';
import { flowOf } from './node-red/node-red';
import { scaled, SPEED, type Bench, type Figures, type Goal } from './runner/bench';
import { format } from './runner/format';
import { startPeer } from './peers/peer';
import { startSequential } from './peers/sequential';
import { startService } from './service/service';

/** A message per device. */
interface Condition {
  name: string;
  messages: number;
  /** Messages of the core flow, which opens a socket for each at once; fewer, as it is a rate that counts. */
  core: number;
  /** Devices of the script that claims one by one; fewer, as it is a rate that counts. */
  byOne: number;
  latencyMs: number;
  goals: readonly Goal[];
}

const UNDICI = `undici alone, ${CONCURRENCY} at once`;
const IDLE_NODES = 'two nodes that do nothing';
/** What the work takes at least: its requests, and a message's way through Node-RED. */
const FLOOR = 'floor: undici and the two nodes';

/** Single claims with no latency: what it costs to handle a message. */
export const claims = claimBench({
  name: 'claims',
  messages: 20_000,
  core: 5000,
  byOne: 1000,
  latencyMs: 0,
  goals: [
    { figure: SPEED, against: CORE, atLeast: 12 },
    // A floor of 0.8 of what the package takes.
    { figure: CPU, against: FLOOR, atMost: 1.25 },
    { figure: OVER_IDLE, atMost: 96 },
  ],
});
/** The same behind a network: what is kept of the requests that could be on their way. */
export const claims20 = claimBench({
  name: 'claims-20ms',
  messages: 5000,
  core: 2000,
  byOne: 50,
  latencyMs: 20,
  goals: [],
});
export const claims50 = claimBench({
  name: 'claims-50ms',
  messages: 5000,
  core: 5000,
  byOne: 20,
  latencyMs: 50,
  goals: [{ figure: SPEED, against: UNDICI, atLeast: 0.97 }],
});

function claimBench({ name, messages, core, byOne, latencyMs, goals }: Condition): Bench {
  const count = (scale: number): number => scaled(messages, scale);
  return {
    name,
    work: (scale) => `${format(count(scale))} claims, a message each, all at once; ${latencyMs} ms latency`,
    start: async (load) => {
      const folder = makeFolder();
      const service = await startService();
      const tokens = await folder.tokens(count(load.scale));
      const [product, coreNodes, idleNodes] = await Promise.all([
        startContender(claimFlow(service.url), tokens, load),
        startContender(coreFlow(service.url), tokens),
        // What Node-RED itself takes is the same with any latency.
        latencyMs > 0 ? undefined : startContender(idleFlow(), tokens),
      ]);
      const undici = startPeer(join(__dirname, 'peers/claims-undici.ts'));
      const sequential = await startSequential();
      const coreCount = scaled(core, load.scale);
      const coreName = coreCount === count(load.scale) ? CORE : `${CORE}, ${format(coreCount)}`;
      const work = { url: service.url, tokens, concurrency: CONCURRENCY };
      const throughNodeRed = async (contender: Contender, messages: number): Promise<Figures> => {
        await service.behave({ latencyMs });
        const figures = await contender.play({ tokens, messages });
        const { claimed, sockets } = await service.counts();
        return { ...figures, 'devices claimed': claimed, sockets };
      };
      const withUndici = async (messages: number): Promise<Figures> => {
        await service.behave({ latencyMs });
        const { seconds, cpuMs } = await undici.measure({ ...work, messages });
        return { [SPEED]: messages / seconds, [CPU]: (cpuMs * 1000) / messages };
      };
      const oneByOne = async (messages: number): Promise<Figures> => {
        await service.behave({ latencyMs });
        return { [SPEED]: messages / (await sequential.work({ ...work, messages })) };
      };
      await withUndici(scaled(WARM_UP, load.scale));
      const last: Record<string, Figures> = {};
      const remembered = (name: string, play: () => Promise<Figures>) => async (): Promise<Figures> =>
        (last[name] = await play());
      return {
        contenders: {
          [PRODUCT]: () => throughNodeRed(product, count(load.scale)),
          [coreName]: () => throughNodeRed(coreNodes, coreCount),
          [UNDICI]: remembered(UNDICI, () => withUndici(count(load.scale))),
          [sequential.name]: () => oneByOne(scaled(byOne, load.scale)),
          ...(idleNodes === undefined
            ? {}
            : {
                [IDLE_NODES]: remembered(IDLE_NODES, () => idleNodes.play({ tokens, messages: count(load.scale) })),
                [FLOOR]: () => Promise.resolve(oneAfterTheOther(last[UNDICI]!, last[IDLE_NODES]!)),
              }),
        },
        goals: goals.map((goal) => (goal.against === CORE ? { ...goal, against: coreName } : goal)),
        stop: async () => {
          for (const part of [product, coreNodes, idleNodes, undici, sequential, service]) await part?.stop();
          folder.remove();
        },
      };
    },
  };
}

/** What two parts of some work take together if one process does them. */
function oneAfterTheOther(one: Figures, other: Figures): Figures {
  return { [SPEED]: 1 / (1 / one[SPEED]! + 1 / other[SPEED]!), [CPU]: one[CPU]! + other[CPU]! };
}

const BURST = 100_000;
const SIZES = [1000, 10_000, 40_000, BURST];

/** What Node-RED itself holds of a burst: the flow without the node. */
const WITHOUT = 'the burst without the node';

/** Bursts of several sizes, each in a Node-RED that has seen no larger one. */
export const claimsGrowth: Bench = {
  name: 'claims-growth',
  mostRounds: 2,
  work: () => 'claims, a message each, all at once; no latency',
  growth: {
    of: 'messages',
    figures: ['seconds', OVER_IDLE],
    sizeOf: (contender) => (contender === WITHOUT ? undefined : Number(contender.replace(/\D/g, ''))),
  },
  start: async (load) => {
    const folder = makeFolder();
    const service = await startService();
    const sizes = SIZES.map((size) => scaled(size, load.scale));
    const burst = scaled(BURST, load.scale);
    const tokens = await folder.tokens(Math.max(...sizes));
    const play = async (messages: number, flows = claimFlow(service.url)): Promise<Figures> => {
      await service.behave({});
      const contender = await startContender(flows, tokens);
      const { [SPEED]: speed, ...figures } = await contender.play({ tokens, messages });
      await contender.stop();
      return { seconds: messages / speed!, ...figures };
    };
    return {
      contenders: {
        ...Object.fromEntries(sizes.map((size) => [nameOf(size), () => play(size)])),
        [WITHOUT]: () => play(burst, flowOf([])),
      },
      goals: [{ contender: nameOf(burst), figure: OVER_IDLE, atMost: 120 }],
      stop: async () => {
        await service.stop();
        folder.remove();
      },
    };
  },
};

function nameOf(messages: number): string {
  return `${format(messages)} messages`;
}
