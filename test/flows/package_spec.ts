import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startSimulator, type Simulator } from '../../simulator';
import { demoFlows, keyFor, startNodeRedProcess, type NodeRedProcess } from '../support/node-red-process';

const ROOT = resolve(__dirname, '../..');
const run = promisify(execFile);

interface Manifest {
  name: string;
  version: string;
  'node-red': { nodes: Record<string, string> };
}

describe('the packed package', function () {
  this.timeout(120_000);
  let folder: string;
  let manifest: Manifest;
  let files: string[];
  let tarball: string;
  let simulator: Simulator;
  let nodeRed: NodeRedProcess | undefined;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nrfcloud-package-'));
    manifest = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    // `npm test` has just built it; packing would build it once more.
    const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: ROOT,
    });
    const [packed] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
    tarball = join(folder, packed.filename);
    files = packed.files.map(({ path }) => path);
    simulator = await startSimulator();
  });
  after(async () => {
    await nodeRed?.stop();
    await simulator.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('holds what users need, and nothing else', () => {
    const allowed =
      /^(dist\/.+\.(js|html|json|svg)|examples\/.+\.json|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/;
    assert.deepEqual(
      files.filter((path) => !allowed.test(path)),
      [],
    );
    for (const [type, script] of Object.entries(manifest['node-red'].nodes)) {
      assert.ok(files.includes(script), script);
      assert.ok(files.includes(script.replace(/\.js$/, '.html')), `${type}.html`);
      assert.ok(files.includes(`dist/locales/en-US/${type}.json`), `the catalog of ${type}`);
      assert.ok(files.includes(`dist/locales/en-US/${type}.html`), `the help of ${type}`);
    }
  });

  it('installs into an empty user directory as the palette manager does it, and claims a device', async () => {
    await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'node-red-project', private: true }));
    // The flags of Node-RED's palette manager.
    const flags = ['--no-audit', '--no-fund', '--no-update-notifier', '--save', '--save-prefix=~', '--omit=dev'];
    await run('npm', ['install', ...flags, '--engine-strict', tarball], { cwd: folder });
    const flows = demoFlows().filter(({ type }) => !type.startsWith('mqtt'));
    nodeRed = await startNodeRedProcess({
      userDir: folder,
      flows,
      credentials: keyFor(flows, 'sim-key'),
      env: { NRFCLOUD_BASE_URL: simulator.url },
    });

    const response = await nodeRed.admin('/nodes', { headers: { accept: 'application/json' } });
    const sets = ((await response.json()) as Record<string, any>[]).filter(({ module }) => module === manifest.name);
    assert.deepEqual(
      sets.flatMap(({ types }) => types as string[]).sort(),
      Object.keys(manifest['node-red'].nodes).sort(),
    );
    for (const { err, enabled, version } of sets) {
      assert.equal(err, undefined);
      assert.equal(enabled, true);
      assert.equal(version, manifest.version);
    }

    const { claimToken, deviceUuid } = simulator.mint();
    const claimed = await fetch(`${nodeRed.url}/claim`, { method: 'POST', body: claimToken });
    assert.equal(claimed.status, 201);
    assert.equal(((await claimed.json()) as { id: string }).id, deviceUuid);
    assert.equal(simulator.requests[0]!.headers['user-agent'], `${manifest.name}/${manifest.version}`);
  });
});
