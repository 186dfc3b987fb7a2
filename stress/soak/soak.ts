import { join } from 'node:path';
import { DeviceKeys } from '../../simulator/identity/device-keys';
import { Mint } from '../../simulator/identity/mint';
import { keyFor, startNodeRedProcess, type FlowNode } from '../../test/support/node-red-process';
import { postJson } from '../../test/support/post-json';
import { startSoakService, UUID_OFFSET, type SoakCounts } from './fast-service';

/** How long a soak is. */
export interface SoakOptions {
  claims: number;
  /** Bulk claims, and commands that are waited for. */
  operations: number;
  /** Devices that are followed; as many join each operation. */
  devices: number;
  /** Claims between two samples. */
  every: number;
  /** Nothing is sent after this many seconds. */
  seconds: number;
  onSample?: (sample: Sample) => void;
}

/** What the process held when nothing was on its way. */
export interface Sample {
  claims: number;
  operations: number;
  seconds: number;
  /** Bytes; the heap after a garbage collection. */
  heapUsed: number;
  rss: number;
  external: number;
  /** What keeps the event loop busy, by its name in Node.js. */
  resources: Record<string, number>;
  /** Listeners of the process, of Node-RED's events and of its HTTP server. */
  listeners: number;
}

/** What a soak came to. */
export interface SoakResult {
  claims: number;
  operations: number;
  seconds: number;
  /** Endings by node. */
  ended: Record<'claim' | 'bulk' | 'watch' | 'command' | 'onboarding', number>;
  /** Endings by node and code. */
  codes: Record<string, number>;
  /** Results of the nodes between claim and connection, by node and output. */
  results: Record<string, number>;
  twice: number;
  samples: Sample[];
  service: SoakCounts;
  /** Lines of the log that warn of a leak or tell of an error that nobody caught. */
  warnings: string[];
}

const CONCURRENCY = 16;
/** Rows of a bulk claim; as in the plugin. */
const ROWS = 20;

/** Claims for long in a real Node-RED, in a process of its own. */
export async function soak({ onSample, ...options }: SoakOptions): Promise<SoakResult> {
  const service = await startSoakService();
  try {
    const mint = new Mint('soak', new DeviceKeys('soak'));
    const flows = flowsFor(service.url, service.deviceApiUrl);
    const nodeRed = await startNodeRedProcess({
      flows,
      credentials: keyFor(flows, 'sim-key'),
      env: { SOAK_TOKEN: mint.mint({ signed: false }).claimToken, SOAK_UUID_OFFSET: String(UUID_OFFSET) },
      settings: { nodesDir: join(__dirname, 'soak-plugin') },
    });
    try {
      const told = <T>(what: string): T[] =>
        nodeRed.log
          .filter((line) => line.startsWith(`${what} {`))
          .map((line) => JSON.parse(line.slice(what.length)) as T);
      await nodeRed.admin('/soak', postJson(options));
      const end = await new Promise<Omit<SoakResult, 'samples' | 'service' | 'warnings'>>((settle, reject) => {
        let seen = 0;
        const look = setInterval(() => {
          const samples = told<Sample>('soak-sample');
          for (; seen < samples.length; seen++) onSample?.(samples[seen]!);
          const [found] = told<Omit<SoakResult, 'samples' | 'service' | 'warnings'>>('soak-end');
          if (found === undefined) return;
          clearInterval(look);
          settle(found);
        }, 100);
        nodeRed.lost.catch((error: unknown) => {
          clearInterval(look);
          reject(error instanceof Error ? error : new Error(String(error)));
        });
      });
      const warnings = nodeRed.log.filter((line) => /MaxListeners|Uncaught|Unhandled|\[error\]|\[fatal\]/i.test(line));
      return { ...end, samples: told<Sample>('soak-sample'), service: service.counts, warnings };
    } finally {
      await nodeRed.stop();
    }
  } finally {
    service.close();
  }
}

