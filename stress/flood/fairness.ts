import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import claimNode from '../../nodes/nrfcloud-claim';
import devicesNode from '../../nodes/nrfcloud-devices';
import { startSimulator } from '../../simulator/index';
import { startNodeRig, stopNodeRig } from '../../test/support/node-rig';

/** Who shares a connection, and how. */
export interface FairnessOptions {
  concurrency: number;
  claims: number;
  /** How many claims wait in the other node; the listing has twenty times as many devices, the file four times as many rows. */
  backlog: number;
  /** Whether another node uploads a file, one lists all devices, and one has many claims waiting. */
  busy: boolean;
}

/** What one claim node got of a connection. */
export interface FairnessResult {
  claimsPerSecond: number;
  /** Milliseconds from a claim's message to its ending when it comes alone, in the middle and for the slowest. */
  latencyMs: { median: number; slowest: number };
  /** Requests of the others that came to the service while a claim that came alone waited, for the unluckiest. */
  overtaken: number;
  /** Requests that the others got through meanwhile. */
  others: number;
}

/** Milliseconds that the service takes for an answer. */
const LATENCY_MS = 5;

/** Sends claims through a connection that others keep busy: one after another, and then all at once. */
export async function shareConnection({
  concurrency,
  claims,
  backlog,
  busy,
}: FairnessOptions): Promise<FairnessResult> {
  const simulator = await startSimulator({ latency: LATENCY_MS, verify: false, bulkPendingMs: 0 });
  simulator.fill(20 * backlog);
  const place = { z: 'tab', x: 1, y: 1, wires: [[], [], []], connection: 'connection' };
  const rig = await startNodeRig({
    node: claimNode,
    type: 'nrfcloud-claim',
    connection: { baseUrl: simulator.url, concurrency },
    types: [bulkClaimNode, devicesNode],
    nodes: [
      { ...place, id: 'upload', type: 'nrfcloud-bulk-claim', rowsPerUpload: 10 },
      { ...place, id: 'list', type: 'nrfcloud-devices', mode: 'page' },
      { ...place, id: 'backlog', type: 'nrfcloud-claim' },
    ],
  });
  try {
    const tokens = (count: number): string[] =>
      simulator.mintMany(count, { signed: false }).map(({ claimToken }) => claimToken);
    if (busy) {
      rig.other('upload').receive({ payload: tokens(4 * backlog) });
      rig.other('list').receive({ payload: '' });
      for (const payload of tokens(backlog)) rig.other('backlog').receive({ payload });
      await new Promise((resolve) => simulator.events.once('response', resolve));
    }
    const before = simulator.requestCount;
    const latencies: number[] = [];
    let overtaken = 0;
    for (const [index, payload] of tokens(Math.ceil(claims / 10)).entries()) {
      const seen = simulator.requestCount;
      const started = performance.now();
      rig.send({ payload });
      await rig.ended(index + 1);
      latencies.push(performance.now() - started);
      overtaken = Math.max(overtaken, simulator.requestCount - seen - 1);
    }
    const sent = latencies.length;
    const started = performance.now();
    for (const payload of tokens(claims)) rig.send({ payload });
    await rig.ended(sent + claims);
    const seconds = (performance.now() - started) / 1000;
    if (rig.caught.length > 0) throw new Error(`${rig.caught.length} claims failed`);
    latencies.sort((a, b) => a - b);
    return {
      claimsPerSecond: Math.round(claims / seconds),
      latencyMs: { median: Math.round(latencies[latencies.length >> 1]!), slowest: Math.round(latencies.at(-1)!) },
      overtaken,
      others: simulator.requestCount - before - sent - claims,
    };
  } finally {
    await stopNodeRig();
    await simulator.close();
  }
}
