import { OVER_IDLE } from './contender';
import type { Folder } from './folder';
import { scaled, SPEED, type Figures, type Load } from './runner/bench';
import { flowOf, mib, startBenchNodeRed, type BenchNodeRed, type Came } from './node-red/node-red';
import type { Service } from './service/service';
import type { FlowNode } from '../test/support/node-red-process';

export const BLOCK = 'longest block, ms';
export const NOT_UPLOADED = 'rows not uploaded';
/** Rows of the warm-up, which bring what first ones bring: compiled code, sockets. */
const WARM_UP_ROWS = 20_000;

/** A flow that takes many rows with one message. */
export interface Bulk {
  /** Takes the rows of a CSV file. */
  play: (path: string, rows: number) => Promise<Figures>;
  stop: () => Promise<void>;
}

/** A CSV of as many devices as rows, each with two tags. @returns its path */
export function writeRows(folder: Folder, rows: number): Promise<string> {
  return folder.tokens(rows, ',"location=Oslo,color=white"');
}

/**
 * Bulk claim in a Node-RED of its own.
 * @param input where its rows are: in a file, or in the message as text
 * @param properties of the node
 */
export async function startBulkClaim(
  input: 'file' | 'content',
  service: Service,
  folder: Folder,
  load: Load,
  properties: Record<string, unknown> = {},
): Promise<Bulk> {
  const node = { ...bulkClaimNode([[], [], ['sink']]), input, ...properties };
  const nodeRed = await startBenchNodeRed([connectionTo(service), ...flowOf([node])], load);
  return startBulk(nodeRed, folder, load.scale, async (path) => {
    if (input === 'file') return path;
    await nodeRed.loadText(path);
    return undefined;
  });
}

/** A bulk claim node; its summary leaves by the third output. */
export function bulkClaimNode(wires: string[][]): FlowNode {
  return { id: 'bulk', type: 'nrfcloud-bulk-claim', connection: 'connection', input: 'file', wires };
}

/** The connection of the nodes under test. */
export function connectionTo(service: Service): FlowNode {
  return { id: 'connection', type: 'nrfcloud-connection', baseUrl: service.url, api: 'guide' };
}

/** Core's csv node, which does nothing but read the rows, all at once. */
export async function startCoreCsv(folder: Folder, { scale }: Pick<Load, 'scale'>): Promise<Bulk> {
  const nodeRed = await startBenchNodeRed(
    flowOf([
      { id: 'file', type: 'file in', filename: 'payload', filenameType: 'msg', format: 'utf8', wires: [['csv']] },
      { id: 'csv', type: 'csv', spec: 'rfc', sep: ',', temp: 'token,tags', multi: 'mult', wires: [['sink']] },
    ]),
  );
  return startBulk(nodeRed, folder, scale, (path) => Promise.resolve(path));
}

/** @param prepare makes everything ready, and gives the payload */
async function startBulk(
  nodeRed: BenchNodeRed,
  folder: Folder,
  scale: number,
  prepare: (path: string) => Promise<string | undefined>,
): Promise<Bulk> {
  await nodeRed.one(await prepare(await writeRows(folder, scaled(WARM_UP_ROWS, scale))));
  const { rss } = await nodeRed.resetGauge();
  return {
    play: async (path, rows) => {
      const payload = await prepare(path);
      const ready = await nodeRed.resetGauge();
      // A text that is there before is not what handling it takes.
      const idle = payload === undefined ? ready.rss : rss;
      const { seconds, payload: result } = await nodeRed.one(payload);
      const { peak, longestBlockMs, cpuMs } = await nodeRed.readGauge();
      return {
        [SPEED]: rows / seconds,
        seconds,
        'µs of CPU each': (cpuMs * 1000) / rows,
        [OVER_IDLE]: mib(peak - idle),
        [BLOCK]: longestBlockMs,
        ...(isSummary(result) ? { [NOT_UPLOADED]: rows - result.uploaded } : {}),
      };
    },
    stop: nodeRed.stop,
  };
}

/** Whether a payload is the summary of a bulk claim. */
export function isSummary(result: Came['payload']): result is { uploaded: number } {
  return typeof result === 'object' && result !== null && 'uploaded' in result;
}
