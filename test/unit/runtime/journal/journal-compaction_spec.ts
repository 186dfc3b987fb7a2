import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Journal } from '../../../../nodes/runtime/journal/journal';
import { encodeLine, type Entry } from '../../../../nodes/runtime/journal/line';
import { Segment } from '../../../../nodes/runtime/journal/segment';
import { valuesIn } from '../../../support/node-store-rig';

/** Segments count as so much larger than they are that a few kilobytes fill one, and lines move all the time. */
const SIZE_FACTOR = 512;
const FIRST = 'journal-00000001.jsonl';
const NODES = ['n1', 'n2'];
const NONE = { state: undefined, parts: [] };

/** One call of a test that makes many. */
interface Step {
  kind: string;
  node: string;
  key: string;
  values: string[];
}

type Append = (this: Segment, bytes: Buffer) => Promise<number>;
type Read = (this: Segment, offset: number, length: number) => Promise<Buffer>;

describe('journal while lines move', () => {
  let folder: string;
  let journal: Journal | undefined;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    const size = Object.getOwnPropertyDescriptor(Segment.prototype, 'size')!;
    mock.getter(Segment.prototype, 'size', function (this: Segment) {
      return (size.get!.call(this) as number) * SIZE_FACTOR;
    } as never);
  });

  afterEach(async () => {
    mock.restoreAll();
    await close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(): Promise<Journal> {
    journal = await Journal.open(folder, (sentence) => assert.fail(sentence));
    assert.ok(journal);
    return journal;
  }

  async function close(): Promise<void> {
    await journal?.close();
    journal = undefined;
  }

  /** All records of a journal, with their parts, by node and key. */
  async function recordsOf(of: Journal): Promise<Record<string, unknown>> {
    const records: Record<string, unknown> = {};
    for (const node of NODES) {
      const store = of.store(node);
      for (const [key, state] of await store.load()) {
        records[`${node} ${key}`] = { state, parts: await valuesIn(store.parts(key)) };
      }
    }
    return records;
  }

  const stateOf = (key: string, parts: number): Entry => ({ kind: 'state', node: 'n1', key, parts, state: { n: 1 } });
  const partOf = (key: string, value: string): Entry => ({ kind: 'part', node: 'n1', key, index: 0, value });

  /** Writes records to the first segment, and so much that is dead to the second that the next write moves them. */
  function writeOld(...keys: string[]): void {
    const old = keys.flatMap((key) => [partOf(key, 'old'), stateOf(key, 1)]);
    const filling = Array.from({ length: 1200 }, (_, n) => stateOf(`f${n % 600}`, 0));
    const dead = filling.map(({ node, key }): Entry => ({ kind: 'removed', node, key }));
    writeFileSync(join(folder, FIRST), Buffer.concat(old.map(encodeLine)));
    writeFileSync(join(folder, FIRST.replace('1', '2')), Buffer.concat([...filling, ...dead].map(encodeLine)));
  }

  it('journal: lines that cannot be moved are kept, and the next write moves them', async () => {
    writeOld('a', 'b');
    const store = (await open()).store('n1');
    const append = Object.getOwnPropertyDescriptor(Segment.prototype, 'append')!.value as Append;
    const failing = mock.method(Segment.prototype, 'append', function (this: Segment, bytes: Buffer) {
      return bytes.includes('"old"') ? Promise.reject(new Error('ENOSPC')) : append.call(this, bytes);
    } as never);
    await store.create('first', {});
    await store.create('second', {});
    assert.equal(readdirSync(folder).includes(FIRST), true);
    failing.mock.restore();
    await store.create('third', {});
    await close();
    assert.equal(readdirSync(folder).includes(FIRST), false);
    const records = await recordsOf(await open());
    assert.deepEqual(Object.keys(records).sort(), ['n1 a', 'n1 b', 'n1 first', 'n1 second', 'n1 third']);
    assert.deepEqual(records['n1 a'], { state: { n: 1 }, parts: ['old'] });
  });

  it('journal: what is written while older lines are read to be moved counts, and they do not come back', async () => {
    writeOld('updated', 'removed', 'created again', 'kept');
    const store = (await open()).store('n1');

    let release = (): void => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    const read = Object.getOwnPropertyDescriptor(Segment.prototype, 'read')!.value as Read;
    const reading = new Promise<void>((begin) => {
      mock.method(Segment.prototype, 'read', async function (this: Segment, offset: number, length: number) {
        if (this.path.endsWith(FIRST)) {
          begin();
          await released;
        }
        return read.call(this, offset, length);
      } as never);
    });
    await store.create('new', {});
    await reading;
    const writes = [
      store.update('updated', { n: 2 }),
      store.remove('removed'),
      store.create('created again', { n: 2 }, ['new']),
    ];
    release();
    await Promise.all(writes);
    await close();

    assert.equal(readdirSync(folder).includes(FIRST), false, 'all lines have moved');
    assert.deepEqual(await recordsOf(await open()), {
      'n1 updated': { state: { n: 2 }, parts: ['old'] },
      'n1 created again': { state: { n: 2 }, parts: ['new'] },
      'n1 kept': { state: { n: 1 }, parts: ['old'] },
      'n1 new': { state: {}, parts: [] },
    });
  });

  for (const seed of [1, 2, 3]) {
    it(`journal: records are as they were written last, whatever moves meanwhile (seed ${seed})`, async () => {
      const step = fc.record({
        kind: fc.constantFrom('create', 'update', 'update', 'remove'),
        node: fc.constantFrom(...NODES),
        key: fc.integer({ min: 1, max: 40 }).map(String),
        values: fc.array(fc.string({ maxLength: 60 }), { maxLength: 2 }),
        pause: fc.constantFrom(0, 0, 0, 1, 20),
      });
      const expected = new Map<string, { state: unknown; parts: unknown[] }>();
      const problems: object[] = [];
      const last = new Map<string, Promise<void>>();
      const first = await open();
      const moved = mock.method(Segment.prototype, 'close');

      const run = async ({ kind, node, key, values }: Step, n: number): Promise<void> => {
        const store = first.store(node);
        const name = `${node} ${key}`;
        // Older lines that come back would be hidden by what follows.
        const found = { state: await store.read(key), parts: await valuesIn(store.parts(key)) };
        if (!isDeepStrictEqual(found, expected.get(name) ?? NONE)) problems.push({ n, name, found });
        if (kind === 'remove') {
          await store.remove(key);
          expected.delete(name);
        } else if (kind === 'create') {
          await store.create(key, { n }, values);
          expected.set(name, { state: { n }, parts: values });
        } else if (await store.update(key, { n }))
          expected.set(name, { ...(expected.get(name) ?? NONE), state: { n } });
        else if (expected.has(name)) problems.push({ n, name, found: 'no record' });
      };
      for (const [n, one] of fc.sample(step, { seed, numRuns: 4000 }).entries()) {
        const name = `${one.node} ${one.key}`;
        // A node does one thing after another with a record, and with many records at a time.
        last.set(
          name,
          (last.get(name) ?? Promise.resolve()).then(() => run(one, n)),
        );
        for (let turn = 0; turn < one.pause; turn++) await setImmediate();
      }
      await Promise.all(last.values());
      assert.deepEqual(problems, []);
      assert.deepEqual(await recordsOf(first), Object.fromEntries(expected));
      await close();
      assert.ok(moved.mock.callCount() > 5, `${moved.mock.callCount()} segments were removed`);
      assert.deepEqual(await recordsOf(await open()), Object.fromEntries(expected));
    });
  }
});
