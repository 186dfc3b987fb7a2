/**
 * A long CSV file through bulk claim in a real Node-RED: rows per second, memory above idle, longest block of the event
 * loop. Run with `npm run build && npx tsx bench/bulk-claim.ts [rows]` (default 1,000,000; about 210 MB in the system's
 * folder for temporary files). A plain fast server plays the service, so that the simulator's work is not measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNodeRed } from '../demo/node-red';
import { freePort, LOOPBACK } from '../demo/ports';
import { writeCsv } from './csv-file';

interface Gauge {
  rss: number;
  peak: number;
  longestBlockMs: number;
}

async function main(): Promise<void> {
  const rows = Number(process.argv[2] ?? 1_000_000);
  const folder = mkdtempSync(join(tmpdir(), 'bulk-claim-bench-'));
  let uploads = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(202, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ bulkOpsRequestId: String(++uploads).padStart(26, '0') }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, () => resolve()));
  const { port } = server.address() as AddressInfo;
  const nodeRed = startNodeRed({
    port: await freePort(0),
    flows: flows(`http://${LOOPBACK}:${port}/v1`),
    credentials: { connection: { apiKey: 'x' } },
    settings: { nodesDir: [join(__dirname, 'node-red/plugin')] },
  });
  try {
    const path = join(folder, 'tokens.csv');
    await writeCsv(path, rows, () => ',"location=Oslo,color=white"');
    await nodeRed.ready;
    const gauge = async (method: string): Promise<Gauge> =>
      (await (await fetch(`${nodeRed.adminUrl}/gauge`, { method })).json()) as Gauge;
    // The first thousand rows bring what any first message brings: compiled code, sockets.
    const warmUp = join(folder, 'warm-up.csv');
    await writeCsv(warmUp, 1000, () => '');
    await claim(nodeRed.url, warmUp);
    const idle = await gauge('POST');
    const begin = performance.now();
    const summary = await claim(nodeRed.url, path);
    const seconds = (performance.now() - begin) / 1000;
    const { peak, longestBlockMs } = await gauge('GET');
    const above = (peak - idle.rss) / 2 ** 20;
    const allowed = 64 + (48 * rows) / 2 ** 20;
    console.log(summary);
    console.log(
      `${Math.round(rows / seconds).toLocaleString('en')} rows/s (${seconds.toFixed(1)} s), ${uploads} uploads`,
    );
    console.log(
      `+${above.toFixed(0)} MiB above idle (allowed: ${allowed.toFixed(0)}), longest block ${longestBlockMs.toFixed(0)} ms`,
    );
  } finally {
    await nodeRed.stop();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

async function claim(url: string, path: string): Promise<unknown> {
  return (await fetch(`${url}/bulk`, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: path })).json();
}

function flows(baseUrl: string): unknown[] {
  return [
    { id: 'tab', type: 'tab', label: 'bench' },
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, api: 'guide' },
    { id: 'in', type: 'http in', z: 'tab', url: '/bulk', method: 'post', x: 100, y: 100, wires: [['bulk']] },
    {
      id: 'bulk',
      type: 'nrfcloud-bulk-claim',
      z: 'tab',
      connection: 'connection',
      input: 'file',
      x: 300,
      y: 100,
      wires: [[], [], ['answer']],
    },
    { id: 'answer', type: 'http response', z: 'tab', x: 500, y: 100, wires: [] },
  ];
}

void main();
