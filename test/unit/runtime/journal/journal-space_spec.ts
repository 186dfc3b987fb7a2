import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open as openFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { Journal } from '../../../../nodes/runtime/journal/journal';
import { encodeLine, type Entry } from '../../../../nodes/runtime/journal/line';
import { Segment } from '../../../../nodes/runtime/journal/segment';
import { valuesIn } from '../../../support/node-store-rig';

/** Bytes on disk beside twice the live ones before live lines move. */
const MAX_DEAD_BYTES = 32 * 2 ** 20;
const [FIRST, SECOND] = ['journal-00000001.jsonl', 'journal-00000002.jsonl'];

describe('journal on disk', () => {
  let folder: string;
  let journal: Journal | undefined;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'journal-'))));

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

  const stateOf = (key: string, state: object = {}): Entry => ({
    kind: 'state',
    node: 'n1',
    key,
    parts: 0,
    state: { ...state },
  });
  const bytesOf = (entries: readonly Entry[]): number =>
    entries.reduce((sum, entry) => sum + encodeLine(entry).length, 0);
  const segments = (): string[] => readdirSync(folder).filter((name) => name.startsWith('journal-'));

  /** Lines that live in the first segment, a removed one in the second, and one that is written now. */
  const DEAD: Entry[] = [stateOf('dead'), { kind: 'removed', node: 'n1', key: 'dead' }];
  const NEW = stateOf('new');

  /**
   * Opens a journal with these live lines and with dead bytes, writes a new record and closes it.
   * @param beyond how many more bytes are on disk than may be
   */
  async function writeNew(old: readonly Entry[], beyond: number, afterOpen = (): void => undefined): Promise<void> {
    writeFileSync(join(folder, FIRST), Buffer.concat(old.map(encodeLine)));
    writeFileSync(join(folder, SECOND), Buffer.concat(DEAD.map(encodeLine)));
    const store = (await open()).store('n1');
    const live = [...old, NEW];
    // The live bytes are those of lines without their breaks.
    const allowed = 2 * (bytesOf(live) - live.length) + MAX_DEAD_BYTES;
    const dead = allowed + beyond - bytesOf([...live, ...DEAD]);
    // They are not written, as that takes long.
    const size = Object.getOwnPropertyDescriptor(Segment.prototype, 'size')!;
    mock.getter(Segment.prototype, 'size', function (this: Segment) {
      return (size.get!.call(this) as number) + (this.path.endsWith(FIRST) ? dead : 0);
    } as never);
    afterOpen();
    await store.create('new', {});
    await close();
    mock.restoreAll();
  }

  it('journal: nothing moves as long as twice the live bytes and 32 MiB are on disk', async () => {
    await writeNew([stateOf('a'), stateOf('b')], 0);
    assert.deepEqual(segments(), [FIRST, SECOND]);
  });

  it('journal: the live lines of the oldest segment move when one byte more is on disk', async () => {
    await writeNew([stateOf('a', { n: 1 }), stateOf('b', { n: 2 })], 1);
    assert.deepEqual(segments(), [SECOND]);
    const states = await (await open()).store('n1').load();
    assert.deepEqual(Object.fromEntries(states), { new: {}, a: { n: 1 }, b: { n: 2 } });
  });

  it('journal: lines move once, even if they need several writes', async () => {
    const text = 'x'.repeat(2.1 * 2 ** 20);
    const old = [stateOf('a', { text }), stateOf('b', { text })];
    await writeNew(old, 1);
    assert.deepEqual(segments(), [SECOND]);
    assert.equal(statSync(join(folder, SECOND)).size, bytesOf([...DEAD, NEW, ...old]));
  });

  it('journal: a damaged line stays in its segment, and the others move', async () => {
    const file = join(folder, FIRST);
    await writeNew([stateOf('a', { n: 1 }), stateOf('b', { n: 2 })], 1, () => {
      writeFileSync(file, readFileSync(file, 'utf8').replace('"n":1', '"n":7'));
    });
    assert.deepEqual(segments(), [FIRST, SECOND]);
    const moved = encodeLine(stateOf('b', { n: 2 })).toString();
    assert.equal(readFileSync(join(folder, SECOND), 'utf8').endsWith(moved), true);
  });

  it('journal: records that share a write are read each', async () => {
    const store = (await open()).store('n1');
    const states = ['a', 'bb', 'ccc'].map((text) => ({ text }));
    await Promise.all(states.map((state) => store.create(state.text, state, [state.text])));
    assert.deepEqual(await Promise.all(states.map(({ text }) => store.read(text))), states);
    assert.deepEqual(await valuesIn(store.parts('ccc')), ['ccc']);
  });

  it('journal: each state is read once when the records are loaded', async () => {
    const keys = Array.from({ length: 130 }, (_, n) => `k${n}`);
    writeFileSync(join(folder, FIRST), Buffer.concat(keys.map((key) => encodeLine(stateOf(key)))));
    const store = (await open()).store('n1');
    const file = await openFile(join(folder, FIRST));
    const read = mock.method(Object.getPrototypeOf(file) as FileHandle, 'read');
    await file.close();
    assert.equal((await store.load()).size, keys.length);
    assert.equal(read.mock.callCount(), keys.length);
  });
});
