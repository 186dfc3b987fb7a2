// The versions of Node.js and Node-RED that the tests run on, and where they are. What isn't here already is installed
// from the registry into a cache, once. Print one's paths: node scripts/runtimes.mjs node24-red5.0
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(fileURLToPath(import.meta.url), '../..');
const CACHE = join(ROOT, '.cache/runtimes');
/** Node.js comes as npm packages, too, one for each system. */
const NODE_PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** By name. Without versions: the Node.js that runs this, and the Node-RED of the development dependencies. */
export const RUNTIMES = {
  here: {},
  'node24-red5.0': { node: '24.21.0', nodeRed: '5.0.7' },
};

/**
 * Makes a runtime available.
 * @param name one of {@link RUNTIMES}
 * @returns paths of Node.js' program and of Node-RED's main module
 */
export function ensureRuntime(name) {
  const runtime = RUNTIMES[name];
  if (runtime === undefined) throw new Error(`${name} is none of ${Object.keys(RUNTIMES).join(', ')}`);
  const { node, nodeRed } = runtime;
  if (node === undefined) {
    return { node: process.execPath, nodeRed: createRequire(import.meta.url).resolve('node-red') };
  }
  const folder = join(CACHE, `node-${node}_node-red-${nodeRed}`);
  if (!existsSync(folder)) install(folder, [`${NODE_PACKAGE}@${node}`, `node-red@${nodeRed}`]);
  const program = process.platform === 'win32' ? 'node.exe' : 'bin/node';
  return {
    node: join(folder, 'node_modules', NODE_PACKAGE, program),
    nodeRed: createRequire(join(folder, 'package.json')).resolve('node-red'),
  };
}

/**
 * Runs a program on a runtime, in this terminal.
 * @returns whether it exited with 0
 */
export function runOn(name, args) {
  const { node, nodeRed } = ensureRuntime(name);
  const { status } = spawnSync(node, args, { stdio: 'inherit', env: { ...process.env, NODE_RED_PATH: nodeRed } });
  return status === 0;
}

/** Installs packages beside their place first, so that an interrupted installation is not taken for a whole one. */
function install(folder, packages) {
  const draft = `${folder}.${process.pid}`;
  console.error(`installing ${packages.join(' and ')}, once`);
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, 'package.json'), '{ "private": true }\n');
  const flags = [
    '--no-audit',
    '--no-fund',
    '--no-package-lock',
    '--save-exact',
    '--loglevel=error',
    '--engine-strict=false',
  ];
  const { status } = spawnSync('npm', ['install', ...flags, ...packages], {
    cwd: draft,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    rmSync(draft, { recursive: true, force: true });
    throw new Error(`npm could not install ${packages.join(' and ')}`);
  }
  renameSync(draft, folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of process.argv.slice(2)) console.log(JSON.stringify({ name, ...ensureRuntime(name) }));
}
