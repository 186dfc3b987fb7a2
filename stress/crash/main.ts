import type { CrashStore } from './records';
import { Crashes, EVENTS, type RoundResult } from './crash';

/** `npm run stress:crash`: rounds of stops and crashes, and the account of each. */
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
  if (sum(results, 'discrepancies') > 0) process.exitCode = 1;
}

const COLUMNS = ['in', 'out', 'errors', 'cut', 'resumed', 'again', 'devices', 'claimed', 'discrepancies'] as const;

void main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
