import assert from 'node:assert/strict';
import { MEMORY, NodeStoreRig, valuesIn } from '../../../support/node-store-rig';
import { assertSentence } from '../../../support/sentences';

describe('moved records of a node', () => {
  let rig: NodeStoreRig;
  beforeEach(() => (rig = new NodeStoreRig()));
  afterEach(() => rig.close());

  it('node store: records move from the journal to a context store and back', async () => {
    await rig.deploy('').store.create('a', { n: 1 }, ['large', 'larger']);
    const moved = rig.deploy('default');
    assert.deepEqual(await moved.store.load(), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await valuesIn(moved.store.parts('a')), ['large', 'larger']);
    assert.equal(await rig.deploy('').store.read('a'), undefined);
    const back = rig.deploy('');
    assert.deepEqual(await back.store.load(), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await valuesIn(back.store.parts('a')), ['large', 'larger']);
    assert.equal(await rig.deploy('default').store.read('a'), undefined);
  });

  it('node store: records move from a context store that lasts, and nothing stays there', async () => {
    rig
      .valuesOf('file')
      .set('nrfcloud_a', { version: 2, state: { n: 1 }, parts: 1 })
      .set('nrfcloud_a#part0', 'large');
    const { store } = rig.deploy('');
    assert.deepEqual(await rig.ended(store.load()), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await valuesIn(store.parts('a')), ['large']);
    assert.equal(rig.valuesOf('file').size, 0);
  });

  it('node store: a record with a damaged part stays in its store, and others move', async () => {
    rig
      .valuesOf('file')
      .set('nrfcloud_a', { version: 2, state: { n: 1 }, parts: 1 })
      .set('nrfcloud_b', { version: 2, state: { n: 2 }, parts: 0 });
    const next = rig.deploy('');
    assert.deepEqual(await rig.ended(next.store.load()), new Map([['b', { n: 2 }]]));
    assert.equal(next.unavailable, 0);
    assert.equal(next.warnings.length, 1);
    assertSentence(next.warnings[0]);
    assert.deepEqual([...rig.valuesOf('file').keys()], ['nrfcloud_a']);
  });

  it('node store: a record that was set aside and has a damaged part stays in its store, and nothing is said', async () => {
    const state = { setAside: '2026-11-29T00:00:00Z' };
    rig.valuesOf('file').set('nrfcloud_a', { version: 2, state, parts: 1 });
    const { store, warnings } = rig.deploy('');
    assert.equal((await rig.ended(store.load())).size, 0);
    assert.deepEqual([[...rig.valuesOf('file').keys()], warnings], [['nrfcloud_a'], []]);
  });

  it('node store: after one record that cannot be written no other is tried', async () => {
    const writes: number[] = [];
    for (const key of ['a', 'b', 'c']) {
      await rig.deploy('').store.create(key, { n: 1 });
      const moved = rig.deploy('file');
      rig.fails = { set: new Error('full') };
      rig.writes = 0;
      assert.equal((await rig.ended(moved.store.load())).size, 0);
      assert.equal(moved.unavailable, 1);
      writes.push(rig.writes);
      await moved.close();
      rig.fails = {};
    }
    assert.equal(writes[2], writes[0]);
  });

  it('node store: records move from a store that lasts to one that forgets', async () => {
    rig.valuesOf('file').set('nrfcloud_a', { version: 2, state: { n: 1 }, parts: 0 });
    assert.deepEqual(await rig.ended(rig.deploy('default').store.load()), new Map([['a', { n: 1 }]]));
    assert.equal(rig.valuesOf('file').size, 0);
  });

  it('node store: a record that cannot be written to its new store stays in the old one', async () => {
    await rig.deploy('').store.create('a', { n: 1 });
    const moved = rig.deploy('file');
    rig.fails = { set: new Error('full') };
    assert.equal((await rig.ended(moved.store.load())).size, 0);
    assert.equal(moved.unavailable, 1);
    assert.deepEqual(await rig.deploy('').store.read('a'), { n: 1 });
  });

  it('node store: another store that fails takes no record with it', async () => {
    await rig.deploy('').store.create('a', { n: 1 });
    rig.fails = { keys: new Error('broken') };
    const next = rig.deploy('');
    assert.deepEqual(await rig.ended(next.store.load()), new Map([['a', { n: 1 }]]));
    assert.equal(next.unavailable, 1);
  });

  it('node store: records that are given up are counted and removed, wherever they are', async () => {
    await rig.deploy('').store.create('a', {});
    await rig.deploy('').store.create('b', {});
    await rig.deploy('').store.create('#own', {});
    await rig.deploy('default').store.create('c', {});
    rig.valuesOf('file').set('nrfcloud_d', { version: 2, state: {}, parts: 0 });
    for (const [name, count] of [
      ['', 4],
      ['default', 0],
    ] as const) {
      const { store } = rig.deploy(name);
      assert.equal(await rig.ended(store.giveUp()), count);
    }
    assert.equal(rig.valuesOf('file').size, 0);
    assert.equal((await rig.ended(rig.deploy('').store.load())).size, 0);
  });

  it('node store: a node of a context store gives up its records in the journal, too', async () => {
    await rig.deploy('').store.create('a', {});
    assert.equal(await rig.ended(rig.deploy('default').store.giveUp()), 1);
    assert.equal(await rig.deploy('').store.read('a'), undefined);
  });

  it('node store: records that are given up without a journal are those of the context stores', async () => {
    await rig.deploy('default', { contextStorage: MEMORY }).store.create('a', {});
    assert.equal(await rig.deploy('default', { contextStorage: MEMORY }).store.giveUp(), 1);
  });

  it('node store: a store that cannot be read when records are given up counts none', async () => {
    await rig.deploy('').store.create('a', {});
    const one = rig.deploy('');
    rig.fails = { keys: new Error('broken') };
    assert.equal(await one.store.giveUp(), 1);
    assert.equal(one.unavailable, 1);
  });
});
