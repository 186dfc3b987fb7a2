// Runs the node, flow, browser and package tests on rows of the matrix, and writes a table of results:
// npm run test:matrix [-- [--print] <row> …]. Rows that are not run keep their results. --print writes no file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { RUNTIMES } from './runtimes.mjs';

const PAGE = 'docs/compatibility.md';
const SPECS = ['nodes', 'flows', 'editor', 'dashboard', 'package'].map((folder) => `test/${folder}/**/*_spec.ts`);
const [BEGIN, END] = ['<!-- npm run test:matrix writes this table -->\n', '<!-- end of the table -->\n'];
const HEAD = ['| Node.js | Node-RED | passed | failed | minutes | date |', '|---|---|---|---|---|---|'];

const args = process.argv.slice(2);
const printOnly = args.includes('--print');
const rows = args.filter((arg) => arg !== '--print');
const names = rows.length > 0 ? rows : Object.keys(RUNTIMES);
for (const name of names) {
  if (RUNTIMES[name] === undefined) throw new Error(`${name} is none of ${Object.keys(RUNTIMES).join(', ')}`);
}

/** Runs the tests on a row in this terminal. @returns the counts, and the minutes that it took */
async function run(name) {
  const begin = Date.now();
  const child = spawn(process.execPath, ['scripts/test.mjs', name, '--', ...SPECS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let counts = [0, 0];
  createInterface(child.stdout).on('line', (line) => {
    console.log(line);
    const [, passed, failed] = /^tests: (\d+) passed, .*; (\d+) failed$/.exec(line) ?? [];
    if (failed !== undefined) counts = [Number(passed), Number(failed)];
  });
  const [code] = await once(child, 'close');
  // A run that was interrupted has failed, whatever it had counted.
  const failed = code === 0 ? counts[1] : Math.max(counts[1], 1);
  return { passed: counts[0], failed, minutes: (Date.now() - begin) / 60_000 };
}

/** The page's lines about rows, by the versions that they begin with. */
function readLines(page) {
  const lines = page.slice(page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)).split('\n');
  return new Map(lines.map((line) => [line.split('|').slice(1, 3).join('|'), line]));
}

/** Writes a row's result into the page's table, unless it is only printed. @returns the table */
function updateTable(name, line) {
  const page = readFileSync(PAGE, 'utf8');
  if (!page.includes(BEGIN) || !page.includes(END)) throw new Error(`${PAGE} has no place for the table`);
  const lines = readLines(page);
  lines.set(keyOf(name), line);
  const table = [...HEAD, ...Object.keys(RUNTIMES).map((row) => lines.get(keyOf(row)) ?? `|${keyOf(row)}| | | | |`)];
  const updated = `${page.slice(0, page.indexOf(BEGIN))}${BEGIN}${table.join('\n')}\n${page.slice(page.indexOf(END))}`;
  if (!printOnly) writeFileSync(PAGE, updated);
  return table.join('\n');
}

function keyOf(name) {
  const { node, nodeRed } = RUNTIMES[name];
  return ` ${node} | ${nodeRed} `;
}

let table = '';
for (const name of names) {
  const { passed, failed, minutes } = await run(name);
  const today = new Date().toISOString().slice(0, 10);
  table = updateTable(name, `|${keyOf(name)}| ${passed} | ${failed} | ${minutes.toFixed(1)} | ${today} |`);
  if (failed > 0) process.exitCode = 1;
}
console.log(`\n${table}`);
