import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAM = resolve(__dirname, '../../bench/main.ts');

describe('the benches, in short', function () {
  this.timeout(120_000);

  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'nrfcloud-bench-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const bench = (...words: string[]): Promise<{ stdout: string }> =>
    run(process.execPath, ['--import', 'tsx', PROGRAM, ...words]);

  it('put the product beside its peers, in a table, as JSON and in a picture', async () => {
    const [json, svg, profiles] = ['bench.json', 'bench.svg', 'profiles'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const words = ['claims', '--rounds', '1', '--scale', '0.01', '--json', json, '--svg', svg, '--profiles', profiles];
    const { stdout } = await bench(...words);
    for (const who of ['this package', 'core HTTP request flow', 'undici alone', 'one by one', 'floor']) {
      assert.match(stdout, new RegExp(`${who}.* per second`), stdout);
    }
    assert.match(stdout, /floor: undici .* ≤ 1.25 ×/s);
    assert.match(stdout, /claims: where \d+ ms of CPU time went: .*this package [\d.]+ %/);
    const { results } = JSON.parse(readFileSync(json, 'utf8')) as { results: { rounds: Record<string, any[]> }[] };
    // Every device was claimed, and nothing failed.
    assert.equal(results[0]!.rounds['this package']![0]['devices claimed'], 200);
    assert.equal(results[0]!.rounds['this package']![0]['failed or lost'], 0);
    assert.match(readFileSync(svg, 'utf8'), /^<svg[^]*this package[^]*<\/svg>/);
  });

  it('follow many pending rows over their end, and pending operations over a kill', async () => {
    const json = join(folder, 'long.json');
    await bench('uploads-at-once', 'pending-rows', 'restart', '--rounds', '1', '--scale', '0.01', '--json', json);
    const { results } = JSON.parse(readFileSync(json, 'utf8')) as {
      results: { name: string; rounds: Record<string, Record<string, number>[]> }[];
    };
    const figures = Object.fromEntries(results.map(({ name, rounds }) => [name, Object.values(rounds)[0]![0]!]));
    assert.equal(figures['uploads-at-once']!['rows not uploaded'], 0);
    assert.equal(figures['pending-rows']!['rows not reported once'], 0);
    assert.equal(figures['pending-rows']!['flushes on the event loop'], 0);
    assert.equal(figures['restart']!['operations not polled'], 0);
  });

  it('say what there is instead of a bench that there is not', async () => {
    await assert.rejects(bench('nonsense'), (error: { stderr: string }) => {
      assert.match(error.stderr, /^There is no bench "nonsense", only claims, /);
      return true;
    });
  });
});
