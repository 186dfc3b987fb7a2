// The versions of Node.js and Node-RED that the tests run on, and where they are. What isn't here already is installed
// from the registry into a cache, once. Print one's paths: node scripts/runtimes.mjs node24-red5.0
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(fileURLToPath(import.meta.url), '../..');
const CACHE = join(ROOT, '.cache/runtimes');
/** Node.js comes as npm packages, too, one for each system. */
const NODE_PACKAGE = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** All rows of the matrix, by name. */
export const RUNTIMES = {
  'node20-red4.1': { node: '20.20.2', nodeRed: '4.1.15' },
  'node22-red4.1': { node: '22.23.3', nodeRed: '4.1.15' },
  'node22-red5.0': { node: '22.23.3', nodeRed: '5.0.7' },
  'node24-red5.0': { node: '24.21.0', nodeRed: '5.0.7' },
};

/**
 * Makes a runtime available.
 * @param name one of {@link RUNTIMES}
 * @returns paths of Node.js' program and of Node-RED's main module, when all is installed
 * @throws {Error} if there is no such runtime, or it cannot be installed
 */
export async function ensureRuntime(name) {
  const runtime = RUNTIMES[name];
  if (runtime === undefined) throw new Error(`${name} is none of ${Object.keys(RUNTIMES).join(', ')}`);
  const [node, nodeRed] = await Promise.all([ensureNode(runtime.node), ensureNodeRed(runtime.nodeRed)]);
  return { node, nodeRed };
}

/**
 * Runs a program on a runtime.
 * @param env environment variables on top of this process' own
 * @param title if others run beside it: its output is shown below this title when it has ended, instead of as it comes
 * @returns whether it exited with 0
 */
export async function runOn(name, args, env = {}, title = undefined) {
  const { node, nodeRed } = await ensureRuntime(name);
  const child = spawn(node, args, {
    stdio: ['inherit', title === undefined ? 'inherit' : 'pipe', 'inherit'],
    env: { ...process.env, NODE_RED_PATH: nodeRed, ...env },
  });
  const output = [];
  child.stdout?.on('data', (part) => output.push(part));
  const [status] = await once(child, 'close');
  if (title !== undefined) process.stdout.write(`\n== ${title}\n${Buffer.concat(output)}`);
  return status === 0;
}

/** The Node.js that runs this, if it has the version, else one from the cache. */
async function ensureNode(version) {
  if (process.versions.node === version) return process.execPath;
  const folder = await ensureInstalled(NODE_PACKAGE, version);
  return join(folder, 'node_modules', NODE_PACKAGE, process.platform === 'win32' ? 'node.exe' : 'bin/node');
}

/** The Node-RED of the development dependencies, if it has the version, else one from the cache. */
async function ensureNodeRed(version) {
  const own = createRequire(import.meta.url).resolve('node-red');
  const manifest = JSON.parse(readFileSync(join(dirname(own), '../package.json'), 'utf8'));
  if (manifest.version === version) return own;
  return createRequire(join(await ensureInstalled('node-red', version), 'package.json')).resolve('node-red');
}

/** Installations that have begun, by folder: two rows may need the same. */
const installations = new Map();

/** @returns the folder of a package, when it is installed */
async function ensureInstalled(name, version) {
  const folder = join(CACHE, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  if (!installations.has(folder)) installations.set(folder, install(name, version, folder));
  await installations.get(folder);
  return folder;
}

/** Installs a package beside its place first, so that an interrupted installation is not taken for a whole one. */
async function install(name, version, folder) {
  const draft = `${folder}.${process.pid}`;
  console.error(`installing ${name}@${version}, once`);
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
  const npm = spawn('npm', ['install', ...flags, `${name}@${version}`], {
    cwd: draft,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  });
  const [status] = await once(npm, 'close');
  if (status !== 0) {
    rmSync(draft, { recursive: true, force: true });
    throw new Error(`npm could not install ${name}@${version}`);
  }
  renameSync(draft, folder);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of process.argv.slice(2)) console.log(JSON.stringify({ name, ...(await ensureRuntime(name)) }));
}
