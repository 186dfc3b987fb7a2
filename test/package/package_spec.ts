import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import { promisify } from 'node:util';
import { startSimulator, type Simulator } from '../../simulator';
import { EXAMPLES, readExample } from '../support/examples';
import { demoFlows, keyFor, startNodeRedProcess, type NodeRedProcess } from '../support/node-red-process';

const ROOT = resolve(__dirname, '../..');
const run = promisify(execFile);

const KIB = 1024;
/** What the package may cost its users, in bytes: a little above what it did with eleven node types and the operator page. */
const BUDGET = { tarball: 500 * KIB, unpacked: 1850 * KIB, installed: 5400 * KIB };
/** All that is installed along with it. */
const DEPENDENCIES = ['csv-parse', 'undici'];

interface Manifest {
  name: string;
  version: string;
  bin: Record<string, string>;
  'node-red': { nodes: Record<string, string> };
}

/** What scripts/packed.mjs tells. */
interface Packed {
  size: number;
  unpackedSize: number;
  files: { path: string }[];
  installed: Record<string, number>;
}

describe('the packed package', function () {
  this.timeout(120_000);
  let folder: string;
  let manifest: Manifest;
  let types: string[];
  let languages: string[];
  let packed: Packed;
  let files: string[];
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nrfcloud-package-'));
    manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    types = Object.keys(manifest['node-red'].nodes);
    languages = await readdir(join(ROOT, 'locales'));
    // `npm test` has just built it.
    const { stdout } = await run(process.execPath, ['scripts/packed.mjs', '--json', folder], { cwd: ROOT });
    packed = JSON.parse(stdout) as Packed;
    files = packed.files.map(({ path }) => path);
    simulator = await startSimulator();
    const flows = demoFlows().filter(({ type }) => !type.startsWith('mqtt'));
    nodeRed = await startNodeRedProcess({
      userDir: folder,
      flows,
      credentials: keyFor(flows, 'sim-key'),
      env: { NRFCLOUD_BASE_URL: simulator.url, NRFCLOUD_DEVICE_API_URL: simulator.deviceApiUrl },
    });
  });
  after(async () => {
    await nodeRed.stop();
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Asks as the editor does. */
  const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    nodeRed.admin(path, { headers });

  it('holds what users need, and nothing else', () => {
    const allowed =
      /^(dist\/.+\.(js|html|json|svg)|resources\/[\w-]+\.js|resources\/operator-page\/[\w/-]+\.(js|css|json)|examples\/.+\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    assert.deepEqual(
      files.filter((path) => !allowed.test(path)),
      [],
    );
    for (const script of Object.values(manifest['node-red'].nodes)) assert.ok(files.includes(script), script);
    // What is left of an earlier build: npm run clean.
    const sourceOf = (path: string): string => path.replace(/^dist/, 'nodes').replace(/\.js$/, '.ts');
    const built = files.filter((path) => path.startsWith('dist/') && path.endsWith('.js'));
    assert.deepEqual(
      built.filter((path) => !existsSync(join(ROOT, sourceOf(path)))),
      [],
    );
  });

  it('brings nothing along but what it needs, and keeps to its budget', () => {
    assert.deepEqual(Object.keys(packed.installed).sort(), [...DEPENDENCIES, manifest.name].sort());
    const installed = Object.values(packed.installed).reduce((sum, bytes) => sum + bytes, 0);
    const cost = { tarball: packed.size, unpacked: packed.unpackedSize, installed };
    for (const [what, bytes] of Object.entries(cost)) {
      const most = BUDGET[what as keyof typeof BUDGET];
      assert.ok(bytes <= most, `${what}: ${bytes} bytes are more than ${most}`);
    }
  });

  it('package: npx finds the command, which reads the API key from the environment only', async () => {
    const module = join(folder, 'node_modules', manifest.name);
    const [program] = Object.values(manifest.bin);
    const env = { ...process.env, NRFCLOUD_API_KEY: '' };
    const refused = run(process.execPath, [join(module, program!), 'report'], { env });
    await assert.rejects(refused, { code: 2, stdout: '', stderr: /NRFCLOUD_API_KEY/ });
  });

  it('gives Node-RED every node', async () => {
    const list = (await (await ask('/nodes', { accept: 'application/json' })).json()) as Record<string, any>[];
    const sets = list.filter(({ module }) => module === manifest.name);
    assert.deepEqual(sets.flatMap((set) => set['types'] as string[]).sort(), [...types].sort());
    for (const { err, enabled, version } of sets) {
      assert.equal(err, undefined);
      assert.equal(enabled, true);
      assert.equal(version, manifest.version);
    }
  });

  it('package: the editor gets the code that the dialogs share', async () => {
    // A 404 would keep the editor from loading at all.
    const served = await readdir(join(ROOT, 'resources'), { recursive: true, withFileTypes: true });
    const folder = join(ROOT, 'resources');
    for (const entry of served.filter((one) => one.isFile())) {
      const file = relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/');
      const response = await ask(`/resources/${manifest.name}/${file}`);
      assert.equal(response.status, 200, file);
      assert.equal(await response.text(), await readFile(join(ROOT, 'resources', file), 'utf8'));
    }
  });

  it('gives the editor the dialog, the icon, and the catalog and help in each language of every node', async () => {
    const icons = (await (await ask('/icons')).json()) as Record<string, string[]>;
    assert.deepEqual(icons[manifest.name]?.sort(), types.map((type) => `${type}.svg`).sort());
    for (const type of types) {
      const icon = await ask(`/icons/${manifest.name}/${type}.svg`);
      assert.equal(await icon.text(), await readFile(join(ROOT, 'icons', `${type}.svg`), 'utf8'), type);
    }
    for (const language of languages) {
      const dialogs = await (await ask('/nodes', { accept: 'text/html', 'accept-language': language })).text();
      for (const type of types) {
        const own = (extension: string): Promise<string> =>
          readFile(join(ROOT, 'locales', language, `${type}.${extension}`), 'utf8');
        assert.ok(dialogs.includes(`registerType('${type}'`), type);
        assert.ok(dialogs.includes((await own('html')).trim()), `the help of ${type} in ${language}`);
        const catalog = await ask(`/locales/${manifest.name}/${type}?lng=${language}`);
        assert.deepEqual(await catalog.json(), JSON.parse(await own('json')), `the catalog of ${type} in ${language}`);
      }
    }
  });

  it('gives the import menu every example', async () => {
    const menu = `/library/examples/flows/${manifest.name}`;
    const shown = (await (await ask(menu)).json()) as ({ fn: string } | string)[];
    const files = shown.flatMap((entry) => (typeof entry === 'string' ? [] : [entry.fn]));
    assert.deepEqual(files.sort(), [...EXAMPLES].sort());
    for (const name of EXAMPLES) {
      const imported = await ask(`${menu}/${encodeURIComponent(name)}`);
      assert.deepEqual(JSON.parse(await imported.text()), readExample(name));
    }
  });

  it('claims a device', async () => {
    const { claimToken, deviceUuid } = simulator.mint();
    const claimed = await fetch(`${nodeRed.url}/claim`, { method: 'POST', body: claimToken });
    assert.equal(claimed.status, 201);
    assert.equal(((await claimed.json()) as { id: string }).id, deviceUuid);
    assert.equal(simulator.requests[0]!.headers['user-agent'], `${manifest.name}/${manifest.version}`);
  });
});
