import type { CrashStore } from './records';
import { fileRound, type FileRoundResult } from './file-rounds';
import { Crashes, EVENTS, type RoundResult } from './crash';

const ROWS = 20_000;
const MILLION_ROWS = 1_000_000;
const KILLS = 3;

/**
 * Claims files, and kills Node-RED meanwhile; with the journal every second round is a power loss.
 * @returns how many discrepancies there were
 */
async function claimFiles(seed: number, rounds: number, rows: number, store: CrashStore): Promise<number> {
  console.log(`${rounds} rounds of a file of ${rows} rows`);
  const kinds = store === '' ? ['SIGKILL', 'power loss'] : ['SIGKILL'];
  const results: (FileRoundResult & { kind: string })[] = [];
  for (let round = 0; round < rounds; round++) {
    const kind = kinds[round % kinds.length]!;
    const result = await fileRound({ seed: seed + round, rows, kills: KILLS, store, powerLoss: kind === 'power loss' });
    results.push({ ...result, kind });
    const { discrepancies } = result;
    if (process.env['CRASH_VERBOSE'] !== undefined || discrepancies.length > 0) {
      console.log(`file ${round + 1}, seed ${seed + round}, ${kind}: ${JSON.stringify(result)}`);
    }
  }
  const table = kinds.map((kind) => [kind, sumOf(results.filter((one) => one.kind === kind))]);
  console.table(Object.fromEntries([...table, ['all', sumOf(results)]]));
  return sumOf(results)['discrepancies']!;
}

function sumOf(results: readonly FileRoundResult[]): Record<string, number> {
  const sum = (of: (result: FileRoundResult) => number): number => results.reduce((all, one) => all + of(one), 0);
  return {
    rounds: results.length,
    kills: sum(({ kills }) => kills),
    reported: sum(({ reported }) => reported),
    repeated: sum(({ repeated }) => repeated),
    claimed: sum(({ claimed }) => claimed),
    summaries: sum(({ summaries }) => summaries),
    discrepancies: sum(({ discrepancies }) => discrepancies.length),
  };
}

/** `npm run stress:crash`: rounds of stops and crashes, with a ledger of each. */
async function main(): Promise<void> {
  const seed = Number(process.env['CRASH_SEED'] ?? Math.floor(Math.random() * 0x7fffffff));
  const rounds = Number(process.env['CRASH_ROUNDS'] ?? 210);
  const store: CrashStore = process.env['CRASH_STORE'] === 'file' ? 'file' : '';
  console.log(`seed ${seed} (CRASH_SEED), ${rounds} rounds (CRASH_ROUNDS), ${store || 'journal'} (CRASH_STORE)`);
  const crashes = new Crashes(seed, store);
  const results: RoundResult[] = [];
  const begin = Date.now();
  await crashes.start();
  try {
    for (let round = 1; round <= rounds; round++) {
      const result = await crashes.round();
      results.push(result);
      if (process.env['CRASH_VERBOSE'] !== undefined) console.log(`round ${round}: ${JSON.stringify(result)}`);
      for (const what of result.discrepancies) console.log(`round ${round}, ${result.event}, ${result.load}: ${what}`);
    }
  } finally {
    await crashes.stop();
  }
  const sum = (of: RoundResult[], name: (typeof COLUMNS)[number]): number =>
    of.reduce((all, one) => all + (name === 'discrepancies' ? one.discrepancies.length : one[name]), 0);
  const row = (of: RoundResult[]): Record<string, number> => ({
    rounds: of.length,
    ...Object.fromEntries(COLUMNS.map((name) => [name, sum(of, name)])),
  });
  const table = EVENTS.map((event) => [event, row(results.filter((one) => one.event === event))]);
  console.table(Object.fromEntries([...table, ['all', row(results)]]));
  console.log(`${((Date.now() - begin) / 1000).toFixed(0)} s`);
  const files = Number(process.env['CRASH_FILES'] ?? 200);
  const million = Number(process.env['CRASH_MILLION'] ?? 1);
  console.log(`${files} files (CRASH_FILES), ${million} files of a million rows (CRASH_MILLION)`);
  const ofFiles = (await claimFiles(seed, files, ROWS, store)) + (await claimFiles(seed, million, MILLION_ROWS, store));
  console.log(`${((Date.now() - begin) / 1000).toFixed(0)} s in all`);
  if (sum(results, 'discrepancies') + ofFiles > 0) process.exitCode = 1;
}

const COLUMNS = ['in', 'out', 'errors', 'cut', 'resumed', 'again', 'devices', 'claimed', 'discrepancies'] as const;

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
