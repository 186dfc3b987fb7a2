// The package as users get it: packed, and installed into an empty user directory as Node-RED's palette manager does it.
// npm run package packs it, installs it in a throw-away directory, and prints what is in it and how big it is.
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(fileURLToPath(import.meta.url), '../..');
const { name: NAME } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
/** What the palette manager gives to `npm install` (installer.js of @node-red/registry, 4.0 to 5.0). */
const PALETTE_FLAGS = [
  '--no-audit',
  '--no-update-notifier',
  '--no-fund',
  '--save',
  '--save-prefix=~',
  '--omit=dev',
  '--engine-strict',
];

/**
 * Packs what is built; without building it.
 * @param folder where the tarball goes
 * @returns its path, `size` and `unpackedSize` in bytes, `shasum`, `integrity`, and its files with their sizes
 * @throws {Error} with npm's words
 */
export function pack(folder) {
  const out = npm(['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: ROOT });
  const [{ filename, version, size, unpackedSize, shasum, integrity, files }] = JSON.parse(out);
  return {
    tarball: join(folder, filename),
    version,
    size,
    unpackedSize,
    shasum,
    integrity,
    files: files.map(({ path, size: bytes }) => ({ path, size: bytes })),
  };
}

/**
 * Installs a tarball as the palette manager does it.
 * @param userDir a user directory of Node-RED, made if it isn't there
 * @param node the Node.js that Node-RED runs on; npm compares what packages need with it
 * @returns the folder of the installed package
 * @throws {Error} with npm's words
 */
export function installAsPalette(tarball, userDir, node = process.execPath) {
  mkdirSync(userDir, { recursive: true });
  // Node-RED writes the same when it starts in an empty directory.
  const manifest = { name: 'node-red-project', description: 'A Node-RED Project', version: '0.0.1', private: true };
  writeFileSync(join(userDir, 'package.json'), JSON.stringify(manifest, null, 4));
  npm(['install', ...PALETTE_FLAGS, '--', tarball], {
    cwd: userDir,
    env: { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) },
  });
  return join(userDir, 'node_modules', NAME);
}

/** Bytes of everything that was installed, the dependencies included, by package. */
function installedSizes(userDir) {
  const modules = join(userDir, 'node_modules');
  const packages = readdirSync(modules)
    .filter((entry) => !entry.startsWith('.'))
    .flatMap((entry) =>
      entry.startsWith('@') ? readdirSync(join(modules, entry)).map((name) => `${entry}/${name}`) : entry,
    );
  return Object.fromEntries(packages.map((entry) => [entry, sizeOf(join(modules, entry))]));
}

function sizeOf(path) {
  const stat = lstatSync(path);
  return stat.isDirectory() ? readdirSync(path).reduce((sum, entry) => sum + sizeOf(join(path, entry)), 0) : stat.size;
}

function npm(args, options) {
  const { status, stdout, stderr, error } = spawnSync('npm', args, {
    ...options,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm ${args[0]} failed: ${error?.message ?? stderr}`);
  return stdout;
}

/** Packs and installs. @returns everything known about the package, and where it is */
export function packAndInstall(folder) {
  const packed = pack(folder);
  const path = installAsPalette(packed.tarball, folder);
  return { ...packed, path, installed: installedSizes(folder) };
}

/** What is in the package and how big it is, for people. */
export function describe({ version, size, unpackedSize, shasum, integrity, files, installed }) {
  const kib = (bytes) => `${(bytes / 1024).toFixed(1)} KiB`.padStart(11);
  const total = Object.values(installed).reduce((sum, bytes) => sum + bytes, 0);
  return [
    ...files.map(({ path, size: bytes }) => `${kib(bytes)}  ${path}`),
    '',
    ...Object.entries(installed).map(([name, bytes]) => `${kib(bytes)}  ${name}, installed`),
    '',
    `${NAME} ${version}: ${files.length} files`,
    `${kib(size)}  tarball`,
    `${kib(unpackedSize)}  unpacked`,
    `${kib(total)}  installed, with ${Object.keys(installed).length - 1} packages that it needs`,
    `shasum    ${shasum}`,
    `integrity ${integrity}`,
  ].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // For tests: --json <folder> leaves everything in the folder and tells about it as JSON; so does --pack <folder>, which
  // installs nothing.
  const [flag, target] = process.argv.slice(2);
  const folder = target ?? mkdtempSync(join(tmpdir(), 'nrfcloud-package-'));
  const report = flag === '--pack' ? pack(folder) : packAndInstall(folder);
  console.log(flag === undefined ? describe(report) : JSON.stringify(report));
  if (target === undefined) rmSync(folder, { recursive: true, force: true });
}
