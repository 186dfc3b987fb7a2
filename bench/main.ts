import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { bulkClaim } from './bulk-claim';
import { claims, claims20, claims50, claimsGrowth } from './claims';
import { following } from './following';
import { idle } from './idle';
import { limited } from './limited';
import { outage } from './outage';
import { startUp } from './start-up';
import { listing, listing50 } from './listing';
import { watches, watchesGrowth } from './watches';
import { pendingRows } from './pending-rows';
import { restart } from './restart';
import { uploadsAtOnce } from './uploads-at-once';
import type { Bench } from './runner/bench';
import { HELP, readOptions } from './runner/options';
import { profileSummary } from './runner/profile';
import { drawGrowth, drawRatios } from './runner/pictures';
import { runRounds, type Result } from './runner/rounds';
import { tableOf } from './runner/table';

const BENCHES: readonly Bench[] = [
  claims,
  claims20,
  claims50,
  claimsGrowth,
  limited,
  idle,
  startUp,
  bulkClaim,
  uploadsAtOnce,
  pendingRows,
  listing,
  listing50,
  watches,
  watchesGrowth,
  following,
  outage,
  restart,
];

/** `npm run bench`: runs benches, and prints one table. */
async function main(): Promise<void> {
  const options = readOptions(
    process.argv.slice(2),
    BENCHES.map(({ name }) => name),
  );
  if (options.help) {
    process.stdout.write(HELP);
    return;
  }
  const { names, rounds, scale, profiles } = options;
  const chosen = BENCHES.filter(({ name }) => names.length === 0 || names.includes(name));
  const begun = performance.now();
  const results: Result[] = [];
  for (const bench of chosen) {
    const folder = profiles === undefined ? undefined : join(profiles, bench.name);
    const tell = (words: string): boolean => process.stderr.write(`${words}\n`);
    const times = Math.min(rounds, bench.mostRounds ?? rounds);
    results.push(await runRounds(bench, { scale, profiles: folder }, times, tell));
    for (const line of folder === undefined ? [] : profileSummary(folder)) console.log(`${bench.name}: ${line}`);
  }
  const machine = {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    date: new Date().toISOString(),
    rounds,
    scale,
    seconds: Math.round((performance.now() - begun) / 1000),
  };
  console.log(tableOf(results));
  console.log(
    `${machine.date}, ${machine.cores} × ${machine.processor}, ${machine.memoryGiB} GiB, Node.js ${machine.node}, ` +
      `${rounds} rounds, scale ${scale}, ${machine.seconds} s. Ratios: the product's speed divided by this peer's.`,
  );
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  if (options.svg !== undefined) writeFileSync(options.svg, drawRatios(results));
  if (options.plots !== undefined) {
    mkdirSync(options.plots, { recursive: true });
    for (const [index, { name, growth }] of chosen.entries()) {
      if (growth === undefined) continue;
      writeFileSync(join(options.plots, `${name}.svg`), drawGrowth(results[index]!, growth));
    }
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  // Processes that were started for a bench go with this one.
  process.exit(1);
});
