import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { encodeLine, type Entry } from '../../../../nodes/runtime/journal/line';
import { Segment, type ScannedLine } from '../../../../nodes/runtime/journal/segment';
import { sparseLine, writeLines, type SparseLine } from '../../../support/sparse-line';

/** Bytes that a scan reads at once. */
const SCAN_BYTES = 256 * 1024;
/** A line that takes at least one more scan is too long. */
const MAX_LINE_BYTES = 64 * 2 ** 20;

describe('segment', () => {
  let folder: string;
  let path: string;
  const opened: Segment[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'segment-'));
    path = join(folder, 'segment');
  });

  afterEach(async () => {
    mock.restoreAll();
    for (const segment of opened.splice(0)) await segment.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function openSegment(): Promise<Segment> {
    const segment = await Segment.open(path);
    opened.push(segment);
    return segment;
  }

  async function scan(segment: Segment): Promise<ScannedLine[]> {
    const lines: ScannedLine[] = [];
    for await (const line of segment.scan()) lines.push(line);
    return lines;
  }

  const part = (value: string): Entry => ({ kind: 'part', node: 'n', key: 'k', index: 0, value });
  /** A part whose line, with its break, has a number of bytes. */
  const partOf = (bytes: number): Buffer => encodeLine(part('x'.repeat(bytes - encodeLine(part('')).length)));
  const HEAD = { kind: 'part', node: 'n', key: 'k', index: 0 } as const;

  it('segment: bytes are added at the end, and where they begin is said', async () => {
    const segment = await openSegment();
    assert.equal(segment.size, 0);
    assert.equal(await segment.append(Buffer.from('first')), 0);
    assert.equal(await segment.append(Buffer.from('second')), 5);
    assert.equal(segment.size, 11);
    assert.equal(readFileSync(path, 'utf8'), 'firstsecond');
    const again = await openSegment();
    assert.equal(again.size, 11);
    assert.equal(await again.append(Buffer.from('!')), 11);
  });

  it('segment: the file is for its owner only', async () => {
    await openSegment();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('segment: bytes are read from anywhere, and fewer at the end', async () => {
    writeFileSync(path, '0123456789');
    const segment = await openSegment();
    assert.equal((await segment.read(3, 4)).toString(), '3456');
    assert.equal((await segment.read(8, 4)).toString(), '89');
    assert.equal((await segment.read(10, 4)).toString(), '');
  });

  it('segment: bytes that the system gives in pieces are read all', async () => {
    writeFileSync(path, '0123456789');
    const segment = await openSegment();
    const handle = Object.getPrototypeOf(await handleOf(path)) as FileHandle;
    type Read = (this: FileHandle, to: Buffer, at: number, length: number, from: number) => Promise<unknown>;
    const { read } = handle as unknown as { read: Read };
    mock.method(handle, 'read', function (this: FileHandle, to: Buffer, at: number, length: number, from: number) {
      return read.call(this, to, at, Math.min(length, 3), from);
    } as never);
    assert.equal((await segment.read(1, 8)).toString(), '12345678');
  });

  it('segment: a cut removes what is behind it, and the next bytes follow', async () => {
    const segment = await openSegment();
    await segment.append(Buffer.from('kept, torn'));
    await segment.truncate(5);
    assert.equal(segment.size, 5);
    await segment.append(Buffer.from(' next'));
    assert.equal(readFileSync(path, 'utf8'), 'kept, next');
  });

  it('segment: half a line that a full disk leaves behind is removed, and the error is thrown', async () => {
    const segment = await openSegment();
    await segment.append(Buffer.from('kept'));
    const handle = Object.getPrototypeOf(await handleOf(path)) as FileHandle;
    const failing = mock.method(handle, 'appendFile', async function (this: FileHandle, bytes: Buffer) {
      await this.write(bytes.subarray(0, 2));
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' });
    } as never);
    await assert.rejects(segment.append(Buffer.from('torn')), { code: 'ENOSPC' });
    assert.equal(readFileSync(path, 'utf8'), 'kept');
    assert.equal(segment.size, 4);
    failing.mock.restore();
    assert.equal(await segment.append(Buffer.from(', next')), 4);
  });

  it('segment: bytes count when they are flushed', async () => {
    const segment = await openSegment();
    const handle = Object.getPrototypeOf(await handleOf(path)) as FileHandle;
    const flush = mock.method(handle, 'datasync');
    await segment.append(Buffer.from('a'));
    assert.equal(flush.mock.callCount(), 1);
    await segment.truncate(0);
    assert.equal(flush.mock.callCount(), 2);
  });

  it('segment: a scan of an empty one finds nothing', async () => {
    assert.deepEqual(await scan(await openSegment()), []);
  });

  it('segment: a scan finds each line, where it is and what it is about', async () => {
    const [first, second] = [partOf(200), encodeLine({ kind: 'removed', node: 'n', key: 'k' })];
    writeFileSync(path, Buffer.concat([first, Buffer.from('damaged\n\n'), second]));
    assert.deepEqual(await scan(await openSegment()), [
      { offset: 0, length: 199, head: HEAD, torn: false },
      { offset: 200, length: 7, head: undefined, torn: false },
      { offset: 208, length: 0, head: undefined, torn: false },
      { offset: 209, length: second.length - 1, head: { kind: 'removed', node: 'n', key: 'k' }, torn: false },
    ]);
  });

  it('segment: a line without an end is torn', async () => {
    writeFileSync(path, Buffer.concat([partOf(200), Buffer.from('torn')]));
    const lines = await scan(await openSegment());
    assert.deepEqual(lines[1], { offset: 200, length: 4, head: undefined, torn: true });
    assert.equal(lines.length, 2);
  });

  for (const [where, sizes] of [
    ['end where what is read at once ends', [SCAN_BYTES, 200]],
    ['end one byte after what is read at once', [SCAN_BYTES + 1, 200]],
    ['begin before what is read at once ends', [SCAN_BYTES - 10, 200, 200]],
    ['are longer than what is read at once', [100, 2 * SCAN_BYTES, 200]],
  ] as const) {
    it(`segment: a scan finds lines that ${where}`, async () => {
      writeFileSync(path, Buffer.concat(sizes.map(partOf)));
      const lines = await scan(await openSegment());
      let offset = 0;
      const expected = sizes.map((size) => {
        const line = { offset, length: size - 1, head: HEAD, torn: false };
        offset += size;
        return line;
      });
      assert.deepEqual(lines, expected);
    });
  }

  describe('with a long line', () => {
    const longest = MAX_LINE_BYTES + 100;
    const tooLong = MAX_LINE_BYTES + SCAN_BYTES + 100;
    const zeros = Buffer.alloc(SCAN_BYTES);

    /** Scans lines, of which those parts that are zeros are not read from the disk, as that takes long. */
    async function scanSparse(lines: readonly (Buffer | SparseLine)[], firstZero: number): Promise<ScannedLine[]> {
      writeLines(path, lines);
      const segment = await openSegment();
      const read = segment.read.bind(segment);
      mock.method(segment, 'read', (offset: number, length: number) =>
        offset > firstZero && offset < MAX_LINE_BYTES ? Promise.resolve(zeros) : read(offset, length),
      );
      return scan(segment);
    }

    it('segment: a scan finds a line of 64 MiB', async () => {
      const [, line] = await scanSparse([partOf(SCAN_BYTES), sparseLine(HEAD, longest)], SCAN_BYTES);
      assert.deepEqual(line, { offset: SCAN_BYTES, length: longest - 1, head: HEAD, torn: false });
    });

    it('segment: a line of more than 64 MiB is damaged, and the next one is found', async () => {
      assert.deepEqual(await scanSparse([sparseLine(HEAD, tooLong), partOf(200)], 0), [
        { offset: 0, length: tooLong - 1, head: undefined, torn: false },
        { offset: tooLong, length: 199, head: HEAD, torn: false },
      ]);
    });
  });

  it('segment: a file that became shorter meanwhile ends the scan', async () => {
    writeFileSync(path, Buffer.concat([partOf(200), Buffer.alloc(300)]));
    const segment = await openSegment();
    writeFileSync(path, partOf(200));
    const lines = await scan(segment);
    assert.deepEqual(
      lines.map(({ torn }) => torn),
      [false, true],
    );
  });

  it('segment: a closed one takes nothing more', async () => {
    const segment = await Segment.open(path);
    await segment.close();
    await assert.rejects(segment.append(Buffer.from('a')));
  });
});

/** A handle of the system, whose methods a test replaces; it is closed again. */
async function handleOf(path: string): Promise<FileHandle> {
  const file = await open(path);
  await file.close();
  return file;
}
