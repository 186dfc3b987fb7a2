import assert from 'node:assert/strict';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { mock } from 'node:test';
import { makeFolder, SegmentFolder } from '../../../../nodes/runtime/journal/segment-folder';

const MAX_SEGMENT_BYTES = 16 * 2 ** 20;

describe('folder of segments', () => {
  let path: string;
  let folder: SegmentFolder;

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'segments-'));
    folder = new SegmentFolder(path);
  });

  afterEach(async () => {
    mock.restoreAll();
    await folder.close();
    rmSync(path, { recursive: true, force: true });
  });

  const names = (): string[] => folder.segments.map((segment) => basename(segment.path));

  /** The methods of all file handles, which a test replaces. */
  async function handles(): Promise<FileHandle> {
    const file = await open(path);
    await file.close();
    return Object.getPrototypeOf(file) as FileHandle;
  }

  it('folder of segments: it is made with the folders above it, for its owner only', async () => {
    const below = join(path, 'a', 'b');
    await makeFolder(below);
    await makeFolder(below);
    assert.equal(statSync(below).mode & 0o777, 0o700);
  });

  it('folder of segments: an empty one has none, and begins with the first', async () => {
    await folder.open();
    assert.deepEqual(names(), []);
    assert.equal(folder.oldest, undefined);
    const segment = await folder.current();
    assert.equal(await folder.current(), segment);
    assert.deepEqual(names(), ['journal-00000001.jsonl']);
  });

  it('folder of segments: existing ones are opened oldest first, and other files are left alone', async () => {
    const others = ['journal-00000001.jsonl.bak', 'old-journal-00000002.jsonl', 'journal-3.jsonl', 'lock'];
    const existing = ['journal-00000010.jsonl', 'journal-00000009.jsonl', 'journal-10000000.jsonl'];
    for (const name of [...others, ...existing]) writeFileSync(join(path, name), name);
    await folder.open();
    assert.deepEqual(names(), ['journal-00000009.jsonl', 'journal-00000010.jsonl', 'journal-10000000.jsonl']);
    await folder.begin();
    assert.equal(names().at(-1), 'journal-10000001.jsonl');
    assert.equal(basename(folder.oldest!.path), 'journal-00000009.jsonl');
  });

  it('folder of segments: the next one begins when the last is full', async () => {
    await folder.open();
    const first = await folder.current();
    await first.truncate(MAX_SEGMENT_BYTES - 1);
    assert.equal(await folder.current(), first);
    await first.truncate(MAX_SEGMENT_BYTES);
    const next = await folder.current();
    assert.deepEqual(names(), ['journal-00000001.jsonl', 'journal-00000002.jsonl']);
    assert.equal(folder.segments[1], next);
    assert.equal(folder.oldest, first);
  });

  it('folder of segments: the one that is written to is not the oldest', async () => {
    await folder.begin();
    assert.equal(folder.oldest, undefined);
    await folder.begin();
    assert.equal(folder.oldest, folder.segments[0]);
  });

  it('folder of segments: the oldest is removed with its file, also if that is gone', async () => {
    for (let index = 0; index < 3; index++) await folder.begin();
    const [first, second] = folder.segments;
    await folder.removeOldest();
    assert.deepEqual(readdirSync(path), ['journal-00000002.jsonl', 'journal-00000003.jsonl']);
    await assert.rejects(first!.append(Buffer.from('a')));
    rmSync(second!.path);
    await folder.removeOldest();
    assert.deepEqual(names(), ['journal-00000003.jsonl']);
  });

  it('folder of segments: damaged lines are kept in a file of their own, for its owner only', async () => {
    const name = await folder.setAside([Buffer.from('one'), Buffer.from('two')]);
    assert.match(name, /^damaged-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z\.txt$/);
    assert.equal(readFileSync(join(path, name), 'utf8'), 'one\ntwo\n');
    assert.equal(statSync(join(path, name)).mode & 0o777, 0o600);
  });

  it('folder of segments: a full disk leaves no half file of damaged lines', async function () {
    if (!existsSync('/dev/full')) this.skip();
    mock.method(Date.prototype, 'toISOString', () => 'now');
    symlinkSync('/dev/full', join(path, 'damaged-now.txt'));
    await assert.rejects(folder.setAside([Buffer.from('one')]), { code: 'ENOSPC' });
    assert.deepEqual(
      readdirSync(path).filter((name) => name.startsWith('damaged-')),
      [],
    );
  });

  it('folder of segments: names survive a power loss', async () => {
    const flush = mock.method(await handles(), 'sync');
    await folder.begin();
    await folder.begin();
    await folder.removeOldest();
    assert.equal(flush.mock.callCount(), process.platform === 'win32' ? 0 : 3);
  });

  it('folder of segments: Windows does not flush names', async () => {
    const flush = mock.method(await handles(), 'sync', () => Promise.reject(new Error('EPERM')));
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    try {
      await folder.begin();
    } finally {
      Object.defineProperty(process, 'platform', platform);
    }
    assert.equal(flush.mock.callCount(), 0);
  });

  it('folder of segments: one whose name is not on disk does not count', async () => {
    const failing = mock.method(await handles(), 'sync', () => Promise.reject(new Error('EIO')));
    await assert.rejects(folder.begin(), { message: 'EIO' });
    assert.deepEqual(names(), []);
    failing.mock.restore();
    assert.equal(await folder.current(), folder.segments[0]);
  });

  it('folder of segments: a closed one takes nothing more', async () => {
    const segments = [await folder.begin(), await folder.begin()];
    await folder.close();
    for (const segment of segments) await assert.rejects(segment.append(Buffer.from('a')));
    folder = new SegmentFolder(path);
  });
});
