// Runs the node, flow and browser tests on rows of the matrix, prints a table, and writes it into the README:
// npm run test:matrix [-- [--print] <row> …]. A row that isn't run keeps what the README says of it. --print leaves the
// README alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { RUNTIMES } from './runtimes.mjs';

const README = 'README.md';
const SPECS = ['nodes', 'flows', 'editor', 'dashboard', 'package'].map((folder) => `test/${folder}/**/*_spec.ts`);
const [BEGIN, END] = ['<!-- npm run test:matrix writes this table -->\n', '<!-- end of the table -->\n'];
const HEAD = ['| Node.js | Node-RED | passed | failed | minutes | on |', '|---|---|---|---|---|---|'];

const words = process.argv.slice(2);
const toPrint = words.includes('--print');
const rows = words.filter((word) => word !== '--print');
const names = rows.length > 0 ? rows : Object.keys(RUNTIMES);
for (const name of names) {
  if (RUNTIMES[name] === undefined) throw new Error(`${name} is none of ${Object.keys(RUNTIMES).join(', ')}`);
}

/** Runs a row in this terminal, and counts as mocha does. */
async function run(name) {
  const begin = Date.now();
  const child = spawn(process.execPath, ['scripts/test.mjs', name, '--', ...SPECS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const counts = { passing: 0, failing: 0 };
  createInterface(child.stdout).on('line', (line) => {
    console.log(line);
    const [, count, what] = /^ {2}(\d+) (passing|failing)\b/.exec(line) ?? [];
    if (what !== undefined) counts[what] += Number(count);
  });
  const [code] = await once(child, 'close');
  // A run that broke off failed, too, whatever it had counted.
  const failed = code === 0 ? counts.failing : Math.max(counts.failing, 1);
  return { passed: counts.passing, failed, minutes: (Date.now() - begin) / 60_000 };
}

/** The README's lines about rows, by the versions that they begin with. */
function known(text) {
  const lines = text.slice(text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)).split('\n');
  return new Map(lines.map((line) => [line.split('|').slice(1, 3).join('|'), line]));
}

/** Puts a row's result into the README's table, unless it is only to be printed. @returns the table */
function note(name, line) {
  const text = readFileSync(README, 'utf8');
  if (!text.includes(BEGIN) || !text.includes(END)) throw new Error(`${README} has no place for the table`);
  const lines = known(text);
  lines.set(keyOf(name), line);
  const table = [...HEAD, ...Object.keys(RUNTIMES).map((row) => lines.get(keyOf(row)) ?? `|${keyOf(row)}| | | | |`)];
  const after = `${text.slice(0, text.indexOf(BEGIN))}${BEGIN}${table.join('\n')}\n${text.slice(text.indexOf(END))}`;
  if (!toPrint) writeFileSync(README, after);
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
  table = note(name, `|${keyOf(name)}| ${passed} | ${failed} | ${minutes.toFixed(1)} | ${today} |`);
  if (failed > 0) process.exitCode = 1;
}
console.log(`\n${table}`);
