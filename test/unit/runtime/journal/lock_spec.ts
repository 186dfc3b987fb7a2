import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { FolderLock } from '../../../../nodes/runtime/journal/lock';
import { stopClock, type Clock } from '../../../support/clock';

const SECOND_MS = 1000;
const PARENT = { pid: process.ppid, host: hostname() };
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

  const take = (): Promise<boolean> => taking(FolderLock.take(path));

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
    ['another computer that renewed it 80 s ago', 80 * SECOND_MS, false],
    ['another computer with the same process id', 0, false],
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
        'another computer that renewed it 80 s ago': { ...PARENT, host: 'elsewhere' },
        'another computer with the same process id': { pid: process.pid, host: 'elsewhere' },
        'another computer that did not renew it for 100 s': { ...PARENT, host: 'elsewhere' },
        'a process that is gone': GONE,
        'this process, in an earlier container': { pid: process.pid, host: hostname() },
        'a process that died while it wrote': '{"pid":',
        nobody: {},
      };
      writeHolder(holders[holder], ageMs);
      const before = readFileSync(path, 'utf8');
      assert.equal(await take(), isFree);
      assert.equal(readFileSync(path, 'utf8') === before, !isFree);
      if (isFree) assert.equal(holderPid(), process.pid);
    });
  }

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

  it('folder lock: it is renewed every 20 s until it is released', async () => {
    await take();
    const old = new Date(Date.now() - 3_600_000);
    utimesSync(path, old, old);
    await clock.jump(20 * SECOND_MS);
    while (statSync(path).mtimeMs < Date.now() - 60_000) await setImmediate();
    assert.equal(holderPid(), process.pid);
  });

  it('folder lock: a file that is gone when it is renewed ends nothing', async () => {
    await take();
    rmSync(path);
    await clock.jump(20 * SECOND_MS);
    assert.equal(existsSync(path), false);
  });
});
