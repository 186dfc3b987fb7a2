// Runs the specs on rows of the matrix, with the package installed as users get it:
// node scripts/test.mjs [<row> …] [-- <options and specs for mocha>].
// They run in groups, some side by side, as each waits now and then.
// On one row all of them run; on the others those that depend on Node-RED. (The demo runs on the development dependencies'
// Node-RED only, and takes broken JSON as it comes, which HTTP In can since 4.1.)
// A spec that fails beside others runs once more alone, as a busy computer lets time limits expire. Tests that pass only
// then are listed as such.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installAsPalette, pack } from './packed.mjs';
import { ensureRuntime, runOn } from './runtimes.mjs';

const ROW_OF_ALL = 'node20-red4.1';
const CORNERS = [ROW_OF_ALL, 'node24-red5.0'];
const specsIn = (...folders) => folders.map((folder) => `test/${folder}/**/*_spec.ts`);
/** Folders of specs that are a group. */
const GROUPS = [['dashboard'], ['editor'], ['nodes'], ['demo', 'bench', 'stress'], ['flows']];
/** Those that drive a browser. It draws whether a test goes on or waits, so three at once take longer than one after another. */
const WITH_BROWSER = ['editor', 'dashboard'];
const BROWSERS_AT_ONCE = 2;
/** Folders whose specs wait until there is a browser; what needs none is first among the others. */
const NEED_BROWSER = [...WITH_BROWSER, 'flows'];
const others = GROUPS.flat().flatMap((folder) => ['--ignore', ...specsIn(folder)]);
const ALL = [...GROUPS.map((folders) => specsIn(...folders)), [...specsIn('**'), ...others]];
const OF_NODE_RED = [specsIn('editor'), specsIn('flows'), specsIn('nodes', 'package')];

const MOCHA = [
  'node_modules/mocha/bin/mocha.js',
  ...['--require', './scripts/packed-nodes.mjs', '--reporter', './scripts/result-reporter.cjs'],
];
/** How many groups run side by side: with two cores, fewer take longer, and more let time limits expire. */
const AT_ONCE = 4;
/** More failing specs than this are no accident. */
const MOST_AGAIN = 5;

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const names = end > 0 ? words.slice(0, end) : CORNERS;
const rest = words.slice(end + 1);
const isSpec = (word) => word.endsWith('.ts');
const options = rest.filter((word) => !isSpec(word));
const groupOf = (spec) => GROUPS.find((folders) => folders.some((folder) => spec.startsWith(`test/${folder}/`)));
const areIn = (folders, specs) => folders.some((folder) => specs[0].startsWith(`test/${folder}/`));
const drivesBrowser = ({ specs }) => areIn(WITH_BROWSER, specs);

/** Which specs run on a row, in groups that run side by side. */
function groupsOn(name) {
  const given = rest.filter(isSpec);
  if (given.length === 0) return name === ROW_OF_ALL ? ALL : OF_NODE_RED;
  const groups = [...GROUPS, undefined].map((group) => given.filter((spec) => groupOf(spec) === group));
  return groups.filter((specs) => specs.length > 0);
}

let browser;
/** Installs a browser if there is none, once. @returns whether there is one; if not, the reason has been printed */
function ensureBrowser() {
  browser ??= once(spawn(process.execPath, ['scripts/ensure-chromium.mjs'], { stdio: 'inherit' }), 'close');
  return browser.then(([status]) => status === 0);
}

/**
 * Runs specs in mocha.
 * @param title if others run beside them: shown above their output when they have ended
 * @returns its results; without any (a spec that cannot be loaded) there is a failure that names no spec
 */
async function run(row, specs, results, title) {
  const failed = (failure, text = '') => ({ passed: 0, failures: [{ title: failure, text }] });
  let env;
  try {
    env = { ...(await row.env), RESULTS_FILE: results };
  } catch (error) {
    return failed(`${row.name} could not be installed`, error.stack);
  }
  if (areIn(NEED_BROWSER, specs) && !(await ensureBrowser())) return failed('there is no browser for the tests');
  const isClean = await runOn(row.name, [...MOCHA, ...specs, ...options], env, title);
  const result = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : undefined;
  if (result !== undefined && (isClean || result.failures.length > 0)) return result;
  return failed(`mocha did not run ${specs.join(' ')} to the end`);
}

