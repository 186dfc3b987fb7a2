import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Node, NodeAPI } from 'node-red';
import { ContextStore, isPersistent } from '../../../nodes/runtime/context-store';
import { NodeStore } from '../../../nodes/runtime/journal/node-store';
import { toRecord } from '../../../nodes/runtime/recorded-message';
import { stopClock } from '../../support/clock';

const redWith = (contextStorage?: unknown): NodeAPI => ({ settings: { contextStorage } }) as never;
const FILE = redWith({ default: 'memory', file: { module: 'localfilesystem' } });

/** A node with a context store in which a test can make anything fail. */
function nodeWithStore(id: string): {
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

async function read(parts: AsyncIterable<unknown>): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of parts) values.push(value);
  return values;
}

/** Without the lease of the instance. */
function keysOf(kept: Map<string, unknown>): string[] {
  return [...kept.keys()].filter((key) => !key.startsWith('nrfcloud_#lease-'));
}

describe('context store', () => {
  it('context store: one that forgets keeps records in the process, over a redeploy of the node', async () => {
    const { node, stores } = nodeWithStore('redeployed');
    const store = new ContextStore(redWith(), node, 'default');
    assert.equal(store.durable, false);
    await store.create('a', { n: 1 }, ['large']);
    await store.create('b', { n: 2 });
    await store.remove('b');
    const next = new ContextStore(redWith(), node, 'default');
    assert.deepEqual(await next.load(), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await read(next.parts('a')), ['large']);
    assert.equal((await new ContextStore(redWith(), nodeWithStore('another').node, 'default').load()).size, 0);
    assert.equal(stores.size, 0);
  });

  it('context store: a deploy without a node removes what the process keeps for it', async () => {
    const events = new EventEmitter();
    const RED = { events, settings: {} } as never;
    const [deleted, disabled] = [nodeWithStore('deleted').node, nodeWithStore('disabled').node];
    for (const node of [deleted, disabled]) await new NodeStore(RED, node, 'default').create('a', { n: 1 });
    const kept = async (node: Node): Promise<number> => (await new NodeStore(RED, node, 'default').load()).size;
    const config = { flows: [{ id: 'tab' }, { id: 'disabled', d: true }] };
    events.emit('flows:started', { config, type: 'load' });
    assert.deepEqual([await kept(deleted), await kept(disabled)], [1, 1]);
    events.emit('flows:started', { config, type: 'full' });
    assert.deepEqual([await kept(deleted), await kept(disabled)], [0, 1]);
  });

  it('context store: the parts of a record have keys of their own, and are not written again', async () => {
    const { node, kept, stores } = nodeWithStore('lasting');
    const store = new ContextStore(FILE, node, 'file');
    assert.equal(store.durable, true);
    await store.create('a', { n: 1 }, [['row 1'], ['row 2']]);
    assert.deepEqual(keysOf(kept), ['nrfcloud_a#part0', 'nrfcloud_a#part1', 'nrfcloud_a']);
    const part = kept.get('nrfcloud_a#part0');
    await store.update('a', { n: 2 });
    assert.equal(kept.get('nrfcloud_a#part0'), part);
    assert.deepEqual(await store.load(), new Map([['a', { n: 2 }]]));
    assert.deepEqual(await store.read('a'), { n: 2 });
    assert.deepEqual(await read(store.parts('a')), [['row 1'], ['row 2']]);
    await store.remove('a');
    await store.update('a', { n: 3 });
    assert.deepEqual(keysOf(kept), []);
    await store.sharing!.close();
    assert.equal(kept.size, 0);
    assert.deepEqual([...stores], ['file']);
  });

  it('context store: records of version 1 are their own state, and other keys are left alone', async () => {
    const { node, kept } = nodeWithStore('old');
    kept.set('of the user', {}).set('nrfcloud_c', null).set('nrfcloud_d', 'text').set('user_nrfcloud_', {});
    kept.set('nrfcloud_old', { id: 'x', deadline: null, status: 'PENDING', msg: {} });
    const records = await new ContextStore(FILE, node, 'file').load();
    assert.deepEqual(records, new Map([['old', { id: 'x', deadline: null, status: 'PENDING', msg: {} }]]));
  });

  it('context store: a record that cannot be read takes no other with it', async () => {
    const { node, kept, fails } = nodeWithStore('bad');
    kept.set('nrfcloud_bad', {}).set('nrfcloud_good', { n: 1 });
    fails.get = new Error('unreadable');
    const errors: string[] = [];
    const store = new ContextStore(FILE, node, 'file', ({ message }) => void errors.push(message));
    assert.deepEqual(await store.load(), new Map([['good', { n: 1 }]]));
    assert.deepEqual(errors, ['unreadable']);
  });

  it('context store: a record that another instance works on is neither loaded, changed nor removed', async () => {
    const { node, kept } = nodeWithStore('shared');
    const [a, b] = [new ContextStore(FILE, node, 'file'), new ContextStore(FILE, node, 'file')];
    await a.create('x', { n: 1 }, ['large']);
    await a.create('#clock', { ms: 1 });
    assert.deepEqual(await b.load(), new Map([['#clock', { ms: 1 }]]));
    assert.equal(await b.sharing!.isOwn('x'), false);
    assert.equal(await b.update('x', { n: 2 }), false);
    await b.remove('x');
    assert.equal(await a.sharing!.isOwn('x'), true);
    assert.deepEqual(await a.read('x'), { n: 1 });
    assert.deepEqual(await read(a.parts('x')), ['large']);
    await a.sharing!.close();
    assert.deepEqual((await b.load()).get('x'), { n: 1 });
    assert.equal(await a.sharing!.isOwn('x'), false);
    assert.equal(await b.sharing!.isOwn('x'), true);
    await b.remove('x');
    assert.deepEqual(keysOf(kept), ['nrfcloud_#clock']);
    await b.sharing!.close();
  });

  it('context store: a store that never responds is given up after five seconds', async () => {
    const clock = stopClock();
    try {
      const { node, fails } = nodeWithStore('silent');
      fails.keys = 'silence';
      const errors: Error[] = [];
      void new ContextStore(FILE, node, 'file').load().catch((thrown: unknown) => errors.push(thrown as Error));
      await clock.pass(4999);
      assert.deepEqual(errors, []);
      await clock.pass(1);
      assert.deepEqual(
        errors.map(({ message }) => message),
        ['it does not respond'],
      );
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

describe('pending messages', () => {
  it('pending messages: a record holds what JSON can hold, without the HTTP request and response', () => {
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    const msg = { _msgid: 'm', payload: { at: new Date(0), no: undefined }, req: {}, res: {}, call: () => 1, cyclic };
    Object.defineProperty(msg, 'thrower', { enumerable: true, get: () => assert.fail('read') });
    assert.deepEqual(JSON.parse(toRecord(msg).small.bytes.toString()), {
      _msgid: 'm',
      payload: { at: '1970-01-01T00:00:00.000Z' },
    });
  });
});