/** Sentences about what got lost or grew, the heap aside; empty if nothing did. */
export function discrepancies({
  claims,
  operations,
  ended,
  codes,
  results,
  twice,
  samples,
  warnings,
  service,
}: SoakResult): string[] {
  const found = [...warnings];
  const { claim, ...others } = ended;
  if (claim !== claims || Object.values(others).some((count) => count !== operations)) {
    found.push(`not every message ended: ${JSON.stringify({ claims, operations, ended })}`);
  }
  const claimed = codes['claim ok'] ?? 0;
  // A claim that ended as unavailable may have been done; its error says so.
  const unclear = codes['claim NRFCLOUD_UNAVAILABLE'] ?? 0;
  if (service.claims < claimed || service.claims > claimed + unclear) {
    found.push(`${claimed} claims ended well, ${unclear} may have been done, and the service did ${service.claims}`);
  }
  const rows = ROWS * (codes['bulk ok'] ?? 0);
  if (service.rows < rows) found.push(`${rows} rows were uploaded, and the service has ${service.rows}`);
  const { onboarding } = service;
  const created = codes['command ok'] ?? 0;
  const mayBeCreated = created + (codes['command NRFCLOUD_UNAVAILABLE'] ?? 0);
  if (onboarding.commands < created || onboarding.commands > mayBeCreated || onboarding.repeated > 0) {
    found.push(
      `${created} to ${mayBeCreated} commands were created, and the service has ${JSON.stringify(onboarding)}`,
    );
  }
  const told = {
    'command 0': onboarding.succeeded,
    'command 1': onboarding.failed,
    'onboarding 0': onboarding.onboarded,
    'onboarding 1': 0,
  };
  for (const [name, count] of Object.entries(told)) {
    if ((results[name] ?? 0) !== count) found.push(`${name}: ${results[name] ?? 0} results, the service told ${count}`);
  }
  if (twice > 0) found.push(`${twice} messages ended twice`);
  const failed = Object.entries(codes).filter(([name]) => !/ ok$| NRFCLOUD_UNAVAILABLE$/.test(name));
  if (failed.length > 0) found.push(`messages ended in errors: ${JSON.stringify(failed)}`);
  const [first, last] = [samples[0]!, samples.at(-1)!];
  // Besides what was there before: the connection's kept sockets, and undici's one timer for them and the watch's.
  const allowed: Record<string, number> = { TCPSocketWrap: CONCURRENCY + 2, TCPWRAP: CONCURRENCY + 2, Timeout: 6 };
  for (const [name, count] of Object.entries(last.resources)) {
    const most = (first.resources[name] ?? 0) + (allowed[name] ?? 2);
    if (count > most) found.push(`${count} of ${name} are left, at most ${most} expected`);
  }
  if (last.listeners > first.listeners) found.push(`listeners grew from ${first.listeners} to ${last.listeners}`);
  return found;
}

/** Growth per 100,000 claims, by least squares over the samples after the first fifth; `undefined` of too few. */
export function slope(samples: Sample[], of: (sample: Sample) => number): number | undefined {
  const warm = samples.slice(Math.max(2, Math.ceil(samples.length / 5)));
  if (warm.length < 3) return undefined;
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const xs = warm.map(({ claims }) => claims / 100_000);
  const ys = warm.map(of);
  const [x, y] = [mean(xs), mean(ys)];
  const over = xs.reduce((sum, one, index) => sum + (one - x) * (ys[index]! - y), 0);
  return over / xs.reduce((sum, one) => sum + (one - x) ** 2, 0);
}

function flowsFor(baseUrl: string, deviceApiUrl: string): FlowNode[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const ours = { ...place, connection: 'connection' };
  return [
    { id: 'tab', type: 'tab', label: 'soak' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, deviceApiUrl, api: 'guide', concurrency: CONCURRENCY },
    {
      ...place,
      id: 'source',
      type: 'function',
      func: 'return null;',
      outputs: 4,
      wires: [['claim'], ['bulk'], ['command'], ['onboarding']],
    },
    { ...ours, id: 'claim', type: 'nrfcloud-claim', wires: [['after']] },
    { ...ours, id: 'bulk', type: 'nrfcloud-bulk-claim', wires: [['watch'], ['after'], ['after']] },
    {
      ...ours,
      id: 'watch',
      type: 'nrfcloud-bulk-status',
      interval: 0.05,
      maxInterval: 0.1,
      wires: [['after'], ['after'], ['after']],
    },
    {
      ...ours,
      id: 'command',
      type: 'nrfcloud-command',
      interval: 0.05,
      maxInterval: 0.1,
      wires: [['after'], ['after'], ['after']],
    },
    {
      ...ours,
      id: 'onboarding',
      type: 'nrfcloud-onboarding',
      interval: 0.05,
      maxInterval: 0.1,
      pollRate: 1000,
      wires: [['after'], ['after'], ['after']],
    },
    { ...place, id: 'after', type: 'function', func: 'return null;', outputs: 1, wires: [[]] },
    { ...place, id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['after']] },
  ];
}