/**
 * Runs specs on rows of the matrix, some groups at once: whichever ends makes room for the next, of whatever row.
 * @param rows with the groups of specs of each
 * @returns the rows, with the results of each of their groups
 */
async function runAll(rows) {
  const jobs = rows.flatMap((row) => row.groups.map((specs, index) => ({ row, specs, index })));
  const withBrowser = jobs.filter(drivesBrowser);
  const others = jobs.filter((job) => !drivesBrowser(job));
  const results = new Map(rows.map((row) => [row, []]));
  const first = jobs[0];
  const work = async (...queues) => {
    const next = () => queues.find((queue) => queue.length > 0)?.shift();
    for (let job = next(); job !== undefined; job = next()) {
      const { row, specs, index } = job;
      const title = `tests on ${row.name}, group ${index + 1} of ${row.groups.length}`;
      console.log(`\n== begin of ${title}`);
      const isShown = job === first;
      results.get(row).push(await run(row, specs, `${row.userDir}-${index}.json`, isShown ? undefined : title));
    }
  };
  const lanes = Array.from({ length: AT_ONCE }, (_, lane) =>
    lane < BROWSERS_AT_ONCE ? work(withBrowser, others) : work(others),
  );
  await Promise.all(lanes);
  return rows.map((row) => ({ row, results: results.get(row) }));
}

/**
 * Runs a row's failed specs once more alone, if something ran beside them.
 * @returns how many tests passed, those that failed, and those that failed beside others and passed alone
 */
async function judge({ row, results }, isAlone) {
  const passed = results.reduce((sum, group) => sum + group.passed, 0);
  const failures = results.flatMap((group) => group.failures);
  const specs = [...new Set(failures.map(({ spec }) => spec))];
  if (isAlone || specs.length === 0 || specs.length > MOST_AGAIN || specs.includes(undefined)) {
    return { name: row.name, passed, failures, onlyAlone: [] };
  }
  console.log(`\n== once more alone on ${row.name}: ${specs.join(' ')}`);
  const again = await run(row, specs, `${row.userDir}-again.json`);
  const stillFails = ({ title }) => again.failures.some((failure) => failure.title === title);
  const onlyAlone = failures.filter((failure) => !stillFails(failure));
  return { name: row.name, passed: passed + onlyAlone.length, failures: again.failures, onlyAlone };
}

/** Installs what a row runs on, while the tests of the first may run already. @returns the environment of its tests */
async function prepare(name, tarball, userDir) {
  const { node } = await ensureRuntime(name);
  // Hundreds of processes load the same modules; from Node.js 22 on they need not compile them again.
  return { PACKAGE_PATH: installAsPalette(tarball, userDir, node), NODE_COMPILE_CACHE: `${userDir}-compiled` };
}

const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-test-'));
try {
  const { tarball } = pack(folder);
  const rows = names.map((name) => {
    const userDir = join(folder, name);
    const env = prepare(name, tarball, userDir);
    // A failure is told by the tests that wait for it, and nobody may wait yet.
    env.catch(() => undefined);
    return { name, userDir, env, groups: groupsOn(name) };
  });
  const isAlone = rows.length === 1 && rows[0].groups.length === 1;
  const judged = [];
  for (const result of await runAll(rows)) judged.push(await judge(result, isAlone));
  for (const { name, failures, onlyAlone } of judged) {
    for (const { title, text } of failures) console.log(`\nfailed on ${name}: ${title}\n${text}`);
    for (const { title, text } of onlyAlone) console.log(`\npassed on ${name} only alone: ${title}\n${text}`);
  }
  const count = (property) => judged.reduce((sum, row) => sum + row[property].length, 0);
  const passed = judged.reduce((sum, row) => sum + row.passed, 0);
  console.log(`\ntests: ${passed} passed, ${count('onlyAlone')} of them only alone; ${count('failures')} failed`);
  if (count('failures') > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
