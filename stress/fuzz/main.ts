import { NODES, PURE } from './properties/index';
import { runProperty, settings, shareOut, type RunResult } from './run';

/** The long run: `npm run stress:fuzz`. Prints what held, and how long it took. */
async function main(): Promise<void> {
  const { seed, cases } = settings(1_000_000);
  const only = process.argv[2];
  const all = [...PURE, ...NODES];
  const properties = only === undefined ? all : all.filter(({ name }) => name.includes(only));
  console.log(`seed ${seed} (FUZZ_SEED), at least ${cases} cases (FUZZ_CASES)\n`);
  const results: RunResult[] = [];
  const failures: string[] = [];
  for (const [index, count] of shareOut(properties, cases).entries()) {
    try {
      const result = await runProperty(properties[index]!, seed, count);
      results.push(result);
      console.log(line(result));
    } catch (error) {
      failures.push((error as Error).message);
      console.log(`FAILED  ${(error as Error).message}`);
    }
  }
  const total = {
    name: 'all properties',
    cases: results.reduce((sum, result) => sum + result.cases, 0),
    seconds: results.reduce((sum, result) => sum + result.seconds, 0),
    longestMs: Math.max(...results.map(({ longestMs }) => longestMs)),
  };
  console.log(`\n${line(total)}`);
  if (failures.length > 0) process.exitCode = 1;
}

function line({ name, cases, seconds, longestMs }: RunResult): string {
  const columns = [
    String(cases).padStart(9),
    `${seconds.toFixed(1)} s`.padStart(9),
    `${longestMs.toFixed(1)} ms`.padStart(11),
  ];
  return `${columns.join('')}  ${name}`;
}

// A rejection that escapes from a node ends the process, here as in Node-RED.
void main().then(() => process.exit());
