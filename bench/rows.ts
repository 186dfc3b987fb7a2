/**
 * How fast rows are read and checked, what memory that takes, and how long it keeps Node-RED from other work.
 * Run with `npx tsx bench/rows.ts [rows]` (default 1,000,000; about 210 MB in the system's folder for temporary files).
 * Each case runs in a process of its own, so that none inherits another's memory; for a text or a Buffer, the source itself
 * is there before the measuring begins. csv-parse alone, streaming the same file without any check, is the peer.
 */
import { spawnSync } from 'node:child_process';
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parse } from 'csv-parse';
import { readRows, type RowSource } from '../nodes/provisioning/rows/index';
import { writeCsv } from './csv-file';

const CASES = ['file', 'text', 'buffer', 'array', 'mixed file', 'csv-parse alone'] as const;
type Case = (typeof CASES)[number];

async function main(): Promise<void> {
  const [first, path, name] = process.argv.slice(2);
  const rows = Number(first ?? 1_000_000);
  if (path !== undefined) return measure(name as Case, path);
  const folder = mkdtempSync(join(tmpdir(), 'rows-bench-'));
  try {
    const files = { uniform: join(folder, 'uniform.csv'), mixed: join(folder, 'mixed.csv') };
    await writeCsv(files.uniform, rows, () => ',"location=Oslo,color=white"');
    await writeCsv(files.mixed, rows, (row) => ['', ',"a,b"', ',a,b', ',"say ""hi"""'][row % 4]!);
    for (const one of CASES) {
      const file = one === 'mixed file' ? files.mixed : files.uniform;
      spawnSync(process.execPath, [...process.execArgv, __filename, String(rows), file, one], { stdio: 'inherit' });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(name: Case, path: string): Promise<void> {
  const source = sourceOf(name, path);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  await new Promise((resolve) => setTimeout(resolve, 200));
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  delay.enable();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const count = name === 'csv-parse alone' ? await countRecords(path) : await countGood(source);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  clearInterval(watch);
  const speed = Math.round(count / seconds).toLocaleString('en');
  const memory = peak - idle;
  console.log(
    `${name.padEnd(16)} ${count} rows  ${speed.padStart(9)} rows/s  ${((user + system) / count).toFixed(1)} µs CPU a row` +
      `  +${(memory / 2 ** 20).toFixed(0)} MiB (${Math.round(memory / count)} B a row)` +
      `  longest block ${(delay.max / 1e6).toFixed(0)} ms`,
  );
}

function sourceOf(name: Case, path: string): RowSource {
  if (name === 'text') return { kind: 'value', value: readFileSync(path, 'utf8') };
  if (name === 'buffer') return { kind: 'value', value: readFileSync(path) };
  if (name !== 'array') return { kind: 'file', path };
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return { kind: 'value', value: lines.map((line) => [line.slice(0, 180), line.slice(182, -1)]) };
}

async function countGood(source: RowSource): Promise<number> {
  let count = 0;
  const options = { tokenColumn: 0, tagsColumn: 0, tags: [] };
  for await (const batch of readRows(source, options, new AbortController().signal)) {
    for (const row of batch) if (row.ok) count++;
  }
  return count;
}

async function countRecords(path: string): Promise<number> {
  let count = 0;
  for await (const record of createReadStream(path).pipe(parse({ relax_column_count: true }))) if (record) count++;
  return count;
}

void main();
