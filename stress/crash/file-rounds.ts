import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { makeUserDir } from '../../harness/node-red';
import { startSimulator, type Simulator } from '../../simulator/index';
import { seededRandom } from '../../simulator/identity/seeded';
import type { FlowNode, NodeRedProcess } from '../../test/support/node-red-process';
import { startNodeRed } from './node-red';
import { RecordsOnDisk, type CrashStore } from './records';

/** How a file is claimed while Node-RED is killed again and again. */
export interface FileRoundOptions {
  seed: number;
  store: CrashStore;
  rows: number;
  /** Most kills of a round; the last run is left to end. */
  kills: number;
  /** After each kill the journal loses what was not flushed to disk, but for a torn part of it. */
  powerLoss: boolean;
}

/** Longest time that the service takes for an operation, in milliseconds, so that some are pending when Node-RED is killed. */
const MAX_PENDING_MS = 3000;
/** A kill comes at most so long after a request, in milliseconds. */
const MAX_DELAY_MS = 30;
/** Node-RED is killed although no further request comes, in milliseconds. */
const MAX_IDLE_MS = 2000;
/** Longest time that the last run may take, in milliseconds, beside one for each row: rows of a repeated upload are looked up. */
const MAX_LAST_RUN_MS = 300_000;
/** Characters of a line of Node-RED's log that are shown: a report has thousands. */
const MAX_LOG_LINE = 200;
/** How often the records are looked at, in milliseconds. */
const LOOK_MS = 250;
/** The least pause between two looks, in times that the first of them took. */
const LOOK_PART = 20;

/** What a round came to. */
export interface FileRoundResult {
  kills: number;
  /** Rows that were reported by bulk status or rejected, and those that were reported more than once. */
  reported: number;
  repeated: number;
  claimed: number;
  summaries: number;
  discrepancies: string[];
}

/** A line of the flow's reports. */
interface Report {
  lines: number[];
  resumed: boolean;
}

/** Claims a file by bulk claim and bulk status, and kills Node-RED at random moments. */
export async function fileRound({ seed, store, rows, kills, powerLoss }: FileRoundOptions): Promise<FileRoundResult> {
  const random = seededRandom(`file ${seed}`);
  const userDir = makeUserDir();
  const simulator = await startSimulator({
    api: 'guide',
    latency: [2, 20],
    bulkPendingMs: 50 + Math.floor(random() * MAX_PENDING_MS),
    bulkProgressMs: 50,
    record: false,
    verify: false,
  });
  let nodeRed: NodeRedProcess | undefined;
  const log: string[] = [];
  const found: string[] = [];
  try {
    const minted = simulator.mintMany(rows, { signed: false });
    writeFileSync(join(userDir, 'devices.csv'), minted.map(({ claimToken }) => `${claimToken}\n`).join(''));
    const env = powerLoss ? { NODE_OPTIONS: `--require=${join(__dirname, 'power-loss.cjs')}` } : {};
    const launch = (flows?: FlowNode[]): Promise<NodeRedProcess> => startNodeRed(userDir, flows, { env });
    nodeRed = await launch(fileFlow(simulator.url, store));
    await fetch(`${nodeRed.url}/claim`, { method: 'POST' });
    let killed = 0;
    while (killed < kills) {
      await afterRequests(simulator, 1 + Math.floor((random() * rows) / 150));
      await pause(random() * MAX_DELAY_MS);
      await nodeRed.kill();
      killed++;
      log.push(...nodeRed.log);
      if (powerLoss) loseUnflushed(join(userDir, 'nrfcloud-provisioning'), random);
      const rest = new RecordsOnDisk(userDir, store).read().length;
      nodeRed = await launch();
      if (rest === 0) break;
    }
    await ended(new RecordsOnDisk(userDir, store), nodeRed, MAX_LAST_RUN_MS + rows);
    log.push(...nodeRed.log);
    return judge(
      log,
      minted.map(({ deviceUuid }) => simulator.claims.get(deviceUuid) ?? 0),
      killed,
      found,
    );
  } finally {
    await nodeRed?.stop();
    await simulator.close();
    rmSync(userDir, { recursive: true, force: true });
  }
}

/** Resolves after `count` more requests to the service, or when it has had none for {@link MAX_IDLE_MS}. */
function afterRequests({ events }: Simulator, count: number): Promise<void> {
  return new Promise((settle) => {
    const end = (): void => {
      clearTimeout(idle);
      events.off('request', onRequest);
      settle();
    };
    let idle = setTimeout(end, MAX_IDLE_MS);
    let rest = count;
    const onRequest = (): void => {
      clearTimeout(idle);
      if (--rest <= 0) end();
      else idle = setTimeout(end, MAX_IDLE_MS);
    };
    events.on('request', onRequest);
  });
}

