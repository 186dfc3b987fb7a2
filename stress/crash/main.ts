import type { CrashStore } from './records';
import { fileRound } from './file-rounds';
import { Crashes, EVENTS, type RoundResult } from './crash';

/** Rounds of a whole file, by what they are: where the records are, and whether a kill is a power loss. */
const FILE_ROUNDS = [
  { store: '', powerLoss: false },
  { store: '', powerLoss: true },
  { store: 'file', powerLoss: false },
] as const;

/** Claims files, and kills Node-RED meanwhile. @returns how many discrepancies there were */
async function claimFiles(seed: number, rounds: number): Promise<number> {
  const rows = Number(process.env['CRASH_ROWS'] ?? 20_000);
  console.log(`${rounds} rounds of a file of ${rows} rows (CRASH_FILES, CRASH_ROWS)`);
  let count = 0;
  for (let round = 0; round < rounds; round++) {
    const how = FILE_ROUNDS[round % FILE_ROUNDS.length]!;
    const result = await fileRound({ seed: seed + round, rows, kills: 3, ...how });
    console.log(`file ${round + 1}: ${JSON.stringify({ ...how, ...result })}`);
    count += result.discrepancies.length;
  }
  return count;
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
  const ofFiles = await claimFiles(seed, Number(process.env['CRASH_FILES'] ?? 12));
  if (sum(results, 'discrepancies') + ofFiles > 0) process.exitCode = 1;
}

const COLUMNS = ['in', 'out', 'errors', 'cut', 'resumed', 'again', 'devices', 'claimed', 'discrepancies'] as const;

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
