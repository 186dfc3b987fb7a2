import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { contentParts, contentSource, findSameFile } from '../../../nodes/operations/bulk-claim-source';
import { fileIdentity, type FileIdentity } from '../../../nodes/parse/rows/source';

describe('bulk claim source', () => {
  it('bulk claim source: bytes in an array, at any depth, are the same text after a restart', async () => {
    const bytes = Buffer.from('token');
    const items = [bytes, [bytes, 'tag'], { claimToken: bytes, tags: [Buffer.from('a')] }, new Uint16Array([0x6b6f])];
    const content = contentParts(items)!;
    const parts: unknown[] = [];
    for await (const part of content.parts) parts.push(JSON.parse(JSON.stringify(part)));
    assert.deepEqual(await contentSource(content.kind, Readable.from(parts), 0), {
      kind: 'value',
      value: ['token', ['token', 'tag'], { claimToken: 'token', tags: ['a'] }, 'ok'],
    });
  });

  /** Content as it is recorded and read again, without its first parts. */
  async function restored(value: unknown, firstPart = 0): Promise<{ kind: string; parts: unknown[]; value: unknown }> {
    const content = contentParts(value)!;
    const parts: unknown[] = [];
    for await (const part of content.parts) parts.push(JSON.parse(JSON.stringify(part)));
    const source = await contentSource(content.kind, Readable.from(parts), firstPart);
    assert.equal(source.kind, 'value');
    return { kind: content.kind, parts, value: source.value };
  }

  for (const [kind, value, rest, partSizes] of [
    ['text', 'ab'.repeat(131_072) + 'rest', 'rest', [262_144, 4]],
    ['bytes', Buffer.concat([Buffer.alloc(196_608, 7), Buffer.from('rest')]), Buffer.from('rest'), [262_144, 8]],
    ['items', Array.from({ length: 501 }, (_, index) => index), [500], [500, 1]],
  ] as const) {
    it(`bulk claim source: ${kind} is recorded in parts, of which the first need not be read again`, async () => {
      const { parts, ...all } = await restored(value);
      assert.deepEqual(all, { kind, value });
      assert.deepEqual(
        parts.map((part) => (part as string | unknown[]).length),
        partSizes,
      );
      assert.deepEqual((await restored(value, 1)).value, rest);
    });

    it(`bulk claim source: ${kind} whose end is that of a part has no empty part`, async () => {
      const [size] = partSizes;
      const whole = kind === 'bytes' ? value.subarray(0, 196_608) : value.slice(0, size);
      assert.equal((await restored(whole)).parts.length, 1);
      assert.deepEqual((await restored(kind === 'items' ? [] : whole.slice(0, 0))).parts, []);
    });
  }

  it('bulk claim source: an item that JSON cannot hold is null, and other content is not recorded', async () => {
    const circle: unknown[] = [];
    circle.push(circle);
    assert.deepEqual((await restored([circle, 'a', 1n])).value, [null, 'a', null]);
    for (const value of [undefined, null, 7, {}]) assert.equal(contentParts(value), undefined);
  });

  describe('of a file', () => {
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'bulk-claim-source-'))));
    afterEach(() => rmSync(directory, { recursive: true }));

    it('bulk claim source: a file is the same as long as its size, time and ends are', async () => {
      const path = join(directory, 'rows.csv');
      const time = new Date('2026-11-28T00:00:00.000Z');
      const write = (text: string): void => {
        writeFileSync(path, text);
        utimesSync(path, time, time);
      };
      write('rows');
      const was = await fileIdentity(path);
      assert.deepEqual(await findSameFile(was), was);
      write('cows');
      assert.equal(await findSameFile(was), undefined);
      write('rows');
      assert.deepEqual(await findSameFile(was), was);
      utimesSync(path, time, new Date('2026-11-28T00:00:01.000Z'));
      assert.equal(await findSameFile(was), undefined);
      write('rows');
      assert.equal(await findSameFile({ ...was, size: 5 }), undefined);
      assert.deepEqual(await findSameFile({ ...was, inode: was.inode + 1 }), was);
      rmSync(path);
      assert.equal(await findSameFile(was), undefined);
    });

    it('bulk claim source: a defect is no other file', async () => {
      await assert.rejects(findSameFile(undefined as unknown as FileIdentity), TypeError);
    });
  });
});
