// Finds out which tests are slow, and then runs Stryker without them: each of thousands of mutants that survive would
// wait for all of them. Stryker runs twice. Unit tests alone end most mutants; what is left in `runtime`, of which much
// works in a node only, then meets tests of whole nodes. Options are passed on to Stryker, for example
// `-- --mutate "nodes/http/**/*.ts"`, which both runs then look at.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const CONFIG = 'stress/mutation/stryker.config.json';
const STRYKER = 'stress/mutation/node_modules/@stryker-mutator/core/bin/stryker.js';
const CACHE = resolve('.cache');

const config = JSON.parse(readFileSync(CONFIG, 'utf8'));
const { spec } = config.mochaOptions;
/** `slowMs`: tests that take longer are left out; each run says how many these are. */
const RUNS = [
  {
    name: 'unit-tests',
    slowMs: 100,
    spec: spec.filter((pattern) => pattern.startsWith('test/unit/')),
    mutate: config.mutate,
    reporters: ['progress-append-only'],
  },
  {
    name: 'runtime-in-nodes',
    slowMs: 300,
    spec,
    mutate: config.mutate.filter((pattern) => pattern.startsWith('nodes/runtime/')),
    reporters: config.reporters,
  },
];

/** @returns how long each test takes */
function measure() {
  const report = resolve(CACHE, 'mutation-durations.json');
  // An older one must not stand in for a run that does not begin.
  rmSync(report, { force: true });
  const options = ['--reporter', 'json', '--reporter-option', `output=${report}`];
  spawnSync(process.execPath, ['node_modules/mocha/bin/mocha.js', ...options, ...spec], { stdio: 'ignore' });
  return JSON.parse(readFileSync(report, 'utf8')).tests;
}

/** Writes a file of a run into the cache. @returns its path */
function write(name, content) {
  const path = resolve(CACHE, `mutation-${name}.json`);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** Runs Stryker, which goes on with what the run before wrote into the incremental file. @returns its exit code */
function run({ name, slowMs, spec, mutate, reporters }, tests) {
  const slow = tests.filter(({ duration = 0 }) => duration > slowMs).map(({ fullTitle }) => fullTitle);
  console.log(`\n== ${name}: of ${tests.length} tests, ${slow.length} take longer than ${slowMs} ms and are left out`);
  const mochaOptions = { ...config.mochaOptions, spec };
  const path = write(name, { ...config, mochaOptions, mutate, reporters });
  const { status } = spawnSync(process.execPath, [STRYKER, 'run', path, ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { ...process.env, MUTATION_SLOW_TESTS: write(`${name}-slow`, slow) },
  });
  return status ?? 1;
}

mkdirSync(CACHE, { recursive: true });
const tests = measure();
const codes = RUNS.map((each) => run(each, tests));
process.exitCode = codes.find((code) => code !== 0) ?? 0;
