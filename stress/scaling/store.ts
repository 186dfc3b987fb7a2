import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LOOPBACK } from '../../harness/ports';

const CACHE = resolve(__dirname, '../../.cache/scaling');
/** The Node-RED project's own context store for Redis, which is installed from its repository. */
const PUBLISHED = 'github:node-red/node-red-context-redis#fdba50a68dbe9008cc5f418d30c8c9badae7ced5';
/** What the stand-in needs. */
const CLIENT = 'redis@5.8.2';

/** A module that keeps Node-RED's context in Redis. */
export interface StoreModule {
  /** What it is, for the report. */
  name: string;
  /** Its folder or file. */
  path: string;
}

/** A context store in Redis. */
export interface Store {
  /** Lines for Node-RED's settings file. */
  settingsCode: string;
}

/**
 * Installs a context store: the one that `SCALING_STORE` names, as npm takes it, or the published one, or where that
 * can't be had (it is in no registry) the test's stand-in.
 * @throws {Error} when npm fails
 */
export function installStore(): StoreModule {
  const wanted = process.env['SCALING_STORE'];
  if (wanted !== undefined) return published(wanted);
  try {
    return published(PUBLISHED);
  } catch (error) {
    console.log(`${String(error)}; the test's own stand-in takes its place`);
    install(CLIENT);
    return { name: `stand-in over ${CLIENT}`, path: join(__dirname, 'stand-in-store.cjs') };
  }
}

/**
 * The context store `redis` of instances with the same flow.
 * @param prefix of its keys; instances with one prefix share their records
 * @param code further lines for the settings file
 */
export function storeIn({ path }: StoreModule, redisPort: number, prefix: string, code = ''): Store {
  const config = { host: LOOPBACK, port: redisPort, db: 0, prefix };
  return {
    settingsCode: `module.exports.contextStorage = {
  default: { module: 'memory' },
  redis: { module: require(${JSON.stringify(path)}), config: ${JSON.stringify(config)} },
};\n${code}\n`,
  };
}

function published(spec: string): StoreModule {
  const folder = install(spec);
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const [name] = Object.keys(dependencies);
  return { name: `${name!} (${spec})`, path: join(folder, 'node_modules', name!) };
}

/** Installs a package into the cache, beside its place first, so that an interrupted installation is no whole one. */
function install(spec: string): string {
  const folder = cacheOf(spec);
  if (existsSync(folder)) return folder;
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  writeFileSync(join(draft, 'package.json'), '{ "private": true }\n');
  const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--loglevel=silent', '--fetch-retries=0'];
  const { status } = spawnSync('npm', ['install', ...flags, spec], { cwd: draft, stdio: 'ignore' });
  if (status !== 0) {
    rmSync(draft, { recursive: true, force: true });
    throw new Error(`npm could not install ${spec}`);
  }
  renameSync(draft, folder);
  return folder;
}

function cacheOf(spec: string): string {
  return join(CACHE, spec.replace(/[^\w.@-]+/g, '-'));
}
