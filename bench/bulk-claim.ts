import { join } from 'node:path';
import { BLOCK, NOT_UPLOADED, startBulkClaim, startCoreCsv, writeRows } from './bulk';
import { OVER_IDLE } from './contender';
import { PRODUCT } from './flows';
import { makeFolder } from './folder';
import { scaled, SPEED, type Bench, type Figures } from './runner/bench';
import { format } from './runner/format';
import { mib } from './node-red/node-red';
import type { Rows } from './peers/bulk-undici';
import { startPeer } from './peers/peer';
import { startService } from './service/service';

const ROWS = 1_000_000;
/** Core's csv node holds all rows at once: a million take 1.5 GB and 20 s. */
const CORE_ROWS = 100_000;
/** Fewer rows, to see how cost grows. */
const SIZES = [100_000, 400_000];

/** What memory telling duplicates apart may take, in bytes a row, and all else, in MiB. */
const BYTES_A_ROW = 48;
const MIB_BESIDES = 64;

const FROM_TEXT = `${PRODUCT}, rows from text`;
const UNDICI = 'csv-parse and undici, no checks';

/** A long CSV, uploaded in parts of 1,000 rows. */
export const bulkClaim: Bench = {
  name: 'bulk-claim',
  work: (scale) => `${format(scaled(ROWS, scale))} rows of CSV, checked and uploaded in parts`,
  growth: {
    of: 'rows of a file',
    figures: ['seconds', OVER_IDLE, BLOCK],
    sizeOf: (contender) => (contender === PRODUCT ? ROWS : SIZES.find((size) => contender === sized(size))),
  },
  start: async (load) => {
    const rows = scaled(ROWS, load.scale);
    const coreRows = scaled(CORE_ROWS, load.scale);
    const folder = makeFolder();
    const path = await writeRows(folder, rows);
    const corePath = await writeRows(folder, coreRows);
    const service = await startService();
    const file = await startBulkClaim('file', service, folder, load);
    const text = await startBulkClaim('content', service, folder, load);
    const core = await startCoreCsv(folder, load);
    const peer = startPeer(join(__dirname, 'peers/bulk-undici.ts'));
    const alone = async (work: Rows): Promise<Figures> => {
      const { seconds, cpuMs, more } = await peer.measure(work);
      return { [SPEED]: rows / seconds, 'µs of CPU each': (cpuMs * 1000) / rows, [OVER_IDLE]: mib(more) };
    };
    const fewer: Record<string, () => Promise<Figures>> = {};
    for (const size of SIZES) {
      const count = scaled(size, load.scale);
      const fewerPath = await writeRows(folder, count);
      fewer[sized(size)] = () => file.play(fewerPath, count);
    }
    const bounds = [
      { figure: OVER_IDLE, atMost: MIB_BESIDES + mib(BYTES_A_ROW * rows) },
      { figure: BLOCK, atMost: 100 },
      { figure: NOT_UPLOADED, atMost: 0 },
    ];
    return {
      contenders: {
        [PRODUCT]: () => file.play(path, rows),
        [FROM_TEXT]: () => text.play(path, rows),
        ...fewer,
        [UNDICI]: () => alone({ path, url: service.url }),
        'csv-parse alone, rows only read': () => alone({ path }),
        [`core csv node, ${format(coreRows)} rows only read`]: () => core.play(corePath, coreRows),
      },
      goals: [
        { figure: SPEED, against: UNDICI, atLeast: 0.6 },
        ...bounds,
        ...bounds.map((bound) => ({ ...bound, contender: FROM_TEXT })),
      ],
      stop: async () => {
        for (const part of [file, text, core, peer, service]) await part.stop();
        folder.remove();
      },
    };
  },
};

function sized(rows: number): string {
  return `${PRODUCT}, ${format(rows)} rows`;
}
