import assert from 'node:assert/strict';
import type { Node, NodeAPI } from 'node-red';
import { isPersistent, toStorable, ContextStore } from '../../../nodes/runtime/context-store';
import { stopClock } from '../../support/clock';

const redWith = (contextStorage?: unknown): NodeAPI => ({ settings: { contextStorage } }) as never;
const FILE = redWith({ default: 'memory', file: { module: 'localfilesystem' } });

/** A node with a context store in which a test can make anything fail. */
function played(id: string): {
  node: Node;
  warnings: string[];
  kept: Map<string, unknown>;
  stores: Set<unknown>;
  fails: { set?: unknown; get?: unknown; keys?: unknown };
} {
  const [warnings, kept, stores] = [[] as string[], new Map<string, unknown>(), new Set<unknown>()];
  const fails: { set?: unknown; get?: unknown; keys?: unknown } = {};
  type Done = (error?: unknown, value?: unknown) => void;
  const context = {
    set(key: string, value: unknown, store: unknown, done: Done) {
      stores.add(store);
      if (value === undefined) kept.delete(key);
      else kept.set(key, value);
      done(fails.set);
    },
    get(key: string, store: unknown, done: Done) {
      stores.add(store);
      done(key.endsWith('bad') ? fails.get : undefined, kept.get(key));
    },
    keys(store: unknown, done: Done) {
      stores.add(store);
      if (fails.keys === 'silence') return;
      done(fails.keys, [...kept.keys()]);
    },
  };
  const node = { id, context: () => context, warn: (words: string) => void warnings.push(words) } as never;
  return { node, warnings, kept, stores, fails };
}

describe('a vault', () => {
  it('in a store that forgets keeps records in the process, from one deployment of a node to the next', async () => {
    const { node, warnings, stores } = played('redeployed');
    const vault = new ContextStore(redWith(), node, '', 'they are lost when Node-RED ends');
    assert.equal(vault.survivesRestart, false);
    assert.deepEqual(await vault.load(), new Map());
    await vault.put('a', { n: 1 });
    await vault.put('b', { n: 2 });
    await vault.drop('a');
    assert.deepEqual(warnings, ['they are lost when Node-RED ends']);
    const next = new ContextStore(redWith(), node, '', '');
    const records = await next.load();
    assert.deepEqual(records, new Map([['b', { n: 2 }]]));
    records.clear();
    assert.equal((await next.load()).size, 1);
    assert.equal((await new ContextStore(redWith(), played('another').node, '', '').load()).size, 0);
    next.forget();
    assert.equal((await new ContextStore(redWith(), node, '', '').load()).size, 0);
    assert.equal(stores.size, 0);
  });

  for (const [store, name, red] of [
    ['file', 'file', FILE],
    ['', undefined, redWith({ default: { module: 'localfilesystem' } })],
  ] as const) {
    it(`in a store that lasts keeps records there: ${JSON.stringify(store)}`, async () => {
      const { node, warnings, kept, stores } = played('lasting');
      const vault = new ContextStore(red, node, store, 'not said');
      assert.equal(vault.survivesRestart, true);
      await vault.put('a', { n: 1 });
      await vault.put('b', { n: 2 });
      await vault.drop('a');
      assert.deepEqual([...kept], [['nrfcloud_b', { n: 2 }]]);
      kept.set('of the user', {}).set('nrfcloud_c', null).set('nrfcloud_d', 'text').set('user_nrfcloud_', {});
      assert.deepEqual(await vault.load(), new Map([['b', { n: 2 }]]));
      assert.deepEqual([...stores], [name]);
      assert.deepEqual(warnings, []);
    });
  }

  for (const [thrown, words] of [
    [new Error('disk full'), 'the context store failed (disk full)'],
    ['no words', 'the context store failed (no reason given)'],
  ] as const) {
    it(`goes on without a store that fails, and says so once: ${String(thrown)}`, async () => {
      const { node, warnings, fails } = played('failing');
      const vault = new ContextStore(FILE, node, 'file', 'not said');
      fails.set = thrown;
      await vault.put('a', {});
      await vault.put('b', {});
      await vault.drop('b');
      assert.deepEqual(warnings, [words]);
      fails.keys = thrown;
      assert.deepEqual(await vault.load(), new Map());
      assert.equal(warnings.length, 1);
    });
  }

  it('leaves out only the record that can not be read', async () => {
    const { node, warnings, kept, fails } = played('bad');
    kept.set('nrfcloud_bad', {}).set('nrfcloud_good', { n: 1 });
    fails.get = new Error('unreadable');
    assert.deepEqual(await new ContextStore(FILE, node, 'file', '').load(), new Map([['good', { n: 1 }]]));
    assert.deepEqual(warnings, ['the context store failed (unreadable)']);
  });

  it('does not wait for ever for a store', async () => {
    const clock = stopClock();
    try {
      const { node, warnings, fails } = played('silent');
      fails.keys = 'silence';
      let records: Map<string, unknown> | undefined;
      void new ContextStore(FILE, node, 'file', '').load().then((loaded) => (records = loaded));
      await clock.pass(4999);
      assert.equal(records, undefined);
      await clock.pass(1);
      assert.deepEqual(records, new Map());
      assert.deepEqual(warnings, ['the context store failed (it does not answer)']);
    } finally {
      clock.restore();
    }
  });
});

describe('whether a context store survives a restart', () => {
  const own = { module: { get: () => undefined } };
  for (const [stores, store, survives] of [
    [undefined, '', false],
    [{}, '', false],
    [{ default: 'memory' }, '', false],
    [{ default: { module: 'memory' } }, '', false],
    [{ default: 'localfilesystem' }, '', true],
    [{ default: { module: 'localfilesystem' } }, '', true],
    [{ default: 'file', file: { module: 'localfilesystem' } }, '', true],
    [{ default: 'ram', ram: { module: 'memory' } }, '', false],
    [{ default: 'memory', file: { module: 'localfilesystem' } }, 'file', true],
    [{ default: { module: 'localfilesystem' }, ram: { module: 'memory' } }, 'ram', false],
    [{ ram: { module: 'memory' }, file: { module: 'localfilesystem' } }, '', false],
    [{ file: { module: 'localfilesystem' }, ram: { module: 'memory' } }, '', true],
    [{ file: { module: 'localfilesystem' } }, 'unknown', true],
    [{ default: own }, '', true],
    [{ default: {} }, '', true],
  ] as const) {
    it(`${JSON.stringify(store)} of ${JSON.stringify(stores)}: ${String(survives)}`, () => {
      assert.equal(isPersistent(redWith(stores), store), survives);
    });
  }
});

describe('what of a message can be stored', () => {
  it('is what JSON can hold, without the HTTP request and response', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const msg = { _msgid: 'm', payload: { at: new Date(0), no: undefined }, req: {}, res: {}, call: () => 1, cyclic };
    Object.defineProperty(msg, 'thrower', { enumerable: true, get: () => assert.fail('asked') });
    assert.deepEqual(toStorable(msg), { _msgid: 'm', payload: { at: '1970-01-01T00:00:00.000Z' } });
  });
});
