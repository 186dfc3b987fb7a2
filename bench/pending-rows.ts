import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../harness/eventually';
import { BLOCK, bulkClaimNode, connectionTo, isSummary, NOT_UPLOADED, writeRows } from './bulk';
import { OVER_IDLE } from './contender';
import { PRODUCT } from './flows';
import { makeFolder } from './folder';
import { flowOf, mib, startBenchNodeRed, type BenchNodeRed } from './node-red/node-red';
import { scaled, SPEED, type Bench, type Figures, type Load } from './runner/bench';
import { format } from './runner/format';
import { startService, type Service } from './service/service';
import type { FlowNode } from '../test/support/node-red-process';

const ROWS = 1_000_000;
/** What telling duplicates apart may take, in bytes a row, and all else, in MiB. */
const BYTES_A_ROW = 100;
const MIB_BESIDES = 96;
const MAX_BLOCK_MS = 100;
/** Longest time that the operations may take to be pending or to end, in milliseconds. */
const PATIENCE_MS = 120_000;

const PENDING = 'MiB over idle, all pending';
const JOURNAL = 'MiB on disk, all pending';
const END_MEMORY = 'MiB over idle while they end';
const BUSY = 'longest block on the CPU, ms';
const END_BLOCK = 'longest block while they end, ms';
const END_BUSY = 'longest block on the CPU while they end, ms';
const FLUSHES = 'flushes on the event loop';
const NOT_REPORTED = 'rows not reported once';

/** A long file through bulk claim and bulk status: all its operations are pending at once, and then all end. */
export const pendingRows: Bench = {
  name: 'pending-rows',
  mostRounds: 2,
  work: (scale) => `${format(scaled(ROWS, scale))} rows of CSV claimed and followed, all operations pending at once`,
  start: async (load) => {
    const rows = scaled(ROWS, load.scale);
    const folder = makeFolder();
    const path = await writeRows(folder, rows);
    const service = await startService();
    const atMost = MIB_BESIDES + mib(BYTES_A_ROW * rows);
    return {
      contenders: { [PRODUCT]: () => play(service, path, rows, load) },
      goals: [
        { figure: OVER_IDLE, atMost },
        { figure: END_MEMORY, atMost },
        // On a busy machine a process also waits for a CPU.
        { figure: BUSY, atMost: MAX_BLOCK_MS },
        { figure: END_BUSY, atMost: MAX_BLOCK_MS },
        { figure: FLUSHES, atMost: 0 },
        { figure: NOT_UPLOADED, atMost: 0 },
        { figure: NOT_REPORTED, atMost: 0 },
      ],
      stop: async () => {
        await service.stop();
        folder.remove();
      },
    };
  },
};

/** One round in a Node-RED that has done nothing before. */
async function play(service: Service, path: string, rows: number, load: Load): Promise<Figures> {
  await service.behave({});
  const nodeRed = await startBenchNodeRed(followedFlow(service), load);
  try {
    const { rss: idle } = await nodeRed.resetGauge();
    const { seconds, payload } = await nodeRed.one(path);
    if (!isSummary(payload)) throw new Error(`the bulk claim failed: ${JSON.stringify(payload)}`);
    const allWatched = async (): Promise<true | undefined> => {
      const { watched, uploads } = await service.counts();
      return watched === uploads || undefined;
    };
    await eventually(allWatched, 'a poll of each operation', PATIENCE_MS);
    const begin = await nodeRed.readGauge();
    const pending = await nodeRed.resetGauge();
    const journal = sizeOfJournal(nodeRed);
    await service.behave({ polls: 1 });
    const allReported = async (): Promise<number | undefined> => {
      const results = await nodeRed.results();
      return results.rows >= rows ? results.rows : undefined;
    };
    const reported = await eventually(allReported, 'the result of each operation', PATIENCE_MS);
    const end = await nodeRed.readGauge();
    return {
      [SPEED]: rows / seconds,
      seconds,
      'µs of CPU each': (begin.cpuMs * 1000) / rows,
      [OVER_IDLE]: mib(begin.peak - idle),
      [PENDING]: mib(pending.rss - idle),
      [JOURNAL]: mib(journal),
      [END_MEMORY]: mib(end.peak - idle),
      [BLOCK]: begin.longestBlockMs,
      [BUSY]: begin.longestBusyMs ?? begin.longestBlockMs,
      [END_BLOCK]: end.longestBlockMs,
      [END_BUSY]: end.longestBusyMs ?? end.longestBlockMs,
      [FLUSHES]: begin.blockingFlushes + end.blockingFlushes,
      [NOT_UPLOADED]: rows - payload.uploaded,
      [NOT_REPORTED]: reported - rows,
    };
  } finally {
    await nodeRed.stop();
  }
}

function sizeOfJournal({ userDir }: BenchNodeRed): number {
  const folder = join(userDir, 'nrfcloud-provisioning');
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Both nodes, wired as in most flows, with their default settings but for a shorter interval. */
function followedFlow(service: Service): FlowNode[] {
  const wires = [['results'], ['results'], []];
  const status = { id: 'status', type: 'nrfcloud-bulk-status', connection: 'connection', maxInterval: 5, wires };
  return [connectionTo(service), ...flowOf([bulkClaimNode([['status'], [], ['sink']]), status])];
}
