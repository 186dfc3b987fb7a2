import assert from 'node:assert/strict';
import { Semaphore } from '../../../nodes/http/semaphore';
import { Abort } from '../../../nodes/util/abort';
import { ListenedStop } from '../../support/listened-stop';

describe('Semaphore', () => {
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  /** Tasks that take a place in their order; the names of those that have one. */
  class Tasks {
    readonly running: string[] = [];

    constructor(private readonly semaphore: Semaphore) {}

    start(...names: string[]): void {
      for (const name of names) void this.semaphore.acquire(new Abort()).then(() => this.running.push(name));
    }
  }

  it('semaphore: as many tasks as there are places run at once, the others in their order', async () => {
    const semaphore = new Semaphore(2);
    const tasks = new Tasks(semaphore);
    tasks.start('a', 'b', 'c', 'd');
    await settled();
    assert.deepEqual(tasks.running, ['a', 'b']);
    semaphore.release();
    await settled();
    assert.deepEqual(tasks.running, ['a', 'b', 'c']);
    semaphore.release();
    await settled();
    assert.deepEqual(tasks.running, ['a', 'b', 'c', 'd']);
  });

  it('semaphore: a place that nobody waits for is free for the next task, and no second one', async () => {
    const semaphore = new Semaphore(1);
    const tasks = new Tasks(semaphore);
    tasks.start('a');
    semaphore.release();
    tasks.start('b', 'c');
    await settled();
    assert.deepEqual(tasks.running, ['a', 'b']);
  });

  it('semaphore: a task that is aborted while it waits leaves its place to the next', async () => {
    const semaphore = new Semaphore(1);
    const tasks = new Tasks(semaphore);
    tasks.start('a');
    const stop = new Abort();
    const stopped = semaphore.acquire(stop);
    tasks.start('c');
    stop.abort(new Error('stopped'));
    await assert.rejects(stopped, /stopped/);
    semaphore.release();
    await settled();
    assert.deepEqual(tasks.running, ['a', 'c']);
  });

  it('semaphore: an aborted task gets no place, even if one is free, and takes none away', async () => {
    const semaphore = new Semaphore(1);
    const stop = new Abort();
    stop.abort(new Error('stopped'));
    await assert.rejects(semaphore.acquire(stop), /stopped/);
    const tasks = new Tasks(semaphore);
    tasks.start('a');
    await settled();
    assert.deepEqual(tasks.running, ['a']);
  });

  it('semaphore: listens to a signal only while its task waits', async () => {
    const semaphore = new Semaphore(1);
    const signal = new ListenedStop();
    await semaphore.acquire(signal);
    assert.equal(signal.total, 0);
    const waiting = semaphore.acquire(signal);
    assert.equal(signal.listeners, 1);
    semaphore.release();
    await waiting;
    assert.equal(signal.listeners, 0);
  });
});
