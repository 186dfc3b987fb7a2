import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { NodeStore } from '../../../../nodes/runtime/journal/node-store';
import { stopClock, type Clock } from '../../../support/clock';
import { assertSentence } from '../../../support/sentences';

const MEMORY = { default: 'memory', second: 'memory' };
const FILE = { default: 'memory', file: { module: 'localfilesystem' } };

interface Deployed {
  store: NodeStore;
  warnings: string[];
  /** How often the status said that records cannot be kept. */
  unavailable: number;
}

describe('node store', () => {
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
    id = `node ${nodes++}`;
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

  it('node store: the next run has the records of this one, with their parts', async () => {
    const { store } = deploy('');
    assert.equal(await store.isAvailable(), true);
    assert.equal((await store.load()).size, 0);
    assert.equal(await store.create('a', { n: 1 }, ['large']), true);
    assert.equal(await store.update('a', { n: 2 }), true);
    await store.create('b', {});
    await store.remove('b');
    const next = deploy('');
    assert.deepEqual(await next.store.load(), new Map([['a', { n: 2 }]]));
    assert.deepEqual(await next.store.read('a'), { n: 2 });
    assert.deepEqual(await read(next.store.parts('a')), ['large']);
    assert.equal(await next.store.isOwn('a'), true);
    assert.equal(await next.store.update('b', {}), false);
    assert.deepEqual(next.warnings, []);
  });

  it('node store: records of messages that came before the older ones were loaded are not loaded', async () => {
    await deploy('').store.create('old', { n: 1 });
    const { store } = deploy('');
    await store.create('new', { n: 2 });
    assert.deepEqual([...(await store.load()).keys()], ['old']);
    await store.create('later', { n: 3 });
    assert.deepEqual([...(await store.load()).keys()].sort(), ['later', 'new', 'old']);
  });

  it('node store: without a user directory nothing is kept, work goes on, and that is reported once', async () => {
    const one = deploy('', {});
    const { store } = one;
    assert.equal(await store.isAvailable(), false);
    assert.deepEqual(await store.load(), new Map());
    assert.equal(await store.create('a', {}), false);
    assert.equal(await store.read('a'), undefined);
    assert.equal(await store.update('a', {}), true);
    assert.equal(await store.isOwn('a'), true);
    assert.deepEqual(await read(store.parts('a')), []);
    await store.remove('a');
    await store.onTakenOver(() => assert.fail());
    assert.equal(await store.giveUp(), 0);
    await store.close();
    assert.deepEqual([one.warnings.length, one.unavailable], [1, 1]);
    assertSentence(one.warnings[0]);
  });

  it('node store: a user directory that is no folder is reported with the reason', async () => {
    writeFileSync(join(userDir, 'file'), '');
    const one = deploy('', { userDir: join(userDir, 'file') });
    assert.equal(await one.store.isAvailable(), false);
    assert.match(one.warnings[0]!, /\(ENOTDIR\)/);
  });

  it('node store: nothing is reported where nobody wants to know', async () => {
    for (const name of ['', 'default']) {
      const one = deploy(name, {}, false);
      await one.store.load();
      assert.deepEqual(one.warnings, []);
    }
  });

  it('node store: damaged records of the journal are reported by the node', async () => {
    await deploy('').store.create('a', {});
    await deployed.pop()!.store.close();
    await clock.jump(2000);
    appendFileSync(join(userDir, 'nrfcloud-provisioning', 'journal-00000001.jsonl'), 'damage\n');
    const one = deploy('');
    assert.equal((await one.store.load()).size, 1);
    assert.equal(one.warnings.length, 1);
    assert.match(one.warnings[0]!, /damaged-/);
    assert.equal(one.unavailable, 0);
  });

  it('node store: a context store that forgets is reported, and kept in the process', async () => {
    const one = deploy('second', { userDir, contextStorage: MEMORY });
    assert.equal(await one.store.create('a', { n: 1 }), true);
    assert.deepEqual([one.warnings.length, one.unavailable], [1, 0]);
    assertSentence(one.warnings[0]);
    assert.equal(events.listenerCount('flows:started'), 1);
    const next = deploy('second', { userDir, contextStorage: MEMORY });
    assert.deepEqual(await next.store.load(), new Map([['a', { n: 1 }]]));
    assert.deepEqual(await next.store.load(), new Map([['a', { n: 1 }]]));
  });

  it('node store: a context store that lasts needs no user directory and no warning', async () => {
    const one = deploy('file', { contextStorage: FILE });
    assert.equal((await one.store.load()).size, 0);
    assert.deepEqual(one.warnings, []);
  });

  for (const [reason, error] of [
    ['ENOSPC', Object.assign(new Error('no space'), { code: 'ENOSPC' })],
    ['broken', new Error('broken')],
  ] as const) {
    it(`node store: a context store that fails is reported once, with the reason: ${reason}`, async () => {
      const one = deploy('file');
      fails = { set: error, get: error };
      assert.equal(await one.store.create('a', {}), false);
      assert.equal(await one.store.update('a', {}), true);
      assert.equal(await one.store.isOwn('a'), true);
      assert.equal(await one.store.read('a'), undefined);
      assert.deepEqual([one.warnings.length, one.unavailable], [1, 1]);
      assertSentence(one.warnings[0]);
    });
  }

  it('node store: a record that cannot be loaded is reported', async () => {
    const one = deploy('file');
    valuesOf('file').set('nrfcloud_a', { version: 2, state: {}, parts: 0 });
    fails = { get: new Error('broken') };
    assert.equal((await ended(one.store.load())).size, 0);
    assert.equal(one.unavailable, 1);
  });

  it('node store: a record that another instance has taken over is not own', async () => {
    const { store } = deploy('file');
    await store.create('a', {});
    assert.equal(await store.isOwn('a'), true);
    const record = valuesOf('file').get('nrfcloud_a') as object;
    valuesOf('file').set('nrfcloud_a', { ...record, owner: 'another' });
    assert.equal(await store.isOwn('a'), false);
    assert.equal(await store.update('a', {}), false);
  });

  it('node store: records whose instance is gone are taken over later', async () => {
    const { store } = deploy('file');
    const taken: unknown[] = [];
    await store.onTakenOver((key, state) => taken.push([key, state]));
    valuesOf('file').set('nrfcloud_a', { version: 2, state: { n: 1 }, parts: 0, owner: 'gone' });
    await clock.jump(10_000);
    await clock.pass(300);
    assert.deepEqual(taken, [['a', { n: 1 }]]);
  });

  it('node store: the journal has no record that another instance could take over', async () => {
    await deploy('').store.onTakenOver(() => assert.fail());
  });

  it('node store: a closed node gives its lease back', async () => {
    const { store } = deploy('file');
    await store.create('a', {});
    await store.close();
    assert.deepEqual([...valuesOf('file').keys()], ['nrfcloud_a']);
  });

  it('node store: a closed node gives the journal back', async () => {
    const { store } = deploy('');
    await store.create('a', {});
    const lock = join(userDir, 'nrfcloud-provisioning', 'lock');
    await store.close();
    assert.equal(existsSync(lock), true);
    await clock.jump(2000);
    while (existsSync(lock)) await setImmediate();
  });
});
