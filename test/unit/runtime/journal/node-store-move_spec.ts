import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { NodeStore } from '../../../../nodes/runtime/journal/node-store';
import { stopClock, type Clock } from '../../../support/clock';

const MEMORY = { default: 'memory', second: 'memory' };
const FILE = { default: 'memory', file: { module: 'localfilesystem' } };

interface Deployed {
  store: NodeStore;
  warnings: string[];
  /** How often the status said that records cannot be kept. */
  unavailable: number;
}

describe('moved records of a node', () => {
  let userDir: string;
  let clock: Clock;
  let events: EventEmitter;
  let nodes = 0;
  let id: string;
  /** What the context stores hold, by their name, and the errors that they fail with. */
  let kept: Map<string, Map<string, unknown>>;
  let fails: { set?: Error; get?: Error; keys?: Error };
  const deployed: Deployed[] = [];

  beforeEach(() => {
    userDir = mkdtempSync(join(tmpdir(), 'node-store-'));
    events = new EventEmitter();
    clock = stopClock();
    id = `moved node ${nodes++}`;
    kept = new Map();
    fails = {};
  });

  afterEach(async () => {
    fails = {};
    for (const { store } of deployed.splice(0)) await store.close();
    await clock.jump(2000);
    // A journal that is closed later would take a timer from the clock of the next test.
    const lock = join(userDir, 'nrfcloud-provisioning', 'lock');
    for (let turn = 0; turn < 1000 && existsSync(lock); turn++) await setImmediate();
    clock.restore();
    rmSync(userDir, { recursive: true, force: true });
  });

  function valuesOf(name: string): Map<string, unknown> {
    let values = kept.get(name);
    if (values === undefined) kept.set(name, (values = new Map()));
    return values;
  }

  type Done = (error?: unknown, value?: unknown) => void;
  const context = {
    set(key: string, value: unknown, name: string, done: Done) {
      if (fails.set !== undefined) {
        done(fails.set);
        return;
      }
      if (value === undefined) valuesOf(name).delete(key);
      else valuesOf(name).set(key, value);
      done();
    },
    get: (key: string, name: string, done: Done) => done(fails.get, valuesOf(name).get(key)),
    keys: (name: string, done: Done) => done(fails.keys, [...valuesOf(name).keys()]),
  };

  interface Settings {
    userDir?: string;
    contextStorage?: object;
  }

  /** Deploys the test's node. */
  function deploy(name: string, settings: Settings = { userDir, contextStorage: FILE }, isReported = true): Deployed {
    const seen = { warnings: [] as string[], unavailable: 0 };
    const RED = { events, settings, log: { warn: () => undefined } };
    const node = { id, warn: (words: string) => void seen.warnings.push(words), context: () => context };
    const onUnavailable = isReported ? (): number => seen.unavailable++ : undefined;
    const store = new NodeStore(RED as never, node as never, name, onUnavailable);
    const one: Deployed = Object.assign(seen, { store });
    deployed.push(one);
    return one;
  }

  /** Lets time pass until a call ends: claims of shared records wait a while. */
  async function ended<R>(call: Promise<R>): Promise<R> {
    const state = { isEnded: false };
    const mark = (): void => {
      state.isEnded = true;
    };
    call.then(mark, mark);
    while (!state.isEnded) await clock.jump(50);
    return call;
  }

  async function read(parts: AsyncIterable<unknown>): Promise<unknown[]> {
    const values: unknown[] = [];
    for await (const value of parts) values.push(value);
    return values;
  }

  it('node store: records move from the journal to a context store and back', async () => {
    await deploy('').store.create('a', { n: 1 }, ['large', 'larger']);
    const moved = deploy('default');
    assert.deepEqual(await moved.store.load(), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await read(moved.store.parts('a')), ['large', 'larger']);
    assert.equal(await deploy('').store.read('a'), undefined);
    const back = deploy('');
    assert.deepEqual(await back.store.load(), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await read(back.store.parts('a')), ['large', 'larger']);
    assert.equal(await deploy('default').store.read('a'), undefined);
  });

  it('node store: records move from a context store that lasts, and nothing stays there', async () => {
    valuesOf('file')
      .set('nrfcloud_a', { version: 2, state: { n: 1 }, parts: 1 })
      .set('nrfcloud_a#part0', 'large');
    const { store } = deploy('');
    assert.deepEqual(await ended(store.load()), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await read(store.parts('a')), ['large']);
    assert.equal(valuesOf('file').size, 0);
  });

  it('node store: records move from a store that lasts to one that forgets', async () => {
    valuesOf('file').set('nrfcloud_a', { version: 2, state: { n: 1 }, parts: 0 });
    assert.deepEqual(await ended(deploy('default').store.load()), new Map([['a', { n: 1 }]]));
    assert.equal(valuesOf('file').size, 0);
  });

  it('node store: a record that cannot be written to its new store stays in the old one', async () => {
    await deploy('').store.create('a', { n: 1 });
    const moved = deploy('file');
    fails = { set: new Error('full') };
    assert.equal((await ended(moved.store.load())).size, 0);
    assert.equal(moved.unavailable, 1);
    assert.deepEqual(await deploy('').store.read('a'), { n: 1 });
  });

  it('node store: another store that fails takes no record with it', async () => {
    await deploy('').store.create('a', { n: 1 });
    fails = { keys: new Error('broken') };
    const next = deploy('');
    assert.deepEqual(await ended(next.store.load()), new Map([['a', { n: 1 }]]));
    assert.equal(next.unavailable, 1);
  });

  it('node store: records that are given up are counted and removed, wherever they are', async () => {
    await deploy('').store.create('a', {});
    await deploy('').store.create('b', {});
    await deploy('').store.create('#own', {});
    await deploy('default').store.create('c', {});
    valuesOf('file').set('nrfcloud_d', { version: 2, state: {}, parts: 0 });
    for (const [name, count] of [
      ['', 4],
      ['default', 0],
    ] as const) {
      const { store } = deploy(name);
      assert.equal(await ended(store.giveUp()), count);
    }
    assert.equal(valuesOf('file').size, 0);
    assert.equal((await ended(deploy('').store.load())).size, 0);
  });

  it('node store: a node of a context store gives up its records in the journal, too', async () => {
    await deploy('').store.create('a', {});
    assert.equal(await ended(deploy('default').store.giveUp()), 1);
    assert.equal(await deploy('').store.read('a'), undefined);
  });

  it('node store: records that are given up without a journal are those of the context stores', async () => {
    await deploy('default', { contextStorage: MEMORY }).store.create('a', {});
    assert.equal(await deploy('default', { contextStorage: MEMORY }).store.giveUp(), 1);
  });

  it('node store: a store that cannot be read when records are given up counts none', async () => {
    await deploy('').store.create('a', {});
    const one = deploy('');
    fails = { keys: new Error('broken') };
    assert.equal(await one.store.giveUp(), 1);
    assert.equal(one.unavailable, 1);
  });
});
