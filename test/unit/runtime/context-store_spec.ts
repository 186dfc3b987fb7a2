import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mock } from 'node:test';
import type { Node, NodeAPI } from 'node-red';
import { ContextStore } from '../../../nodes/runtime/context-store';
import { NodeStore } from '../../../nodes/runtime/journal/node-store';
import { toRecord } from '../../../nodes/runtime/recorded-message';
import { stopClock, type Clock } from '../../support/clock';

const redWith = (contextStorage?: unknown): NodeAPI => ({ settings: { contextStorage } }) as never;
const FILE = redWith({ default: 'memory', file: { module: 'localfilesystem' } });

/** A node with a context store in which a test can make anything fail. */
function nodeWithStore(id: string): {
  node: Node;
  warnings: string[];
  kept: Map<string, unknown>;
  stores: Set<unknown>;
  fails: { set?: unknown; get?: unknown; keys?: unknown };
  /** Gets each key before its value is read. */
  reading: { onGet?: (key: string) => void };
} {
  const [warnings, kept, stores] = [[] as string[], new Map<string, unknown>(), new Set<unknown>()];
  const fails: { set?: unknown; get?: unknown; keys?: unknown } = {};
  const reading: { onGet?: (key: string) => void } = {};
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
      reading.onGet?.(key);
      done(key.endsWith('bad') ? fails.get : undefined, kept.get(key));
    },
    keys(store: unknown, done: Done) {
      stores.add(store);
      if (fails.keys === 'silence') return;
      done(fails.keys, [...kept.keys()]);
    },
  };
  const node = { id, context: () => context, warn: (words: string) => void warnings.push(words) } as never;
  return { node, warnings, kept, stores, fails, reading };
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
  let clock: Clock;
  beforeEach(() => {
    clock = stopClock();
    mock.method(Date, 'now', () => clock.now);
  });
  afterEach(() => {
    clock.restore();
    mock.restoreAll();
  });

  /** The records that a store loads; claims of shared records wait a while. */
  const load = async (store: ContextStore): Promise<Map<string, unknown>> => {
    let states: Map<string, unknown> | undefined;
    void store.load().then((loaded) => (states = loaded));
    while (states === undefined) await clock.jump(50);
    return states;
  };
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
    assert.deepEqual(await load(store), new Map([['a', { n: 2 }]]));
    assert.deepEqual(await store.read('a'), { n: 2 });
    assert.deepEqual(await read(store.parts('a')), [['row 1'], ['row 2']]);
    await store.remove('a');
    await store.update('a', { n: 3 });
    assert.deepEqual(keysOf(kept), []);
    await store.sharing!.close();
    assert.equal(kept.size, 0);
    assert.deepEqual([...stores], ['file']);
  });

  it('context store: a record that cannot be written leaves nothing behind, also if it arrives all the same', async () => {
    const { node, kept, fails } = nodeWithStore('half written');
    const store = new ContextStore(FILE, node, 'file');
    await store.create('before', {});
    await store.remove('before');
    const parts = function* (): Generator<string> {
      yield 'row 1';
      fails.set = new Error('full');
      yield 'row 2';
    };
    await assert.rejects(store.create('a', { n: 1 }, parts()), { message: 'full' });
    fails.set = undefined;
    await clock.pass(40_000, 1000);
    assert.deepEqual(keysOf(kept), []);
    const until = [...kept.values()].map((lease) => (lease as { until: number }).until);
    assert.ok(until.every((time) => time < clock.now));
    await store.sharing!.close();
  });

  for (const missing of [undefined, null]) {
    it(`context store: a record with a part that is ${missing} is damaged`, async () => {
      const { node, kept } = nodeWithStore(`with ${missing}`);
      const store = new ContextStore(FILE, node, 'file');
      await store.create('a', { n: 1 }, [['row 1'], ['row 2']]);
      kept.set('nrfcloud_a#part1', missing);
      await assert.rejects(read(store.parts('a')), { message: 'a part of the record is damaged' });
      for await (const part of store.parts('a')) {
        // What comes before it can be read.
        assert.deepEqual(part, ['row 1']);
        break;
      }
      await store.sharing!.close();
    });
  }

  it('context store: records of version 1 are their own state, and other keys are left alone', async () => {
    const { node, kept } = nodeWithStore('old');
    kept.set('of the user', {}).set('nrfcloud_c', null).set('nrfcloud_d', 'text').set('user_nrfcloud_', {});
    kept.set('nrfcloud_old', { id: 'x', deadline: null, status: 'PENDING', msg: {} });
    const records = await load(new ContextStore(FILE, node, 'file'));
    assert.deepEqual(records, new Map([['old', { id: 'x', deadline: null, status: 'PENDING', msg: {} }]]));
  });

  it('context store: a record that cannot be read takes no other with it', async () => {
    const { node, kept, fails } = nodeWithStore('bad');
    kept.set('nrfcloud_bad', {}).set('nrfcloud_good', { n: 1 });
    fails.get = new Error('unreadable');
    const errors: string[] = [];
    const store = new ContextStore(FILE, node, 'file', ({ message }) => void errors.push(message));
    assert.deepEqual(await load(store), new Map([['good', { n: 1 }]]));
    assert.deepEqual(errors, ['unreadable']);
  });

  it('context store: a record that another instance works on is neither loaded, changed nor removed', async () => {
    const { node, kept } = nodeWithStore('shared');
    const [a, b] = [new ContextStore(FILE, node, 'file'), new ContextStore(FILE, node, 'file')];
    await a.create('x', { n: 1 }, ['large']);
    await a.create('#clock', { ms: 1 });
    assert.deepEqual(await load(b), new Map([['#clock', { ms: 1 }]]));
    assert.equal(await b.sharing!.isOwn('x'), false);
    assert.equal(await b.update('x', { n: 2 }), false);
    await b.remove('x');
    assert.equal(await a.sharing!.isOwn('x'), true);
    assert.deepEqual(await a.read('x'), { n: 1 });
    assert.deepEqual(await read(a.parts('x')), ['large']);
    await a.sharing!.close();
    assert.deepEqual((await load(b)).get('x'), { n: 1 });
    assert.equal(await a.sharing!.isOwn('x'), false);
    assert.equal(await b.sharing!.isOwn('x'), true);
    await b.remove('x');
    assert.deepEqual(keysOf(kept), ['nrfcloud_#clock']);
    await b.sharing!.close();
  });

  it('context store: a store that never responds is given up after five seconds', async () => {
    const { node, fails } = nodeWithStore('silent');
    fails.keys = 'silence';
    const errors: Error[] = [];
    void new ContextStore(FILE, node, 'file').load().catch((thrown: unknown) => errors.push(thrown as Error));
    await clock.pass(4999, 100);
    assert.deepEqual(errors, []);
    await clock.pass(1);
    assert.deepEqual(
      errors.map(({ message }) => message),
      ['it does not respond'],
    );
  });

  it('context store: a record of the node itself that cannot be read takes no other with it', async () => {
    const { node, kept, fails } = nodeWithStore('own bad');
    kept.set('nrfcloud_#bad', {}).set('nrfcloud_#clock', { version: 2, state: { ms: 1 }, parts: 0 });
    fails.get = 'no error';
    const errors: Error[] = [];
    const store = new ContextStore(FILE, node, 'file', (error) => void errors.push(error));
    assert.deepEqual(await load(store), new Map([['#clock', { ms: 1 }]]));
    assert.deepEqual(
      errors.map(({ message, cause }) => [message, cause]),
      [['no reason given', 'no error']],
    );
  });

  it('context store: a record of version 1 may have any properties, and gets an owner that is not among them', async () => {
    const { node, kept } = nodeWithStore('with state');
    kept.set('nrfcloud_old', { state: { a: 1 }, msg: {} });
    const store = new ContextStore(FILE, node, 'file');
    assert.deepEqual((await load(store)).get('old'), { state: { a: 1 }, msg: {} });
    assert.equal(typeof (kept.get('nrfcloud_old') as { owner?: unknown }).owner, 'string');
    assert.deepEqual(await read(store.parts('old')), []);
    assert.equal(await store.update('old', { n: 1 }), true);
    assert.deepEqual(await store.read('old'), { n: 1 });
    assert.deepEqual(await read(store.parts('old')), []);
    await store.sharing!.close();
  });

  it('context store: an update keeps the owner of a record, and records of the node itself have none', async () => {
    const { node, kept } = nodeWithStore('updated');
    const [a, b] = [new ContextStore(FILE, node, 'file'), new ContextStore(FILE, node, 'file')];
    await a.create('x', { n: 1 }, ['large']);
    assert.equal(await a.update('x', { n: 2 }), true);
    assert.equal(await a.sharing!.isOwn('x'), true);
    assert.deepEqual(await read(a.parts('x')), ['large']);
    await a.create('#clock', { ms: 1 });
    assert.equal(await b.update('#clock', { ms: 2 }), true);
    assert.deepEqual(kept.get('nrfcloud_#clock'), { version: 2, state: { ms: 2 }, parts: 0 });
    for (const store of [a, b]) await store.sharing!.close();
  });

  it('context store: a record that is not there has no parts, and can be neither changed nor removed', async () => {
    for (const [RED, name] of [
      [FILE, 'file'],
      [redWith(), 'default'],
    ] as const) {
      const store = new ContextStore(RED, nodeWithStore(`none in ${name}`).node, name);
      assert.deepEqual(await read(store.parts('x')), []);
      assert.equal(await store.update('x', {}), false);
      await assert.doesNotReject(store.remove('x'));
      assert.equal((await load(store)).size, 0);
      await store.sharing?.close();
    }
  });

  it('context store: an instance keeps its lease while it works on a record', async () => {
    const { node, kept } = nodeWithStore('leased');
    const store = new ContextStore(FILE, node, 'file');
    await store.create('x', {});
    assert.equal(await store.sharing!.isOwn('x'), true);
    await clock.pass(40_000, 1000);
    const [lease] = [...kept].find(([key]) => key.startsWith('nrfcloud_#lease-'))!.slice(1) as [{ until: number }];
    assert.ok(lease.until > clock.now);
    await store.sharing!.close();
  });

  /** Lets another instance take a record over and end, and gives what this one takes up again later. */
  const takenUp = async (
    { node, kept }: ReturnType<typeof nodeWithStore>,
    onUnreadable?: (error: Error) => void,
    turns = 1,
  ): Promise<unknown[]> => {
    const store = new ContextStore(FILE, node, 'file', onUnreadable);
    const taken: unknown[] = [];
    await store.create('x', { n: 1 });
    store.sharing!.onTakenOver((key, state) => void taken.push([key, state]));
    kept.set('nrfcloud_x', { version: 2, state: { n: 2 }, parts: 0, owner: 'ended' });
    assert.equal(await store.sharing!.isOwn('x'), false);
    await clock.pass(turns * 10_000 + 1000, 100);
    await store.sharing!.close();
    return taken;
  };

  it('context store: a record that another instance took over and left is taken up again', async () => {
    assert.deepEqual(await takenUp(nodeWithStore('left')), [['x', { n: 2 }]]);
  });

  it('context store: a change that takes long does not bring back a record that was removed meanwhile', async () => {
    const kept = new Map<string, unknown>();
    let finishSlow: (() => void) | undefined;
    type Done = (error?: unknown, value?: unknown) => void;
    const context = {
      get(key: string, _store: unknown, done: Done) {
        const value = kept.get(key);
        if (key === 'nrfcloud_x' && finishSlow === undefined) finishSlow = () => done(undefined, value);
        else done(undefined, value);
      },
      set(key: string, value: unknown, _store: unknown, done: Done) {
        if (value === undefined) kept.delete(key);
        else kept.set(key, value);
        done();
      },
    };
    const store = new ContextStore(FILE, { id: 'slow', context: () => context } as never, 'file');
    await store.create('x', { n: 1 });
    const updated = store.update('x', { n: 2 });
    const removed = store.remove('x');
    await new Promise((resolve) => setImmediate(resolve));
    finishSlow!();
    await Promise.all([updated, removed]);
    assert.deepEqual(keysOf(kept), []);
    await store.sharing?.close();
  });

  it('context store: a record that vanishes while it is taken up is not taken up', async () => {
    const rig = nodeWithStore('vanishing');
    let reads = 0;
    rig.reading.onGet = (key) => {
      // One read finds out that it is not its own, three more claim it.
      if (key === 'nrfcloud_x' && ++reads === 5) rig.kept.delete(key);
    };
    assert.deepEqual(await takenUp(rig), []);
    assert.equal(reads, 5);
  });

  it('context store: a record that cannot be read while it is taken up is reported, and taken up later', async () => {
    const rig = nodeWithStore('unreadable');
    let reads = 0;
    rig.reading.onGet = (key) => {
      if (key === 'nrfcloud_x' && ++reads === 5) throw new Error('down');
    };
    const errors: string[] = [];
    const taken = await takenUp(rig, ({ message }) => void errors.push(message), 2);
    assert.deepEqual(taken, [['x', { n: 2 }]]);
    assert.deepEqual(errors, ['down']);
  });
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
