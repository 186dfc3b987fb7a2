import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { startChild, type Child } from './child';
import { LOOPBACK } from './ports';
import { settingsFor } from './settings';

const ROOT = resolve(__dirname, '..');
/** The package that is run: this checkout's, as it is built, unless `PACKAGE_PATH` names an installed one. */
const PACKAGE_FOLDER = process.env['PACKAGE_PATH'] ?? ROOT;
const { name: PACKAGE } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { name: string };
/** Lines by which Node-RED tells that it runs; they come in any order. */
const SIGNS = [/Started flows/, /Server now running at/];

/** What Node-RED is started with. */
export interface NodeRedOptions {
  /** A port that is free. */
  port: number;
  /** Left out for a user directory that has its own already, with its credentials. */
  flows?: unknown[];
  /** Credentials by node id. */
  credentials?: Record<string, Record<string, string>>;
  /** Environment variables on top of the demo's own. */
  env?: Record<string, string>;
  /** Laid over {@link settingsFor}. */
  settings?: Record<string, unknown>;
  /** Lines that end the settings file, for what JSON can't say: `module.exports.x = require('y');`. */
  settingsCode?: string;
  /** A user directory that is kept; without one a throw-away directory is made, with the built package in it. */
  userDir?: string;
  /** Packages of nodes that are installed beside it in a throw-away directory. */
  modules?: readonly string[];
  onLine?: ((line: string) => void) | undefined;
}

/** A real Node-RED in a process of its own. */
export interface NodeRed extends Child {
  /** Where its flows serve HTTP, without a trailing slash. */
  readonly url: string;
  /** Address of the editor and of the admin API, without a trailing slash. */
  readonly adminUrl: string;
  readonly userDir: string;
}

/** Starts Node-RED; it is ready when its flows run and its port is open. */
export function startNodeRed(options: NodeRedOptions): NodeRed {
  const { port, env = {}, onLine } = options;
  const userDir = options.userDir ?? makeUserDir(options.modules);
  // Files that flows write, some with claim tokens in them, go away with the user directory.
  const settings: Record<string, unknown> = {
    ...settingsFor(port),
    fileWorkingDirectory: userDir,
    ...options.settings,
  };
  writeFileSync(
    join(userDir, 'settings.js'),
    `module.exports = ${JSON.stringify(settings, null, 2)};\n${options.settingsCode ?? ''}`,
  );
  if (options.flows !== undefined) {
    writeFileSync(join(userDir, 'flows.json'), JSON.stringify(options.flows));
    writeFileSync(join(userDir, 'flows_cred.json'), JSON.stringify(options.credentials ?? {}));
  }
  const missing = new Set(SIGNS);
  const child = startChild({
    name: 'Node-RED',
    program: programPath(),
    args: ['--userDir', userDir],
    // The computer's own proxy is for the way out, not for services on this computer.
    env: { NO_PROXY: LOOPBACK, no_proxy: LOOPBACK, ...env },
    onLine,
    isReady: (line) => {
      for (const sign of missing) if (sign.test(line)) missing.delete(sign);
      return missing.size === 0;
    },
  });
  const url = `http://${LOOPBACK}:${port}`;
  return {
    ...child,
    url,
    adminUrl: `${url}${String(settings['httpAdminRoot'])}`,
    userDir,
    stop: async () => {
      await child.stop();
      if (options.userDir === undefined) rmSync(userDir, { recursive: true, force: true });
    },
  };
}

/** A user directory as the palette manager would leave it after installing the package, and others beside it. */
export function makeUserDir(modules: readonly string[] = []): string {
  const userDir = mkdtempSync(join(tmpdir(), 'nrfcloud-node-red-'));
  const folders = modules.map((name) => [name, dirname(require.resolve(`${name}/package.json`))] as const);
  for (const [name, folder] of [[PACKAGE, PACKAGE_FOLDER] as const, ...folders]) {
    const link = join(userDir, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(folder, link, 'junction');
  }
  const dependencies = Object.fromEntries([PACKAGE, ...modules].map((name) => [name, '*']));
  writeFileSync(join(userDir, 'package.json'), JSON.stringify({ name: 'demo', dependencies }));
  return userDir;
}

/** Node-RED's program; `NODE_RED_PATH` names the main module of another installation. */
function programPath(): string {
  return resolve(dirname(process.env['NODE_RED_PATH'] ?? require.resolve('node-red')), '../red.js');
}
