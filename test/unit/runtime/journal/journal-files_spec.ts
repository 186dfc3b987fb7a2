import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open as openFile, type FileHandle } from 'node:fs/promises';
import { mock } from 'node:test';
import { crc32 } from 'node:zlib';
import { Journal } from '../../../../nodes/runtime/journal/journal';
import { encodeLine, type Entry } from '../../../../nodes/runtime/journal/line';
import { SegmentFolder } from '../../../../nodes/runtime/journal/segment-folder';
import { assertSentence } from '../../../support/sentences';

describe('files of the journal', () => {
  let folder: string;
  const reports: string[] = [];
  const opened: Journal[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    reports.length = 0;
  });

  afterEach(async () => {
    mock.restoreAll();
    for (const journal of opened.splice(0)) await journal.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(): Promise<Journal> {
    const journal = await Journal.open(folder, (sentence) => reports.push(sentence));
    assert.ok(journal);
    opened.push(journal);
    return journal;
  }

  async function reopen(): Promise<Journal> {
    await opened.pop()!.close();
    return open();
  }

  async function read(parts: AsyncIterable<unknown>): Promise<unknown[]> {
    const values: unknown[] = [];
    for await (const value of parts) values.push(value);
    return values;
  }

  const segments = (): string[] => readdirSync(folder).filter((name) => name.startsWith('journal-'));
  const lastSegment = (): string => join(folder, segments().sort().at(-1)!);

  /** The methods of all file handles, which a test replaces. */
  async function handles(): Promise<FileHandle> {
    const file = await openFile(folder);
    await file.close();
    return Object.getPrototypeOf(file) as FileHandle;
  }

  /** Writes a segment as an earlier run left it. */
  function writeSegment(number: number, ...entries: Entry[]): void {
    writeFileSync(join(folder, `journal-0000000${number}.jsonl`), Buffer.concat(entries.map(encodeLine)));
  }

  const stateOf = (key: string, parts = 0): Entry => ({ kind: 'state', node: 'n1', key, parts, state: { key } });

  it('journal: the state of a record is read, and there is none of others', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 }, ['part']);
    await store.update('a', { n: 2 });
    assert.equal(store.durable, true);
    assert.deepEqual(await store.read('a'), { n: 2 });
    assert.equal(await store.read('b'), undefined);
    assert.deepEqual(await read(store.parts('b')), []);
  });

  it('journal: a record without parts has none', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 });
    assert.deepEqual(await read(store.parts('a')), []);
  });

  it('journal: an update says whether there is a record', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 });
    assert.equal(await store.update('a', { n: 2 }), true);
    assert.equal(await store.update('b', { n: 2 }), false);
    const removal = store.remove('a');
    assert.equal(await store.update('a', { n: 3 }), false);
    assert.equal((await store.load()).size, 0);
    await removal;
    assert.deepEqual((await reopen()).nodes(), []);
  });

  it('journal: nothing is written after it was closed, even if it had no file yet', async () => {
    const journal = await open();
    await journal.close();
    await assert.rejects(journal.store('n').create('a', { text: 'late' }));
    assert.deepEqual(segments(), []);
  });

  it('journal: it is open until it is closed, and then the folder is free', async () => {
    const journal = await open();
    assert.equal(journal.isClosed, false);
    await journal.store('n1').create('a', { n: 1 });
    await journal.close();
    assert.equal(journal.isClosed, true);
    assert.deepEqual(readdirSync(folder), ['journal-00000001.jsonl']);
    await assert.rejects(journal.store('n1').create('b', {}));
  });

  it('journal: all records are loaded, though not all are read at once', async () => {
    const keys = Array.from({ length: 130 }, (_, n) => `k${n}`);
    writeSegment(1, ...keys.map((key) => stateOf(key)));
    const states = await (await open()).store('n1').load();
    assert.deepEqual(
      [...states],
      keys.map((key) => [key, { key }]),
    );
  });

  it('journal: what is damaged while it is open is not read', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 }, ['first', 'second']);
    await store.create('b', { n: 2 });
    const text = readFileSync(lastSegment(), 'utf8');
    writeFileSync(lastSegment(), text.replace('second', 'sekond').replace('"n":1', '"n":7'));
    assert.deepEqual([...(await store.load())], [['b', { n: 2 }]]);
    assert.equal(await store.read('a'), undefined);
    await assert.rejects(read(store.parts('a')), { message: 'a part of the record is damaged' });
  });

  it('journal: a line where a part was, and is none, is damage', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 }, ['x'.repeat(200)]);
    const [part] = readFileSync(lastSegment(), 'utf8').split('\n');
    const lineOf = (text: string): Buffer =>
      encodeLine({ kind: 'state', node: 'n1', key: 'a', parts: 0, state: { text } });
    writeFileSync(lastSegment(), lineOf('x'.repeat(part!.length + 1 - lineOf('').length)));
    await assert.rejects(read(store.parts('a')));
  });

  it('journal: damaged lines are reported with their number and the name of their file', async () => {
    writeSegment(1, stateOf('a'), stateOf('b'));
    appendFileSync(lastSegment(), 'one\ntwo\n');
    await open();
    const [name] = readdirSync(folder).filter((file) => file.startsWith('damaged-'));
    assert.equal(readFileSync(join(folder, name!), 'utf8'), 'one\ntwo\n');
    assert.equal(reports.length, 1);
    assert.ok(reports[0]!.includes(name!));
    assertSentence(reports[0]!.replace(name!, '<file>'));
    assert.deepEqual(segments(), ['journal-00000002.jsonl']);
  });

  it('journal: damaged lines that cannot be set aside stay, and the others are read and written', async () => {
    writeFileSync(join(folder, 'journal-00000001.jsonl'), 'damaged\n');
    writeSegment(2, stateOf('a'));
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    mock.method(SegmentFolder.prototype, 'setAside', () => Promise.reject(full));
    const store = (await open()).store('n1');
    await store.create('b', {});
    assert.deepEqual([...(await store.load()).keys()], ['a', 'b']);
    assert.equal(reports.length, 1);
    assertSentence(reports[0]);
    assert.equal(readFileSync(join(folder, 'journal-00000001.jsonl'), 'utf8'), 'damaged\n');
    mock.restoreAll();
    assert.deepEqual([...(await (await reopen()).store('n1').load()).keys()].sort(), ['a', 'b']);
    assert.equal(reports.length, 2);
    const [name] = readdirSync(folder).filter((file) => file.startsWith('damaged-'));
    assert.equal(readFileSync(join(folder, name!), 'utf8'), 'damaged\n');
  });

  it('journal: a record of a response with fields like those of a part is there after it was opened again', async () => {
    const state = { work: { cause: { body: { value: 1, errors: [{ field: 'x', value: 'y' }] } } } };
    await (await open()).store('n1').create('a', state, ['part']);
    await opened[0]!.store('n2').create('b', {});
    const journal = await reopen();
    assert.deepEqual([...(await journal.store('n1').load())], [['a', state]]);
    assert.deepEqual([...(await journal.store('n2').load())], [['b', {}]]);
    assert.deepEqual(reports, []);
  });

  for (const text of ['{"kind":"state",', '{"kind":"of a later version","node":"n1","key":"b"}']) {
    it(`journal: a line that cannot be read (${text}) is set aside and reported once, and the others are kept`, async () => {
      writeSegment(1, stateOf('a'));
      appendFileSync(lastSegment(), `{"crc":"${crc32(text).toString(16).padStart(8, '0')}","entry":${text}}\n`);
      assert.deepEqual([...(await (await open()).store('n1').load()).keys()], ['a']);
      assert.deepEqual([...(await (await reopen()).store('n1').load()).keys()], ['a']);
      assert.equal(reports.length, 1);
    });
  }

  it('journal: a line that was cut off before the last segment is damage', async () => {
    writeSegment(1, stateOf('a'));
    appendFileSync(lastSegment(), 'torn');
    writeSegment(2, stateOf('b'));
    assert.deepEqual([...(await (await open()).store('n1').load()).keys()].sort(), ['a', 'b']);
    assert.equal(reports.length, 1);
  });

  it('journal: a segment without live records is deleted with the next write, and others are not', async () => {
    writeSegment(1, stateOf('a'));
    writeSegment(2, stateOf('b'));
    writeSegment(3, { kind: 'removed', node: 'n1', key: 'a' });
    await (await open()).store('n1').create('c', {});
    await opened.pop()!.close();
    assert.deepEqual(segments(), ['journal-00000002.jsonl', 'journal-00000003.jsonl']);
    await (await open()).store('n1').remove('b');
    await opened.pop()!.close();
    assert.deepEqual(segments(), ['journal-00000003.jsonl']);
  });

  it('journal: nothing moves as long as little more is on disk than is live', async () => {
    writeSegment(1, stateOf('old'));
    writeSegment(2, stateOf('dead'), { kind: 'removed', node: 'n1', key: 'dead' });
    const journal = await open();
    await journal.store('n1').create('new', {});
    await journal.close();
    assert.deepEqual(segments(), ['journal-00000001.jsonl', 'journal-00000002.jsonl']);
  });

  it('journal: records that come while one is flushed share the next flush, up to 4 MiB', async () => {
    const journal = await open();
    const flush = mock.method(await handles(), 'datasync');
    const create = (key: string, bytes: number): Promise<void> =>
      journal.store('n1').create(key, { text: 'x'.repeat(bytes) });
    await Promise.all([create('first', 1), create('a', 1), create('b', 1), create('c', 1)]);
    assert.equal(flush.mock.callCount(), 2);
    const large = 1.5 * 2 ** 20;
    await Promise.all([create('second', 1), create('d', large), create('e', large), create('f', large)]);
    assert.equal(flush.mock.callCount(), 5);
    assert.equal((await (await reopen()).store('n1').load()).size, 8);
  });

  it('journal: a write that fails is an error of its record, and the next one succeeds', async () => {
    const store = (await open()).store('n1');
    const failing = mock.method(await handles(), 'datasync', () => Promise.reject(new Error('EIO')));
    await assert.rejects(store.create('a', {}, ['part']), { message: 'EIO' });
    failing.mock.restore();
    await store.create('b', {});
    assert.deepEqual([...(await (await reopen()).store('n1').load()).keys()], ['b']);
  });

  it('journal: a state or part that could not be read back is not written', async function () {
    // Each of them is 64 MiB.
    this.timeout(120_000);
    const store = (await open()).store('n1');
    const text = 'x'.repeat(64 * 2 ** 20);
    await store.create('a', { n: 1 });
    await assert.rejects(store.create('b', { text }));
    await assert.rejects(store.create('c', {}, ['small', text]));
    await assert.rejects(store.update('a', { text }));
    assert.deepEqual([...(await (await reopen()).store('n1').load())], [['a', { n: 1 }]]);
    assert.deepEqual(reports, []);
  });

  it('journal: nothing is written after another process has taken the folder over', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 });
    const segment = join(folder, 'journal-00000001.jsonl');
    const before = readFileSync(segment);
    writeFileSync(join(folder, 'lock'), '{"pid":1,"host":"elsewhere"}\n');
    const later = Date.now() + 11_000;
    const now = mock.method(Date, 'now', () => later);
    const taken = { message: 'another process has taken it over' };
    await assert.rejects(store.create('b', {}), taken);
    await assert.rejects(store.update('a', { n: 2 }), taken);
    now.mock.restore();
    await assert.rejects(store.remove('a'), taken);
    assert.deepEqual(readFileSync(segment), before);
  });

  it('journal: a folder that cannot be read is an error, and is not locked', async () => {
    mkdirSync(join(folder, 'journal-00000001.jsonl'));
    await assert.rejects(open(), { code: 'EISDIR' });
    assert.deepEqual(readdirSync(folder), ['journal-00000001.jsonl']);
  });
});
