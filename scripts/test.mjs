// Runs the specs on rows of the matrix, with the package installed as users get it:
// node scripts/test.mjs [<row> …] [-- <options and specs for mocha>].
// Those in a browser, those of whole flows and all others run side by side, as each group waits now and then; each takes
// about as long as the others.
// On one row all of them run; on the others those that depend on Node-RED. (The demo runs on the development dependencies'
// Node-RED only, and takes broken JSON as it comes, which HTTP In can since 4.1.)
// A spec that fails beside others runs once more alone, as a busy computer lets time limits expire. Tests that pass only
// then are listed as such.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installAsPalette, pack } from './packed.mjs';
import { ensureRuntime, runOn } from './runtimes.mjs';

const ROW_OF_ALL = 'node20-red4.1';
const CORNERS = [ROW_OF_ALL, 'node24-red5.0'];
const specsIn = (...folders) => folders.map((folder) => `test/${folder}/**/*_spec.ts`);
const IN_BROWSER = ['editor', 'dashboard'];
const OF_FLOWS = ['flows'];
const without = (...folders) => folders.flatMap((folder) => ['--ignore', ...specsIn(folder)]);
const ALL = [specsIn(...IN_BROWSER), specsIn(...OF_FLOWS), [...specsIn('**'), ...without(...IN_BROWSER, ...OF_FLOWS)]];
const OF_NODE_RED = [specsIn('editor'), specsIn('flows'), specsIn('nodes', 'package')];

const MOCHA = [
  'node_modules/mocha/bin/mocha.js',
  ...['--require', './scripts/packed-nodes.mjs', '--reporter', './scripts/result-reporter.cjs'],
];
/** More failing specs than this are no accident. */
const MOST_AGAIN = 5;

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const names = end > 0 ? words.slice(0, end) : CORNERS;
const rest = words.slice(end + 1);
const isSpec = (word) => word.endsWith('.ts');
const options = rest.filter((word) => !isSpec(word));
const isIn = (folders) => (spec) => folders.some((folder) => spec.startsWith(`test/${folder}/`));

/** Which specs run on a row, in groups that run side by side. */
function groupsOn(name) {
  const given = rest.filter(isSpec);
  if (given.length === 0) return name === ROW_OF_ALL ? ALL : OF_NODE_RED;
  const others = (spec) => !isIn([...IN_BROWSER, ...OF_FLOWS])(spec);
  const groups = [isIn(IN_BROWSER), isIn(OF_FLOWS), others].map((isMember) => given.filter(isMember));
  return groups.filter((specs) => specs.length > 0);
}

/**
 * Runs specs in mocha.
 * @returns its results; without any (a spec that cannot be loaded) there is a failure that names no spec
 */
async function run(row, specs, results, atOnce) {
  const env = { ...row.env, RESULTS_FILE: results };
  const isClean = await runOn(row.name, [...MOCHA, ...specs, ...options], env, atOnce);
  const result = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined;
  if (result !== undefined && (isClean || result.failures.length > 0)) return result;
  return { passed: 0, failures: [{ title: `mocha did not run ${specs.join(' ')} to the end`, text: '' }] };
}

/**
 * Installs the package for a row, and runs the specs.
 * @returns how many tests passed, those that failed, and those that failed beside others and passed alone
 */
async function test(name, tarball, userDir) {
  console.log(`\n== tests on ${name}`);
  const row = { name, env: { PACKAGE_PATH: installAsPalette(tarball, userDir, ensureRuntime(name).node) } };
  const groups = groupsOn(name).map((specs, index) => run(row, specs, `${userDir}-${index}.json`, index === 0));
  const results = await Promise.all(groups);
  const passed = results.reduce((sum, group) => sum + group.passed, 0);
  const failures = results.flatMap((group) => group.failures);
  const specs = [...new Set(failures.map(({ spec }) => spec))];
  if (results.length === 1 || specs.length === 0 || specs.length > MOST_AGAIN || specs.includes(undefined)) {
    return { passed, failures, onlyAlone: [] };
  }
  console.log(`\n== once more alone on ${name}: ${specs.join(' ')}`);
  const again = await run(row, specs, `${userDir}-again.json`, true);
  const stillFails = ({ title }) => again.failures.some((failure) => failure.title === title);
  const onlyAlone = failures.filter((failure) => !stillFails(failure));
  return { passed: passed + onlyAlone.length, failures: again.failures, onlyAlone };
}

const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-test-'));
try {
  const { tarball } = pack(folder);
  const rows = [];
  for (const name of names) rows.push({ name, ...(await test(name, tarball, join(folder, name))) });
  for (const { name, failures, onlyAlone } of rows) {
    for (const { title, text } of failures) console.log(`\nfailed on ${name}: ${title}\n${text}`);
    for (const { title, text } of onlyAlone) console.log(`\npassed on ${name} only alone: ${title}\n${text}`);
  }
  const count = (property) => rows.reduce((sum, row) => sum + row[property].length, 0);
  const passed = rows.reduce((sum, row) => sum + row.passed, 0);
  console.log(`\ntests: ${passed} passed, ${count('onlyAlone')} of them only alone; ${count('failures')} failed`);
  if (count('failures') > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
