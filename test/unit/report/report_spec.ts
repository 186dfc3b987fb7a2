import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { startSimulator, type Simulator } from '../../../simulator';

const PROGRAM = resolve(__dirname, '../../../nodes/report/main.ts');
const KEY = 'report-key-0123456789';
const TEAM_TAG = 'location=Trondheim';

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command in a process of its own, as npx would. */
function run(words: string[], env: Record<string, string> = {}): Promise<Run> {
  return new Promise((done) => {
    const options = { env: { ...process.env, NRFCLOUD_API_KEY: '', ...env } };
    execFile(process.execPath, ['--import', 'tsx', PROGRAM, ...words], options, (error, stdout, stderr) => {
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('report', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  before(async () => (simulator = await startSimulator({ apiKey: KEY })));
  after(() => simulator.close());

  const words = (): string[] => ['report', '--base-url', simulator.url, '--device-api-url', simulator.deviceApiUrl];
  const calls = ({ stdout }: Run): Record<string, any>[] => JSON.parse(stdout).calls;

  it('report: describes every answer, sends nothing but GET, and shows no value of the account', async () => {
    const ids = simulator.fill(3, [TEAM_TAG]);
    simulator.onboard(ids[0]!, { connected: true });
    simulator.addRule({
      name: 'My rule',
      active: true,
      commands: [{ request: { cloudAccessKeyGeneration: { secTag: 16842753 } } }],
      tags: [TEAM_TAG],
    });
    const result = await run(words(), { NRFCLOUD_API_KEY: KEY });
    assert.equal(result.code, 0, result.stderr);
    assert.deepEqual([...new Set(simulator.requests.map(({ method }) => method))], ['GET']);
    assert.equal(simulator.requests.length, calls(result).length);
    for (const secret of [KEY, TEAM_TAG, 'My rule', ...ids]) assert.ok(!result.stdout.includes(secret), secret);
    const byRequest = new Map(calls(result).map((call) => [call['request'] as string, call]));
    const device = byRequest.get('GET provisioning /claimed-devices')!['body'].items[1];
    assert.equal(device.id, 'uuid');
    assert.equal(device.claimedAt, 'date');
    assert.equal(byRequest.get('GET provisioning /provisioning-rules')!['status'], 200);
    assert.equal(byRequest.get('GET device /account')!['status'], 200);
    assert.ok(calls(result).some(({ status }) => status === 404));
    assert.ok(result.stderr.includes(new URL(simulator.url).origin));
  });

  it('report: a refused key is a result, too', async () => {
    const result = await run(words(), { NRFCLOUD_API_KEY: 'another-key' });
    assert.equal(result.code, 0);
    assert.ok(calls(result).every(({ status }) => status === 401));
  });

  it('report: fails if nothing answers, and says so for each call', async () => {
    const nowhere = 'http://127.0.0.1:1/v1';
    const result = await run(['report', '--base-url', nowhere, '--device-api-url', nowhere], { NRFCLOUD_API_KEY: KEY });
    assert.equal(result.code, 1);
    assert.ok(calls(result).every(({ problem, status }) => typeof problem === 'string' && status === undefined));
  });

  for (const [title, args, env] of [
    ['no key', ['report'], {}],
    ['a key that no header can carry', ['report'], { NRFCLOUD_API_KEY: 'sch lüssel' }],
    ['no command', [], { NRFCLOUD_API_KEY: KEY }],
    ['an unknown option', ['report', '--delete'], { NRFCLOUD_API_KEY: KEY }],
    [
      'a URL that would send the key readable',
      ['report', '--base-url', 'http://example.com'],
      { NRFCLOUD_API_KEY: KEY },
    ],
  ] as const) {
    it(`report: ${title} sends nothing and ends with 2`, async () => {
      const { code, stdout, stderr } = await run([...args], env);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.notEqual(stderr, '');
    });
  }
});
