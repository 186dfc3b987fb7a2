import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Journal } from '../../../../nodes/runtime/journal/journal';
import { identify } from '../../../../nodes/runtime/journal/process-identity';
import { acquireJournal, JournalUnavailable, releaseJournal } from '../../../../nodes/runtime/journal/shared-journal';
import { stopClock, type Clock } from '../../../support/clock';
import { assertSentence } from '../../../support/sentences';

const ignore = (): void => undefined;

describe('shared journal', () => {
  let userDir: string;
  let folder: string;
  let clock: Clock;
  let users: number;

  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'shared-journal-'));
    folder = join(userDir, 'nrfcloud-provisioning');
    clock = stopClock();
    users = 0;
  });

  afterEach(async () => {
    while (users > 0) release();
    await clock.jump(2000);
    // A journal that is closed later would take a timer from the clock of the next test.
    for (let turn = 0; turn < 1000 && existsSync(join(folder, 'lock')); turn++) await setImmediate();
    clock.restore();
    rmSync(userDir, { recursive: true, force: true });
  });

  async function acquire(): Promise<Journal> {
    const journal = await acquireJournal(userDir, ignore);
    assert.ok(journal);
    users++;
    return journal;
  }

  function release(): void {
    users--;
    releaseJournal(userDir);
  }

  /** A running process of this computer has the lock: the parent of this one. */
  function lockByAnother(): void {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'lock'), JSON.stringify(identify(process.ppid)));
  }

  async function reasonOf(of: string | undefined): Promise<string> {
    const error: unknown = await acquireJournal(of, ignore).then(
      () => assert.fail('it was opened'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof JournalUnavailable);
    return error.message;
  }

  it('shared journal: all users of a directory have the same one, in its folder', async () => {
    const [first, second] = await Promise.all([acquire(), acquire()]);
    assert.equal(first, second);
    assert.equal(existsSync(join(folder, 'lock')), true);
  });

  it('shared journal: it is closed two seconds after its last user gave it back', async () => {
    const [journal] = [await acquire(), await acquire()];
    release();
    await clock.jump(2000);
    assert.equal(journal.isClosed, false);
    release();
    await clock.jump(1999);
    assert.equal(journal.isClosed, false);
    await clock.jump(1);
    assert.equal(journal.isClosed, true);
  });

  it('shared journal: a redeploy goes on with it', async () => {
    const journal = await acquire();
    release();
    await clock.jump(1999);
    assert.equal(await acquire(), journal);
    await clock.jump(2000);
    assert.equal(journal.isClosed, false);
  });

  it('shared journal: it is opened again only after it was closed', async () => {
    const journal = await acquire();
    await journal.store('n').create('a', { n: 1 });
    release();
    await clock.jump(2000);
    const next = await acquire();
    assert.notEqual(next, journal);
    assert.deepEqual(await next.store('n').read('a'), { n: 1 });
    assert.match(readFileSync(join(folder, 'lock'), 'utf8'), new RegExp(`"pid":${process.pid}\\b`));
  });

  for (const none of [undefined, '']) {
    it(`shared journal: without a user directory (${JSON.stringify(none)}) it is unavailable`, async () => {
      assertSentence(await reasonOf(none));
    });
  }

  it('shared journal: a folder that cannot be made is the reason, as the system names it', async () => {
    writeFileSync(join(userDir, 'file'), '');
    assert.equal(await reasonOf(join(userDir, 'file')), 'ENOTDIR');
  });

  it('shared journal: one that another process uses is unavailable until that gives it back', async () => {
    lockByAnother();
    assertSentence(await reasonOf(userDir));
    rmSync(join(folder, 'lock'));
    assert.equal((await acquire()).isClosed, false);
  });

  it('shared journal: a failed opening is not closed later', async () => {
    lockByAnother();
    await reasonOf(userDir);
    releaseJournal(userDir);
    rmSync(join(folder, 'lock'));
    const journal = await acquire();
    await clock.jump(2000);
    assert.equal(journal.isClosed, false);
  });

  it('shared journal: a user that gives back what failed to open ends nothing', async () => {
    lockByAnother();
    const failed = reasonOf(userDir);
    releaseJournal(userDir);
    await clock.jump(2000);
    await failed;
    rmSync(join(folder, 'lock'));
    assert.equal((await acquire()).isClosed, false);
  });

  describe('while it is not known whether another process has it', () => {
    const HOLDER = JSON.stringify({ pid: process.pid, host: 'elsewhere', heartbeatMs: 5000 });

    beforeEach(() => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'lock'), HOLDER);
    });

    const holder = (): string => readFileSync(join(folder, 'lock'), 'utf8');

    /** Lets a second pass, and gives the files that are read then the time for it. */
    async function passSecond(): Promise<void> {
      await clock.jump(1000);
      for (let turn = 0; turn < 10; turn++) await readFile(join(folder, 'lock')).catch(() => undefined);
    }

    /** A user that is closed as soon as it waits. */
    async function closeWhileWaiting(): Promise<void> {
      const closing = new AbortController();
      const journal = acquireJournal(userDir, ignore, closing.signal);
      // Time enough to see that it has to wait.
      for (let turn = 0; turn < 10; turn++) await readFile(join(folder, 'lock'));
      closing.abort();
      assert.equal(await journal, undefined);
    }

    async function ended<R>(call: Promise<R>): Promise<R> {
      const state = { isEnded: false };
      const mark = (): void => {
        state.isEnded = true;
      };
      call.then(mark, mark);
      while (!state.isEnded) await clock.jump(50);
      return call;
    }

    it('shared journal: users wait for it, and have it when the other process does not renew its lock', async () => {
      const [one, other] = await ended(Promise.all([acquire(), acquire()]));
      assert.equal(one, other);
      assert.notEqual(holder(), HOLDER);
    });

    it('shared journal: a user that is closed does not wait, and others go on waiting', async () => {
      const other = acquire();
      await closeWhileWaiting();
      assert.equal(clock.now, 0);
      assert.equal((await ended(other)).isClosed, false);
    });

    it('shared journal: a redeploy meanwhile does not begin anew', async () => {
      const closing = new AbortController();
      const closed = acquireJournal(userDir, ignore, closing.signal);
      for (let second = 0; second < 15; second++) await passSecond();
      closing.abort();
      assert.equal(await closed, undefined);
      const state = { isOpen: false };
      const next = acquire().finally(() => (state.isOpen = true));
      // From the beginning it takes twenty.
      for (let second = 0; second < 19 && !state.isOpen; second++) await passSecond();
      assert.equal(state.isOpen, true);
      await next;
    });

    it('shared journal: when all users are closed, the lock stays as it is', async () => {
      await closeWhileWaiting();
      await clock.jump(2000);
      for (let second = 0; second < 30; second++) {
        await passSecond();
        assert.equal(holder(), HOLDER);
      }
    });

    it('shared journal: a user that is closed while it is opened without a wait gets it', async () => {
      rmSync(join(folder, 'lock'));
      const closing = new AbortController();
      const journal = acquireJournal(userDir, ignore, closing.signal);
      closing.abort();
      users++;
      assert.equal((await journal)?.isClosed, false);
    });

    it('shared journal: a user that was closed before it has to wait does not wait', async () => {
      assert.equal(await acquireJournal(userDir, ignore, AbortSignal.abort()), undefined);
      assert.equal(clock.now, 0);
    });
  });
});
