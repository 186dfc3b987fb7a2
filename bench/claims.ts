import { join } from 'node:path';
import { OVER_IDLE, startContender, type Contender } from './contender';
import { claimFlow, CONCURRENCY, coreFlow, CORE, idleFlow, PRODUCT } from './flows';
import { makeFolder } from './folder';
import { scaled, SPEED, type Bench, type Figures, type Goal } from './harness/bench';
import { format } from './harness/table';
import { startPeer, type Peer } from './peers/peer';
import { startSequential, type Sequential } from './peers/sequential';
import { startService } from './service/service';

/** A message per device. */
interface Condition {
  name: string;
  messages: number;
  /** Devices of the script that claims one by one; fewer, as it is a rate that counts. */
  byOne: number;
  latencyMs: number;
  goals: readonly Goal[];
}

const UNDICI = `undici alone, ${CONCURRENCY} at once`;

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
