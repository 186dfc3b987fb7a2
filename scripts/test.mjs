// Runs the specs on rows of the matrix, with the package installed as users get it:
// node scripts/test.mjs [<row> …] [-- <options and specs for mocha>].
// Those in a browser, those that start processes and all others run side by side, as each group waits now and then.
// On one row all of them run; on the others those that depend on Node-RED. (The demo runs on the development dependencies'
// Node-RED only, and takes broken JSON as it comes, which HTTP In can since 4.1.)
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installAsPalette, pack } from './packed.mjs';
import { ensureRuntime, runOn } from './runtimes.mjs';

const ROW_OF_ALL = 'node20-red4.1';
const CORNERS = [ROW_OF_ALL, 'node24-red5.0'];
const specsIn = (...folders) => folders.map((folder) => `test/${folder}/**/*_spec.ts`);
const IN_BROWSER = ['editor', 'dashboard'];
const WITH_PROCESSES = ['flows', 'demo', 'package', 'stress', 'bench'];
const without = (...folders) => folders.flatMap((folder) => ['--ignore', ...specsIn(folder)]);
const ALL = [
  specsIn(...IN_BROWSER),
  specsIn(...WITH_PROCESSES),
  [...specsIn('**'), ...without(...IN_BROWSER, ...WITH_PROCESSES)],
];
const OF_NODE_RED = [specsIn('editor'), specsIn('flows', 'package'), specsIn('nodes')];

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
  const others = (spec) => !isIn([...IN_BROWSER, ...WITH_PROCESSES])(spec);
  const groups = [isIn(IN_BROWSER), isIn(WITH_PROCESSES), others].map((isMember) => given.filter(isMember));
  return groups.filter((specs) => specs.length > 0);
}

/** Installs the package for a row, runs the specs, and leaves nothing behind. */
async function passes(name, tarball, userDir) {
  console.log(`\n== tests on ${name}`);
  const env = { PACKAGE_PATH: installAsPalette(tarball, userDir, ensureRuntime(name).node) };
  const mocha = ['node_modules/mocha/bin/mocha.js', '--require', './scripts/packed-nodes.mjs'];
  const runs = groupsOn(name).map((specs, index) => runOn(name, [...mocha, ...specs, ...options], env, index === 0));
  return (await Promise.all(runs)).every((passed) => passed);
}

const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-test-'));
try {
  const { tarball } = pack(folder);
  const failed = [];
  for (const name of names) if (!(await passes(name, tarball, join(folder, name)))) failed.push(name);
  if (failed.length > 0) {
    console.error(`Tests failed on ${failed.join(', ')}.`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
