// Runs the specs on rows of the matrix, with the package installed as users get it:
// node scripts/test.mjs [<row> …] [-- <options and specs for mocha>].
// On one row all of them run; on the others those that depend on Node-RED. (The demo runs on the development dependencies'
// Node-RED only, and takes broken JSON as it comes, which HTTP In can since 4.1.)
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installAsPalette, pack } from './packed.mjs';
import { ensureRuntime, runOn } from './runtimes.mjs';

const ROW_OF_ALL = 'node20-red4.1';
const CORNERS = [ROW_OF_ALL, 'node24-red5.0'];
const ALL = ['test/**/*_spec.ts'];
const OF_NODE_RED = ['nodes', 'flows', 'editor', 'package'].map((folder) => `test/${folder}/**/*_spec.ts`);

const words = process.argv.slice(2);
const end = words.includes('--') ? words.indexOf('--') : words.length;
const names = end > 0 ? words.slice(0, end) : CORNERS;
const rest = words.slice(end + 1);

/** Installs the package for a row, runs the specs, and leaves nothing behind. */
function passes(name, tarball, userDir) {
  console.log(`\n== tests on ${name}`);
  const specs = rest.some((word) => word.endsWith('.ts')) ? [] : name === ROW_OF_ALL ? ALL : OF_NODE_RED;
  const env = { PACKAGE_PATH: installAsPalette(tarball, userDir, ensureRuntime(name).node) };
  const mocha = ['node_modules/mocha/bin/mocha.js', '--require', './scripts/packed-nodes.mjs'];
  return runOn(name, [...mocha, ...specs, ...rest], env);
}

const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-test-'));
try {
  const { tarball } = pack(folder);
  const failed = names.filter((name) => !passes(name, tarball, join(folder, name)));
  if (failed.length > 0) {
    console.error(`Tests failed on ${failed.join(', ')}.`);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
