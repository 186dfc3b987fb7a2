// Finds out which tests are slow, and then runs Stryker without them: each of thousands of mutants that survive would
// wait for all of them. Stryker runs twice, first with the unit tests alone, which end most mutants in a third of the time;
// the tests of whole nodes then only meet those that are left. Options are passed on to Stryker, for example
// `-- --mutate "nodes/http/**/*.ts"`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Milliseconds. Nine of ten tests take less, and together a fourteenth of the time of all. */
const SLOW_MS = 100;

const CONFIG = 'stress/mutation/stryker.config.json';
const STRYKER = 'stress/mutation/node_modules/@stryker-mutator/core/bin/stryker.js';
const CACHE = resolve('.cache');

const config = JSON.parse(readFileSync(CONFIG, 'utf8'));
const { spec } = config.mochaOptions;

/** @returns the full titles of slow tests */
function measure() {
  const report = resolve(CACHE, 'mutation-durations.json');
  // An older one must not stand in for a run that does not begin.
  rmSync(report, { force: true });
  const options = ['--reporter', 'json', '--reporter-option', `output=${report}`];
  spawnSync(process.execPath, ['node_modules/mocha/bin/mocha.js', ...options, ...spec], { stdio: 'ignore' });
  const { tests } = JSON.parse(readFileSync(report, 'utf8'));
  const slow = tests.filter(({ duration = 0 }) => duration > SLOW_MS);
  console.log(`${tests.length} tests, of which ${slow.length} take longer than ${SLOW_MS} ms and are left out`);
  return slow.map(({ fullTitle }) => fullTitle);
}

/** Writes the configuration of the first run; what survived it stands in the incremental file for the second. */
function unitTestsOnly() {
  const unitSpecs = spec.filter((pattern) => pattern.startsWith('test/unit/'));
  const path = resolve(CACHE, 'mutation-unit-tests.json');
  const mochaOptions = { ...config.mochaOptions, spec: unitSpecs };
  writeFileSync(path, JSON.stringify({ ...config, mochaOptions, reporters: ['progress-append-only'] }));
  return path;
}

mkdirSync(CACHE, { recursive: true });
const slowTests = resolve(CACHE, 'mutation-slow-tests.json');
writeFileSync(slowTests, JSON.stringify(measure()));
process.exitCode = 0;
for (const path of [unitTestsOnly(), CONFIG]) {
  const { status } = spawnSync(process.execPath, [STRYKER, 'run', path, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, MUTATION_SLOW_TESTS: slowTests },
  });
  process.exitCode ||= status ?? 1;
}
