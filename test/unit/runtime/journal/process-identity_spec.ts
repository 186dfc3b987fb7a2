import assert from 'node:assert/strict';
import fs from 'node:fs';
import { hostname } from 'node:os';
import { mock } from 'node:test';
import { isRunning, thisProcess } from '../../../../nodes/runtime/journal/process-identity';

const { pid } = process;
const host = hostname();
/** Above the largest process id of a kernel. */
const UNUSED_PID = 2 ** 22 + 1;

/** Replaces Linux's /proc by that of a computer with one process, which started at a tick. */
function useProc(ofPid: number, tick: string): void {
  const fields = ['S', ...Array.from({ length: 18 }, (_, index) => String(index)), tick, 'rest'];
  const files: Record<string, string> = {
    '/proc/sys/kernel/random/boot_id': 'boot\n',
    [`/proc/${ofPid}/stat`]: `${ofPid} (a (b) c) ${fields.join(' ')}\n`,
  };
  mock.method(fs, 'readFileSync', (path: string, encoding: string) => {
    const text = files[path];
    if (text === undefined || encoding !== 'utf8') throw new Error('ENOENT');
    return text;
  });
}

describe('process identity', () => {
  afterEach(() => mock.restoreAll());

  it('process identity: this process has its id, its host and the time of its start', () => {
    useProc(pid, '4711');
    assert.deepEqual(thisProcess(), { pid, host, started: 'boot 4711' });
  });

  it('process identity: without /proc the start is unknown', () => {
    mock.method(fs, 'readFileSync', () => {
      throw new Error('ENOENT');
    });
    assert.deepEqual(thisProcess(), { pid, host });
    assert.equal(isRunning({ pid, host }), true);
  });

  it('process identity: a process runs if it started when its holder says', () => {
    useProc(process.ppid, '12');
    const parent = { pid: process.ppid, host };
    assert.equal(isRunning({ ...parent, started: 'boot 12' }), true);
    assert.equal(isRunning({ ...parent, started: 'boot 13' }), false);
    assert.equal(isRunning({ ...parent, started: 'earlier 12' }), false);
  });

  it('process identity: whether a process that runs is the holder is not known if the holder does not say when it started', () => {
    useProc(process.ppid, '12');
    const parent = { pid: process.ppid, host };
    assert.equal(isRunning(parent), undefined);
  });

  it('process identity: whether a process runs whose start cannot be read now is not known', () => {
    useProc(UNUSED_PID, '12');
    assert.equal(isRunning({ pid: process.ppid, host, started: 'boot 12' }), undefined);
  });

  it('process identity: this process runs, and another that had its id before does not', () => {
    assert.equal(isRunning(thisProcess()), true);
    assert.equal(isRunning({ pid, host, started: 'before' }), false);
  });

  it('process identity: a process that is gone does not run', () => {
    assert.equal(isRunning({ pid: UNUSED_PID, host }), false);
  });

  it('process identity: a process of another user runs', () => {
    useProc(process.ppid, '12');
    mock.method(process, 'kill', () => {
      throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    });
    assert.equal(isRunning({ pid: process.ppid, host, started: 'boot 12' }), true);
  });

  it('process identity: whether this process runs is not asked for', () => {
    mock.method(process, 'kill', () => {
      throw Object.assign(new Error('no such process'), { code: 'ESRCH' });
    });
    assert.equal(isRunning({ pid, host }), true);
  });

  it("process identity: whether another computer's process runs is not known", () => {
    assert.equal(isRunning({ pid, host: `not ${host}` }), undefined);
    assert.equal(isRunning({ pid }), undefined);
  });

  for (const unusable of [undefined, 'text', null]) {
    it(`process identity: a holder with the process id ${unusable} does not run`, () => {
      assert.equal(isRunning({ pid: unusable as never, host }), false);
      assert.equal(isRunning({ pid: unusable as never, host: 'elsewhere' }), false);
    });
  }
});
