import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { FILE, MEMORY, NodeStoreRig, valuesIn } from '../../../support/node-store-rig';
import { assertSentence } from '../../../support/sentences';

describe('node store', () => {
  let rig: NodeStoreRig;
  beforeEach(() => (rig = new NodeStoreRig()));
  afterEach(() => rig.close());

  it('node store: the next run has the records of this one, with their parts', async () => {
    const { store } = rig.deploy('');
    assert.equal(await store.isAvailable(), true);
    assert.equal((await store.load()).size, 0);
    assert.equal(await store.create('a', { n: 1 }, ['large']), true);
    assert.equal(await store.update('a', { n: 2 }), true);
    await store.create('b', {});
    await store.remove('b');
    const next = rig.deploy('');
    assert.deepEqual(await next.store.load(), new Map([['a', { n: 2 }]]));
    assert.deepEqual(await next.store.read('a'), { n: 2 });
    assert.deepEqual(await valuesIn(next.store.parts('a')), ['large']);
    assert.equal(await next.store.isOwn('a'), true);
    assert.equal(await next.store.update('b', {}), false);
    assert.deepEqual(next.warnings, []);
  });

  it('node store: records of messages that came before the older ones were loaded are not loaded', async () => {
    await rig.deploy('').store.create('old', { n: 1 });
    const { store } = rig.deploy('');
    await store.create('new', { n: 2 });
    assert.deepEqual([...(await store.load()).keys()], ['old']);
    await store.create('later', { n: 3 });
    assert.deepEqual([...(await store.load()).keys()].sort(), ['later', 'new', 'old']);
  });

  it('node store: without a user directory nothing is kept, work goes on, and that is reported once', async () => {
    const one = rig.deploy('', {});
    const { store } = one;
    assert.equal(await store.isAvailable(), false);
    assert.deepEqual(await store.load(), new Map());
    assert.equal(await store.create('a', {}), false);
    assert.equal(await store.read('a'), undefined);
    assert.equal(await store.update('a', {}), true);
    assert.equal(await store.isOwn('a'), true);
    assert.deepEqual(await valuesIn(store.parts('a')), []);
    await store.remove('a');
    await store.onTakenOver(() => assert.fail());
    assert.equal(await store.giveUp(), 0);
    await store.close();
    assert.deepEqual([one.warnings.length, one.unavailable], [1, 1]);
    assertSentence(one.warnings[0]);
  });

  it('node store: a user directory that is no folder is reported with the reason', async () => {
    writeFileSync(join(rig.userDir, 'file'), '');
    const one = rig.deploy('', { userDir: join(rig.userDir, 'file') });
    assert.equal(await one.store.isAvailable(), false);
    assert.match(one.warnings[0]!, /\(ENOTDIR\)/);
  });

  it('node store: nothing is reported where nobody wants to know', async () => {
    for (const name of ['', 'default']) {
      const one = rig.deploy(name, {}, false);
      await one.store.load();
      assert.deepEqual(one.warnings, []);
    }
  });

  it('node store: a record of an upload whose response has a field value is there after a restart', async () => {
    const state = { work: { progress: { body: { bulkOpsRequestId: 'id', value: 1 } } } };
    await rig.deploy('').store.create('a', state, [['row']]);
    await rig.deployed.pop()!.store.close();
    await rig.clock.jump(2000);
    const one = rig.deploy('');
    assert.deepEqual([...(await one.store.load())], [['a', state]]);
    assert.deepEqual(await valuesIn(one.store.parts('a')), [['row']]);
    assert.deepEqual(one.warnings, []);
  });

  it('node store: damaged records of the journal are reported by the node', async () => {
    await rig.deploy('').store.create('a', {});
    await rig.deployed.pop()!.store.close();
    await rig.clock.jump(2000);
    appendFileSync(join(rig.userDir, 'nrfcloud-provisioning', 'journal-00000001.jsonl'), 'damage\n');
    const one = rig.deploy('');
    assert.equal((await one.store.load()).size, 1);
    assert.equal(one.warnings.length, 1);
    assert.match(one.warnings[0]!, /damaged-/);
    assert.equal(one.unavailable, 0);
  });

  it('node store: a context store that forgets is reported, and kept in the process', async () => {
    const one = rig.deploy('second', { userDir: rig.userDir, contextStorage: MEMORY });
    assert.equal(await one.store.create('a', { n: 1 }), true);
    assert.deepEqual([one.warnings.length, one.unavailable], [1, 0]);
    assertSentence(one.warnings[0]);
    assert.equal(rig.events.listenerCount('flows:started'), 1);
    const next = rig.deploy('second', { userDir: rig.userDir, contextStorage: MEMORY });
    assert.deepEqual(await next.store.load(), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await next.store.load(), new Map([['a', { n: 1 }]]));
  });

  it('node store: a context store that lasts needs no user directory and no warning', async () => {
    const one = rig.deploy('file', { contextStorage: FILE });
    assert.equal((await one.store.load()).size, 0);
    assert.deepEqual(one.warnings, []);
  });

  it('node store: a record that could not be read back is not reported as recorded', async () => {
    const one = rig.deploy('');
    assert.equal(await one.store.create('a', { text: 'x'.repeat(64 * 2 ** 20) }), false);
    assert.deepEqual([one.warnings.length, one.unavailable], [1, 1]);
    assertSentence(one.warnings[0]);
  });

  for (const [reason, error] of [
    ['ENOSPC', Object.assign(new Error('no space'), { code: 'ENOSPC' })],
    ['broken', new Error('broken')],
  ] as const) {
    it(`node store: a context store that fails is reported once, with the reason: ${reason}`, async () => {
      const one = rig.deploy('file');
      rig.fails = { set: error, get: error };
      assert.equal(await one.store.create('a', {}), false);
      assert.equal(await one.store.update('a', {}), true);
      assert.equal(await one.store.isOwn('a'), true);
      assert.equal(await one.store.read('a'), undefined);
      assert.deepEqual([one.warnings.length, one.unavailable], [1, 1]);
      assertSentence(one.warnings[0]);
    });
  }

  it('node store: a record that cannot be loaded is reported', async () => {
    const one = rig.deploy('file');
    rig.valuesOf('file').set('nrfcloud_a', { version: 2, state: {}, parts: 0 });
    rig.fails = { get: new Error('broken') };
    assert.equal((await rig.ended(one.store.load())).size, 0);
    assert.equal(one.unavailable, 1);
  });

  it('node store: a record that another instance has taken over is not own', async () => {
    const { store } = rig.deploy('file');
    await store.create('a', {});
    assert.equal(await store.isOwn('a'), true);
    const record = rig.valuesOf('file').get('nrfcloud_a') as object;
    rig.valuesOf('file').set('nrfcloud_a', { ...record, owner: 'another' });
    assert.equal(await store.isOwn('a'), false);
    assert.equal(await store.update('a', {}), false);
  });

  it('node store: records whose instance is gone are taken over later', async () => {
    const { store } = rig.deploy('file');
    const taken: unknown[] = [];
    await store.onTakenOver((key, state) => taken.push([key, state]));
    rig.valuesOf('file').set('nrfcloud_a', { version: 2, state: { n: 1 }, parts: 0, owner: 'gone' });
    await rig.clock.jump(10_000);
    await rig.clock.pass(300);
    assert.deepEqual(taken, [['a', { n: 1 }]]);
  });

  it('node store: the journal has no record that another instance could take over', async () => {
    await rig.deploy('').store.onTakenOver(() => assert.fail());
  });

  it('node store: a closed node gives its lease back', async () => {
    const { store } = rig.deploy('file');
    await store.create('a', {});
    await store.close();
    assert.deepEqual([...rig.valuesOf('file').keys()], ['nrfcloud_a']);
  });

  it('node store: a closed node gives the journal back', async () => {
    const { store } = rig.deploy('');
    await store.create('a', {});
    const { lock } = rig;
    await store.close();
    assert.equal(existsSync(lock), true);
    await rig.clock.jump(2000);
    while (existsSync(lock)) await setImmediate();
  });

  describe('while it is not known whether another process has the journal', () => {
    const HOLDER = JSON.stringify({ pid: process.pid, host: 'elsewhere', heartbeatMs: 5000 });

    beforeEach(() => {
      mkdirSync(dirname(rig.lock), { recursive: true });
      writeFileSync(rig.lock, HOLDER);
    });

    /** Time enough for a node to see that it has to wait. */
    async function settle(): Promise<void> {
      for (let turn = 0; turn < 10; turn++) await readFile(rig.lock);
    }

    it('node store: a record waits and is written, and older ones are loaded, when that process is gone', async () => {
      rmSync(rig.lock);
      await rig.deploy('').store.create('old', { n: 1 });
      await rig.deployed.pop()!.close();
      await rig.clock.jump(2000);
      while (existsSync(rig.lock)) await setImmediate();
      writeFileSync(rig.lock, HOLDER);
      const one = rig.deploy('');
      const [created, loaded] = await rig.ended(Promise.all([one.store.create('new', { n: 2 }), one.store.load()]));
      assert.equal(created, true);
      assert.deepEqual([...loaded], [['old', { n: 1 }]]);
      assert.deepEqual(one.warnings, []);
    });

    it('node store: a node that is closed waits no longer, and neither does what it is recording', async () => {
      const one = rig.deploy('');
      const created = one.store.create('a', {});
      await settle();
      await one.close();
      assert.equal(await created, false);
      assert.deepEqual([one.warnings, rig.clock.now], [[], 0]);
      assert.equal(readFileSync(rig.lock, 'utf8'), HOLDER);
    });

    it('node store: a node that gives its records up does not do that after it was closed', async () => {
      const one = rig.deploy('', undefined, false);
      const count = one.store.giveUp();
      await settle();
      await one.close();
      const next = rig.deploy('');
      assert.equal(await rig.ended(next.store.create('a', {})), true);
      assert.equal(await count, 0);
      assert.deepEqual([...(await next.store.load())], []);
      assert.deepEqual(await next.store.read('a'), {});
    });

    it('node store: a node with another store gives the journal back that it gets after it was closed', async () => {
      const one = rig.deploy('file');
      const loaded = one.store.load();
      await settle();
      await one.store.close();
      await rig.ended(loaded);
      await rig.clock.jump(2000);
      while (existsSync(rig.lock)) await setImmediate();
    });
  });
});