async function ended(records: RecordsOnDisk, nodeRed: NodeRedProcess, patienceMs: number): Promise<void> {
  const limit = Date.now() + patienceMs;
  for (;;) {
    const lookedAt = performance.now();
    const rest = records.read();
    if (rest.length === 0) break;
    const tookMs = performance.now() - lookedAt;
    if (Date.now() > limit) {
      const left = rest.map(({ node, state }) => `${node}: ${JSON.stringify(state['work'])}`);
      const log = nodeRed.log.map((line) => line.slice(0, MAX_LOG_LINE));
      throw new Error(['the work did not end; what is recorded:', ...left, "Node-RED's log:", ...log].join('\n'));
    }
    // The service is in this process, too, and stands still while a context store with the rows of a large file is read.
    await Promise.race([pause(Math.max(LOOK_MS, LOOK_PART * tookMs)), nodeRed.lost]);
  }
  // What was sent last is in the log after a turn of Node-RED's HTTP.
  await (await nodeRed.admin('/settings')).text();
}

function judge(log: string[], claims: number[], kills: number, found: string[]): FileRoundResult {
  const rows = claims.length;
  const reports = log
    .flatMap((line) => /\{"lines".*\}/.exec(line)?.[0] ?? [])
    .map((text) => JSON.parse(text) as Report);
  const times = new Array<number>(rows).fill(0);
  const unmarked = new Array<number>(rows).fill(0);
  for (const { lines, resumed } of reports) {
    for (const line of lines) {
      times[line - 1]!++;
      if (!resumed) unmarked[line - 1]!++;
    }
  }
  const count = (values: number[], is: (value: number) => boolean): number => values.filter(is).length;
  const say = (number: number, what: string): void => {
    if (number > 0) found.push(`${number} rows ${what}`);
  };
  say(
    count(times, (value) => value === 0),
    'were never reported',
  );
  say(
    count(unmarked, (value) => value > 1),
    'were reported more than once without being marked as resumed',
  );
  say(
    count(claims, (value) => value !== 1),
    'were not claimed exactly once',
  );
  const summaries = log.filter((line) => line.includes('summary of the file')).length;
  if (summaries === 0) found.push('there was no summary');
  for (const line of log) if (/\[fatal\]|Uncaught|Unhandled|TypeError/.test(line)) found.push(line);
  return {
    kills,
    reported: count(times, (value) => value > 0),
    repeated: count(times, (value) => value > 1),
    claimed: claims.reduce((sum, value) => sum + value, 0),
    summaries,
    discrepancies: found,
  };
}

/** A power loss: of what was not flushed, nothing or the beginning is on disk, and a file system may add zeros. */
function loseUnflushed(folder: string, random: () => number): void {
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.jsonl'))) {
    const path = join(folder, name);
    const flushed = existsSync(`${path}.flushed`) ? Number(readFileSync(`${path}.flushed`, 'utf8')) : 0;
    const { size } = statSync(path);
    const kept = flushed + Math.floor(random() * (size - flushed));
    if (size <= flushed) continue;
    truncateSync(path, kept);
    if (random() < 0.5) truncateSync(path, size);
  }
}

function fileFlow(baseUrl: string, store: CrashStore): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const ours = { ...place, connection: 'connection', store };
  const tell = (id: string, func: string): FlowNode => ({ ...place, id, type: 'function', func, wires: [] });
  const report = (rows: string): string =>
    `node.warn(JSON.stringify({ lines: ${rows}.map(({ line }) => line), resumed: msg.resumed === true }));`;
  return [
    { id: 'tab', type: 'tab', label: 'file' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, api: 'guide' },
    { ...place, id: 'in', type: 'http in', url: '/claim', method: 'post', wires: [['respond', 'path']] },
    { ...place, id: 'respond', type: 'http response', wires: [] },
    { ...place, id: 'path', type: 'function', func: "return { payload: 'devices.csv' };", wires: [['bulk']] },
    {
      ...ours,
      id: 'bulk',
      type: 'nrfcloud-bulk-claim',
      input: 'file',
      rowsPerUpload: 500,
      wires: [['watch'], ['rejected'], ['summary']],
    },
    {
      ...ours,
      id: 'watch',
      type: 'nrfcloud-bulk-status',
      interval: 0.1,
      maxInterval: 0.2,
      wires: [['report'], ['report'], []],
    },
    tell('report', report('msg.rows')),
    tell('rejected', report('msg.payload')),
    tell('summary', "node.warn('summary of the file')"),
  ];
}
