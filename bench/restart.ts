import { setTimeout as pause } from 'node:timers/promises';
import { rmSync } from 'node:fs';
import { eventually } from '../harness/eventually';
import { makeUserDir } from '../harness/node-red';
import { OVER_IDLE } from './contender';
import { PRODUCT } from './flows';
import { makeFolder } from './folder';
import { mib, startBenchNodeRed } from './node-red/node-red';
import { scaled, type Bench, type Figures, type Load } from './runner/bench';
import { format } from './runner/format';
import { startService, type Service } from './service/service';
import { EVERY_S, PENDING, productFlow, writeIds } from './watches';

const UP = 's until it polls again';
const ALL = 's until all were polled';
const BUSIEST = 'busiest second, × an even share';
const MISSING = 'operations not polled';
const PATIENCE_MS = 120_000;
/** How long memory is looked at after all operations were polled, in milliseconds. */
const LOOK_MS = 5000;

/** Node-RED is killed while bulk operations are pending, and started again. */
export const restart: Bench = {
  name: 'restart',
  mostRounds: 2,
  work: (scale) =>
    `SIGKILL with ${format(scaled(PENDING, scale))} pending operations, polled every ${EVERY_S} s; started again`,
  start: async (load) => {
    const operations = scaled(PENDING, load.scale);
    const service = await startService();
    return {
      contenders: { [PRODUCT]: () => play(service, operations, load) },
      goals: [
        { figure: UP, atMost: 3 },
        { figure: BUSIEST, atMost: 1.5 },
        { figure: MISSING, atMost: 0 },
        { figure: OVER_IDLE, atMost: 48 },
      ],
      stop: () => service.stop(),
    };
  },
};

async function play(service: Service, operations: number, load: Load): Promise<Figures> {
  const userDir = makeUserDir();
  const folder = makeFolder();
  const start = () => startBenchNodeRed(productFlow(service.url), load, userDir);
  const allPolled = (): Promise<true> =>
    eventually(
      async () => (await service.counts()).watched >= operations || undefined,
      `a poll of each of ${operations} operations`,
      PATIENCE_MS,
    );
  let nodeRed = await start();
  try {
    const { rss: idle } = await nodeRed.resetGauge();
    await service.behave({});
    await nodeRed.send({ tokens: writeIds(folder, operations), messages: operations });
    await allPolled();
    const ended = nodeRed.kill();
    const killedAt = Date.now();
    await ended;
    await service.behave({});
    nodeRed = await start();
    const upAt = Date.now();
    await allPolled();
    const polledAt = Date.now();
    const { watched, firstPollAt, pollsByTenth } = await service.counts();
    const { peak } = await nodeRed.readGauge();
    await nodeRed.resetGauge();
    await pause(scaled(LOOK_MS, load.scale));
    const look = await nodeRed.readGauge();
    return {
      [UP]: (Math.max(upAt, firstPollAt) - killedAt) / 1000,
      [ALL]: (polledAt - killedAt) / 1000,
      [BUSIEST]: busiestSecond(pollsByTenth) / (operations / EVERY_S),
      [MISSING]: operations - watched,
      [OVER_IDLE]: mib(look.peak - idle),
      'MiB over idle at first': mib(peak - idle),
    };
  } finally {
    await nodeRed.stop();
    rmSync(userDir, { recursive: true, force: true });
    folder.remove();
  }
}

/** Most polls within a second. */
function busiestSecond(byTenth: readonly number[]): number {
  const sums = byTenth.map((_, index) => byTenth.slice(index, index + 10).reduce((sum, count) => sum + count, 0));
  return Math.max(0, ...sums);
}
