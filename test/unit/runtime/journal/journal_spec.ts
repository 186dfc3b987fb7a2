import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../../../nodes/runtime/journal/journal';
import { identify } from '../../../../nodes/runtime/journal/process-identity';

describe('journal', () => {
  let folder: string;
  const reports: string[] = [];
  const opened: Journal[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'journal-'));
    reports.length = 0;
  });

  afterEach(async () => {
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

  it('journal: a record is there after it was opened again, with its last state and its parts', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { status: 'PENDING' }, [['row 1'], { text: ',"value":' }]);
    await store.update('a', { status: 'IN_PROGRESS' });
    await store.create('b', {});
    await store.remove('b');
    const again = (await reopen()).store('n1');
    assert.deepEqual([...(await again.load())], [['a', { status: 'IN_PROGRESS' }]]);
    assert.deepEqual(await read(again.parts('a')), [['row 1'], { text: ',"value":' }]);
    assert.deepEqual([...(await (await reopen()).store('n2').load())], []);
  });

  it('journal: a key that is used again has the new parts only', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 }, [1, 2, 3]);
    await store.create('a', { n: 2 }, [4]);
    const again = (await reopen()).store('n1');
    assert.deepEqual(await read(again.parts('a')), [4]);
    assert.deepEqual([...(await again.load())], [['a', { n: 2 }]]);
  });

  it('journal: files and folder are readable by their owner only', async () => {
    await (await open()).store('n1').create('a', {});
    assert.equal(statSync(lastSegment()).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'lock')).mode & 0o777, 0o600);
  });

  it('journal: a line that was cut off by a crash is dropped without a report', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 });
    await opened.pop()!.close();
    appendFileSync(lastSegment(), '{"crc":"00000000","entry":{"kind":"state","no');
    const again = (await open()).store('n1');
    await again.create('b', { n: 2 });
    assert.deepEqual([...(await (await reopen()).store('n1').load()).keys()].sort(), ['a', 'b']);
    assert.deepEqual(reports, []);
  });

  it('journal: a record that was cut off before its state does not count', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 }, ['part']);
    await opened.pop()!.close();
    const text = readFileSync(lastSegment(), 'utf8');
    writeFileSync(lastSegment(), text.slice(0, text.indexOf('\n') + 1));
    assert.deepEqual([...(await (await open()).store('n1').load())], []);
  });

  it('journal: a damaged line is set aside and reported once, and the others are kept', async () => {
    const store = (await open()).store('n1');
    await store.create('a', { n: 1 });
    await store.create('b', { n: 2 });
    await store.create('c', { n: 3 });
    await opened.pop()!.close();
    const damaged = readFileSync(lastSegment(), 'utf8').replace('"n":2', '"n":7');
    writeFileSync(lastSegment(), damaged);
    const again = (await open()).store('n1');
    assert.deepEqual([...(await again.load()).keys()].sort(), ['a', 'c']);
    assert.equal(reports.length, 1);
    assert.equal(readdirSync(folder).filter((name) => name.startsWith('damaged-')).length, 1);
    assert.deepEqual([...(await (await reopen()).store('n1').load()).keys()].sort(), ['a', 'c']);
    assert.equal(reports.length, 1);
  });

  it('journal: segments without live records are deleted', async () => {
    const store = (await open()).store('n1');
    const part = 'x'.repeat(2 ** 20);
    await store.create('old', { n: 0 }, ['kept']);
    for (let n = 0; n < 60; n++) {
      await store.create('a', { n }, [part]);
      await store.remove('a');
    }
    const bytes = segments().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
    assert.ok(bytes < 60 * 2 ** 20, `${bytes} bytes in ${segments().length} segments`);
    const again = (await reopen()).store('n1');
    assert.deepEqual([...(await again.load())], [['old', { n: 0 }]]);
    assert.deepEqual(await read(again.parts('old')), ['kept']);
  });

  it('journal: thousands of records share few writes', async () => {
    const journal = await open();
    const store = journal.store('n1');
    await Promise.all(Array.from({ length: 5000 }, (_, n) => store.create(`k${n}`, { n })));
    assert.equal((await (await reopen()).store('n1').load()).size, 5000);
  });

  it('journal: a folder that is open is not opened a second time by another process', async () => {
    await open();
    // The parent of this process lives as long as the test; it stands for another Node-RED.
    writeFileSync(join(folder, 'lock'), JSON.stringify(identify(process.ppid)));
    assert.equal(await Journal.open(folder, () => undefined), undefined);
  });

  it('journal: the lock of a process that is gone is taken over', async () => {
    await open();
    await opened.pop()!.close();
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, host: 'elsewhere' }));
    const hourAgo = new Date(Date.now() - 3_600_000);
    const { utimesSync } = await import('node:fs');
    utimesSync(join(folder, 'lock'), hourAgo, hourAgo);
    await (await open()).store('n1').create('a', {});
  });

  it('journal: nodes with records are known, and forgotten with their records', async () => {
    const journal = await open();
    await journal.store('n1').create('a', {});
    await journal.store('n2').create('a', {});
    await journal.forget('n1');
    assert.deepEqual(journal.nodes(), ['n2']);
    assert.deepEqual((await reopen()).nodes(), ['n2']);
  });
});
