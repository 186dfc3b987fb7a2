import { startBulkClaim, writeRows } from './bulk';
import { makeFolder } from './folder';
import { PRODUCT } from './flows';
import { scaled, SPEED, type Bench, type Figures } from './runner/bench';
import { format } from './runner/format';
import { startService } from './service/service';

const UPLOADS = 200;
/** Few, so that the processor does not limit the uploads on a busy machine. */
const ROWS_PER_UPLOAD = 100;
const LATENCY_MS = 100;
/** Goals by `uploadsAtOnce`: how many times as fast as one at a time. */
const GOALS = new Map([
  [16, 12],
  [4, 3.6],
]);

/** Uploads behind a network: what several in flight bring. */
export const uploadsAtOnce: Bench = {
  name: 'uploads-at-once',
  mostRounds: 1,
  work: (scale) =>
    `${format(scaled(UPLOADS, scale))} uploads of ${format(ROWS_PER_UPLOAD)} rows; ${LATENCY_MS} ms latency`,
  start: async (load) => {
    const rows = scaled(UPLOADS, load.scale) * ROWS_PER_UPLOAD;
    const folder = makeFolder();
    const path = await writeRows(folder, rows);
    const service = await startService();
    const contenders: Record<string, () => Promise<Figures>> = {};
    const started: { stop: () => Promise<void> }[] = [];
    for (const count of [...GOALS.keys(), 1]) {
      await service.behave({});
      const bulk = await startBulkClaim('file', service, folder, load, {
        uploadsAtOnce: count,
        rowsPerUpload: ROWS_PER_UPLOAD,
      });
      started.push(bulk);
      contenders[named(count)] = async () => {
        await service.behave({ latencyMs: LATENCY_MS });
        return bulk.play(path, rows);
      };
    }
    return {
      contenders,
      goals: [...GOALS].map(([count, atLeast]) => ({
        contender: named(count),
        figure: SPEED,
        against: named(1),
        atLeast,
      })),
      stop: async () => {
        for (const part of [...started, service]) await part.stop();
        folder.remove();
      },
    };
  },
};

function named(count: number): string {
  return `${PRODUCT}, ${count} at once`;
}
