import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { postJson } from '../support/post-json';

const ROOT = resolve(__dirname, '../..');

/** The demo in a process of its own, as `npm run demo` starts it after the build. */
interface Run {
  process: ChildProcess;
  lines: string[];
  /** Resolves with the first line that fits, printed before or after the call. */
  line: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Resolves with the exit code when it has ended and nothing of it is left. */
  end: () => Promise<number | null>;
}

describe('npm run demo', function () {
  this.timeout(60_000);
  let temporary: string;
  let demo: Run;

  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'nrfcloud-demo-test-'));
  });
  afterEach(async () => {
    demo.process.kill();
    await rm(temporary, { recursive: true, force: true });
  });

  const start = (...args: string[]): Run => {
    const child = spawn(process.execPath, ['--import', 'tsx', 'demo/main.ts', ...args], {
      cwd: ROOT,
      env: { ...process.env, TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const lines: string[] = [];
    const onLine = new Set<() => void>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line);
        for (const listener of onLine) listener();
      });
    }
    const closed = once(child, 'close');
    const everything = (): string => lines.join('\n');
    demo = {
      process: child,
      lines,
      line: async (pattern) =>
        new Promise((found, reject) => {
          const look = (): void => {
            const match = lines.map((line) => pattern.exec(line)).find((result) => result !== null);
            if (match !== undefined) found(match);
          };
          onLine.add(look);
          look();
          void closed.then(() => reject(new Error(`the demo ended without ${String(pattern)}:\n${everything()}`)));
        }),
      end: async () => {
        const [code] = (await closed) as [number | null];
        for (const [, pid] of everything().matchAll(/\(process (\d+)\)/g)) {
          assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' }, `process ${pid} is left`);
        }
        const left = (await readdir(temporary)).filter((name) => name.startsWith('nrfcloud'));
        assert.deepEqual(left, []);
        return code;
      },
    };
    return demo;
  };

  /** Posts to the simulator's controls. */
  const control = async (controls: string, path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${controls}${path}`, postJson(body));
    assert.ok(response.ok, `${path}: HTTP ${response.status}`);
  };

  it('-- --once prints the expected result of each claim, row and device, and exits 0', async () => {
    const { end, lines } = start('--once');
    assert.equal(await end(), 0, lines.join('\n'));
    const rows = lines.filter((line) => /^(ok|FAIL) {2,}(MQTT|HTTP| )/.test(line));
    assert.ok(rows.length >= 15);
    assert.ok(rows.every((row) => row.startsWith('ok')));
    for (const code of ['INVALID_INPUT', 'REJECTED', 'CONFLICT']) {
      for (const channel of ['MQTT', 'HTTP']) {
        assert.ok(
          rows.some((row) => row.includes(channel) && row.includes(`NRFCLOUD_${code}`)),
          `${channel} ${code}`,
        );
      }
    }
    const heading = lines.findIndex((line) => line.includes('/claim-batch'));
    const stages = lines.slice(heading + 1).flatMap((line) => /^ok +[^:]+: (\w+)(: .+)?$/.exec(line)?.[1] ?? []);
    assert.deepEqual(stages, ['onboarded', 'onboarded', 'waiting', 'failed']);
    assert.match(lines.at(-1)!, /^(\d+) of \1 as expected\.$/);
  });

  it('-- --once exits non-zero, and says why, when the simulator is killed midway', async () => {
    const { line, end, lines } = start('--once');
    const [, pid, controls] = await line(/^simulator .*\(process (\d+)\), controls at (\S+)/);
    await control(controls!, '/set', { latency: 300 });
    await line(/^ok +MQTT/);
    process.kill(Number(pid), 'SIGKILL');
    assert.equal(await end(), 1);
    assert.ok(lines.includes('The simulator ended unasked (SIGKILL).'), lines.join('\n'));
    assert.ok(!lines.some((text) => text.includes('as expected')));
  });

  it('-- --once exits non-zero when Node-RED is killed midway', async () => {
    const { line, end, lines } = start('--once');
    const [, pid] = await line(/^Node-RED +\S+ \(process (\d+)\)/);
    process.kill(Number(pid), 'SIGKILL');
    assert.equal(await end(), 1);
    assert.ok(lines.includes('Node-RED ended unasked (SIGKILL).'), lines.join('\n'));
  });

  it('-- --once exits non-zero when devices of the batch end in another stage than expected', async () => {
    const { line, end, lines } = start('--once');
    const [, controls] = await line(/^simulator .* controls at (\S+)/);
    const failAt = { index: 0, cme: 513, text: 'failed on purpose' };
    await control(controls!, '/behaviour', { target: 'default', change: { failAt } });
    assert.equal(await end(), 1);
    const failed = lines.filter((text) => /^FAIL .*: failed: /.test(text));
    assert.equal(failed.length, 2, lines.join('\n'));
  });

  it('-- --once exits non-zero when it takes too long', async () => {
    const { line, end, lines } = start('--once', '--time-limit', '8');
    const [, controls] = await line(/^simulator .* controls at (\S+)/);
    await control(controls!, '/set', { latency: 60_000 });
    assert.equal(await end(), 1);
    assert.ok(
      lines.some((text) => text.startsWith('The demo did not end within 8 s')),
      lines.join('\n'),
    );
  });

  it('stays up until it is interrupted, takes other ports for those that are in use, and leaves nothing', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const { port } = blocker.address() as AddressInfo;
    try {
      const ports = ['--port', '--mqtt-port', '--simulator-port'].flatMap((name) => [name, String(port)]);
      const { line, end, process: child } = start(...ports);
      await line(/^Stop it with/);
      const [, url, data] = await line(/curl -i (\S+) --data-raw '(.+)'$/);
      assert.notEqual(new URL(url!).port, String(port));
      const response = await fetch(url!, { method: 'POST', body: data! });
      assert.equal(response.status, 201);
      assert.match(await response.text(), /\}\n$/);
      child.kill('SIGINT');
      assert.equal(await end(), 0);
    } finally {
      blocker.close();
    }
  });

  it('refuses options that it does not know, in one line', async () => {
    const { end, lines } = start('--port', 'many');
    assert.equal(await end(), 1);
    assert.deepEqual(lines, ['--port must be a whole number up to 65534, not "many".']);
  });
});
