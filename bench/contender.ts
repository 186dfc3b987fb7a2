import type { FlowNode } from '../test/support/node-red-process';
import { CONCURRENCY } from './flows';
import { SPEED, type Figures, type Load } from './runner/bench';
import { mib, startBenchNodeRed, type BenchNodeRed, type Messages } from './node-red/node-red';

/** Messages that bring what first ones bring: compiled code, sockets. */
export const WARM_UP = 500;
/** CPU time of a message. */
export const CPU = 'µs of CPU each';
export const OVER_IDLE = 'MiB over idle';

/** A flow in a Node-RED of its own, which has done some work already, as first messages bring what any first ones do. */
export interface Contender extends Pick<BenchNodeRed, 'deploy' | 'idle' | 'readGauge' | 'stop'> {
  /** Sends messages through the flow. */
  play: (messages: Messages) => Promise<Figures>;
}

/** @param tokens path of a file with a token per line, for the first work */
export async function startContender(
  flows: FlowNode[],
  tokens: string,
  load?: Pick<Load, 'profiles'>,
): Promise<Contender> {
  const nodeRed = await startBenchNodeRed(flows, load);
  await nodeRed.work({ tokens, messages: WARM_UP, inFlight: CONCURRENCY });
  const idle = await nodeRed.resetGauge();
  return {
    ...nodeRed,
    play: async (messages) => {
      await nodeRed.resetGauge();
      const { ok, failed, lost, seconds } = await nodeRed.work(messages);
      const { peak, longestBlockMs, cpuMs } = await nodeRed.readGauge();
      return {
        [SPEED]: ok / seconds,
        [CPU]: (cpuMs * 1000) / messages.messages,
        [OVER_IDLE]: mib(peak - idle.rss),
        'longest block, ms': longestBlockMs,
        'failed or lost': failed + lost,
      };
    },
  };
}
