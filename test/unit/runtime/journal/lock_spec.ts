import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { FolderLock, type TakeOptions } from '../../../../nodes/runtime/journal/lock';
import { identify } from '../../../../nodes/runtime/journal/process-identity';
import { stopClock, type Clock } from '../../../support/clock';

const SECOND_MS = 1000;
/** A process that runs as long as the test, and one of which nothing says that it is not another one with the same id. */
const PARENT = identify(process.ppid);
const PERHAPS_PARENT = { pid: process.ppid, host: hostname() };
const ELSEWHERE = { ...PARENT, host: 'elsewhere' };
const GONE = { pid: 2 ** 22 + 1, host: hostname() };

describe('folder lock', () => {
  let folder: string;
  let path: string;
  let clock: Clock;
  const taken: FolderLock[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lock-'));
    path = join(folder, 'lock');
    clock = stopClock();
  });

  afterEach(async () => {
    for (const lock of taken.splice(0)) await lock.release();
    clock.restore();
    rmSync(folder, { recursive: true, force: true });
  });

  const holderPid = (): unknown => (JSON.parse(readFileSync(path, 'utf8')) as { pid: unknown }).pid;

  /** The old file may be removed at any moment, and the new one be written halfway. */
  function isWritten(): boolean {
    try {
      return readFileSync(path, 'utf8').endsWith('\n');
    } catch {
      return false;
    }
  }

  function writeHolder(holder: unknown, ageMs = 0): void {
    writeFileSync(path, typeof holder === 'string' ? holder : JSON.stringify(holder));
    const time = new Date(Date.now() - ageMs);
    utimesSync(path, time, time);
  }

  /** Lets time pass until a lock is taken, or not. */
  async function taking(lock: Promise<FolderLock | undefined>): Promise<boolean> {
    const state = { isEnded: false };
    const mark = (): void => {
      state.isEnded = true;
    };
    lock.then(mark, mark);
    while (!state.isEnded) await clock.jump(50);
    const one = await lock;
    if (one !== undefined) taken.push(one);
    return one !== undefined;
  }

  const take = (options?: TakeOptions): Promise<boolean> => taking(FolderLock.take(path, options));

  it('folder lock: a free folder is taken at once, and the file says by whom', async () => {
    taken.push((await FolderLock.take(path))!);
    assert.equal(holderPid(), process.pid);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('folder lock: after its release it is free, also if the file is gone', async () => {
    await take();
    await taken[0]!.release();
    assert.equal(existsSync(path), false);
    await taken[0]!.release();
  });

  it('folder lock: a folder that does not exist is an error', async () => {
    await assert.rejects(FolderLock.take(join(folder, 'none', 'lock')), { code: 'ENOENT' });
  });

  for (const [holder, ageMs, isFree] of [
    ['a running process of this computer', 0, false],
    ['a running process of this computer that does not renew it', 3_600_000, false],
    ['another computer that did not renew it for 100 s', 100 * SECOND_MS, true],
    ['a process that is gone', 0, true],
    ['this process, in an earlier container', 0, true],
    ['a process that died while it wrote', 0, true],
    ['nobody', 0, true],
  ] as const) {
    it(`folder lock: one of ${holder} is ${isFree ? 'taken over' : 'left to it'}`, async () => {
      const holders = {
        'a running process of this computer': PARENT,
        'a running process of this computer that does not renew it': PARENT,
        'another computer that did not renew it for 100 s': ELSEWHERE,
        'a process that is gone': GONE,
        'this process, in an earlier container': { pid: process.pid, host: hostname() },
        'a process that died while it wrote': '{"pid":',
        nobody: {},
      };
      writeHolder(holders[holder], ageMs);
      const before = readFileSync(path, 'utf8');
      assert.equal(await take({ onWait: () => assert.fail('this is known at once') }), isFree);
      assert.equal(readFileSync(path, 'utf8') === before, !isFree);
      if (isFree) assert.equal(holderPid(), process.pid);
    });
  }

  describe('whose holder may be gone', () => {
    const UNKNOWN = [
      ['another computer', ELSEWHERE],
      ['another computer with the same process id', { pid: process.pid, host: 'elsewhere' }],
      ['a process that perhaps is another one', PERHAPS_PARENT],
    ] as const;

    for (const [name, holder] of UNKNOWN) {
      for (const [version, heartbeat, ageMs, leastMs] of [
        ['this version', { heartbeatMs: 5000 }, 80 * SECOND_MS, 19 * SECOND_MS],
        ['an older version', {}, 0, 79 * SECOND_MS],
        ['a computer whose clock is ahead', { heartbeatMs: 5000 }, -3_600_000, 19 * SECOND_MS],
      ] as const) {
        it(`folder lock: one of ${name} and ${version} is taken over after four heartbeats without one`, async () => {
          writeHolder({ ...holder, ...heartbeat }, ageMs);
          assert.equal(await take(), true);
          assert.equal(holderPid(), process.pid);
          assert.ok(clock.now >= leastMs, `${clock.now} ms`);
        });
      }

      it(`folder lock: one of ${name} that is renewed is left to it`, async () => {
        writeHolder(holder, 4 * SECOND_MS);
        const before = readFileSync(path, 'utf8');
        assert.equal(await take({ onWait: () => writeHolder(holder) }), false);
        assert.equal(readFileSync(path, 'utf8'), before);
      });
    }

    for (const heartbeatMs of [0, -1, 1e9, '5000', null]) {
      it(`folder lock: one with a heartbeat of ${JSON.stringify(heartbeatMs)} ms is waited for as an old one`, async () => {
        writeHolder({ ...ELSEWHERE, heartbeatMs });
        assert.equal(await take(), true);
        assert.ok(clock.now >= 79 * SECOND_MS, `${clock.now} ms`);
      });
    }

    it('folder lock: one that is released meanwhile is taken', async () => {
      writeHolder(ELSEWHERE);
      assert.equal(await take({ onWait: () => rmSync(path) }), true);
      assert.equal(holderPid(), process.pid);
    });

    it('folder lock: the wait for its holder can be ended, and then it stays as it is', async () => {
      writeHolder(ELSEWHERE);
      const before = readFileSync(path, 'utf8');
      const stop = new AbortController();
      const lock = FolderLock.take(path, { signal: stop.signal, onWait: () => stop.abort() });
      assert.equal(await lock, undefined);
      assert.equal(readFileSync(path, 'utf8'), before);
      assert.equal(clock.now, 0);
    });

    it('folder lock: a computer that sleeps meanwhile gives the holder the time to renew it', async () => {
      writeHolder(ELSEWHERE);
      const state = { isEnded: false, waits: false };
      const lock = FolderLock.take(path, { onWait: () => (state.waits = true) }).finally(() => (state.isEnded = true));
      while (!state.waits) await setImmediate();
      await setImmediate();
      await clock.jump(3_600_000);
      for (let index = 0; index < 10; index++) await readFile(path);
      assert.equal(state.isEnded, false);
      writeHolder(ELSEWHERE);
      assert.equal(await taking(lock), false);
    });
  });

  for (const [what, act] of [
    ['another process took it meanwhile', () => writeHolder(PARENT)],
    ['the file is gone meanwhile', () => rmSync(path)],
  ] as const) {
    it(`folder lock: one that is taken over does not count if ${what}`, async () => {
      writeHolder(GONE);
      let isEnded = false;
      const lock = FolderLock.take(path).finally(() => (isEnded = true));
      while (!isWritten()) await setImmediate();
      // Time enough for all but the wait, which the clock holds.
      for (let index = 0; index < 10; index++) await readFile(path);
      assert.equal(isEnded, false);
      act();
      assert.equal(await taking(lock), false);
    });
  }

  for (const [what, holder, isKept] of [
    ['its own', undefined, false],
    ['that of a holder which may be gone', ELSEWHERE, true],
  ] as const) {
    it(`folder lock: a process that ends ${isKept ? 'keeps' : 'removes'} ${what}`, () => {
      if (holder !== undefined) writeHolder(holder);
      const lock = resolve(__dirname, '../../../../nodes/runtime/journal/lock.ts');
      const end = 'console.log(fs.existsSync(path)); process.exit()';
      const code = `const fs = require('node:fs'); const path = ${JSON.stringify(path)};
        const onWait = () => { ${end} };
        require(${JSON.stringify(lock)}).FolderLock.take(path, { onWait }).then(() => { ${end} });`;
      const { stdout } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '--eval', code], { encoding: 'utf8' });
      assert.equal(stdout, 'true\n');
      assert.equal(existsSync(path), isKept);
    });
  }

  it('folder lock: it is renewed every 5 s until it is released', async () => {
    await take();
    const old = new Date(Date.now() - 3_600_000);
    utimesSync(path, old, old);
    await clock.jump(5 * SECOND_MS);
    while (statSync(path).mtimeMs < Date.now() - 60_000) await setImmediate();
    assert.equal(holderPid(), process.pid);
  });

  it('folder lock: one that another host has taken over is neither renewed nor removed', async () => {
    await take();
    writeHolder(ELSEWHERE, 10 * SECOND_MS);
    const { mtimeMs } = statSync(path);
    await clock.jump(60 * SECOND_MS);
    while (await taken[0]!.isOurs()) await setImmediate();
    await taken[0]!.release();
    assert.deepEqual([statSync(path).mtimeMs, JSON.parse(readFileSync(path, 'utf8'))], [mtimeMs, ELSEWHERE]);
  });

  it('folder lock: a holder that was blocked looks whether it still has it before it says so', async () => {
    await take();
    assert.equal(await taken[0]!.isOurs(), true);
    writeHolder(ELSEWHERE);
    const later = Date.now() + 11 * SECOND_MS;
    const now = mock.method(Date, 'now', () => later);
    assert.equal(await taken[0]!.isOurs(), false);
    now.mock.restore();
  });

  it('folder lock: a file that is gone when it is renewed ends nothing', async () => {
    await take();
    rmSync(path);
    await clock.jump(5 * SECOND_MS);
    assert.equal(existsSync(path), false);
  });
});
