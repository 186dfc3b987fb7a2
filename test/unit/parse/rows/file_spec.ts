import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { InvalidValue } from '../../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileIdentity, readRows } from '../../../../nodes/parse/rows/index';
import { good, mintTokens, rowsIn, rowsOf } from './read-all-rows';
import { assertSentence } from '../../../support/sentences';

describe('rows: files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rows-'));
  const path = join(folder, 'tokens.csv');
  const text = mintTokens(30_000)
    .map((token, row) => (row % 3 === 0 ? `\n"${token}","a,\nb"` : `${token},ø${row}`))
    .join('\n');
  before(() => writeFileSync(path, text));
  after(() => rmSync(folder, { recursive: true }));

  /** Whether this process holds the file open; only Linux tells. */
  const isOpen = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    });

  it('reads a file as it reads its text', async () => {
    const fromText = await rowsIn(text);
    assert.deepEqual(await rowsOf({ kind: 'file', path }), fromText);
    assert.equal(good(fromText).length, 30_000);
    assert.deepEqual(
      good(fromText)
        .slice(-2)
        .map(([line, , tags]) => [line, tags]),
      [
        [49_999, ['ø29998']],
        [50_000, ['ø29999']],
      ],
    );
  });

  it('closes the file when the consumer stops, and when all is read', async function () {
    if (process.platform !== 'linux') return;
    const options = { tokenColumn: 0, tagsColumn: 0, tags: [] };
    const openWhile: boolean[] = [];
    for await (const batch of readRows({ kind: 'file', path }, options, new AbortController().signal)) {
      openWhile.push(batch.length > 0 && isOpen());
      break;
    }
    assert.deepEqual([openWhile, isOpen()], [[true], false]);
    await rowsOf({ kind: 'file', path });
    assert.equal(isOpen(), false);
  });

  it('cleans a path of white space and quotes', async () => {
    const expected = await rowsOf({ kind: 'file', path });
    for (const written of [`${path}\n`, ` "${path}" `, `'${path}'\r\n`]) {
      assert.deepEqual(await rowsOf({ kind: 'file', path: written }), expected);
    }
  });

  it('says why a file cannot be read, without naming it', async () => {
    const [token] = mintTokens(1) as [string];
    const reasons: unknown[] = [
      join(folder, 'secret-name.csv'),
      join(path, 'secret'),
      folder,
      '',
      '""',
      'a\0b',
      undefined,
      7,
      'x'.repeat(5000),
      '~/secret.csv',
      `file://${path}`,
      'https://example.com/tokens.csv',
      `${token},a`,
      'a\nb',
      [token],
      Buffer.from(token),
    ];
    for (const bad of reasons) {
      await assert.rejects(rowsOf({ kind: 'file', path: bad as string }), (error: Error) => {
        assert.ok(error instanceof InvalidValue);
        assertSentence(error.message);
        assert.ok(!error.message.includes(folder) && !error.message.includes('secret'));
        return true;
      });
    }
  });

  it('fileChunks: a link to itself is refused with its code', async () => {
    if (process.platform === 'win32') return;
    const loop = join(folder, 'loop');
    symlinkSync(loop, loop);
    await assert.rejects(
      rowsOf({ kind: 'file', path: loop }),
      (error: Error) =>
        error instanceof InvalidValue && /^names a file that cannot be read \(ELOOP\)$/.test(error.message),
    );
  });

  it('reads no devices, pipes, sockets or files of the kernel, not even by a link', async function () {
    if (process.platform !== 'linux') this.skip();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const link = join(folder, 'link');
    symlinkSync('/proc/self/environ', link);
    const folders = ['/proc/kmsg', '/proc/self/environ', '/dev/null', '/dev/zero', '/dev/stdin', '/sys/kernel/notes'];
    for (const odd of [pipe, link, ...folders, '/dev/../proc/self/environ']) {
      await assert.rejects(rowsOf({ kind: 'file', path: odd }), InvalidValue, odd);
    }
  });

  it('ends in an error if the file becomes shorter while it is read', async () => {
    const shrinking = join(folder, 'shrinking.csv');
    writeFileSync(shrinking, text);
    const options = { tokenColumn: 0, tagsColumn: 0, tags: [] };
    const batches = readRows({ kind: 'file', path: shrinking }, options, new AbortController().signal)[
      Symbol.asyncIterator
    ]();
    await batches.next();
    truncateSync(shrinking, 1000);
    await assert.rejects(async () => {
      while (!(await batches.next()).done);
    }, InvalidValue);
  });

  it('identifies a file by size, time and content', async () => {
    const identity = await fileIdentity(path);
    assert.deepEqual(await fileIdentity(`"${path}"\n`), identity);
    const { size, mtimeMs } = statSync(path);
    assert.deepEqual([identity.size, identity.mtimeMs], [size, mtimeMs]);
    const bytes = readFileSync(path);
    assert.ok(size > 2 * MIB);
    assert.equal(identity.sha256OfEnds, sha256(Buffer.concat([bytes.subarray(0, MIB), bytes.subarray(-MIB)])));
    const small = join(folder, 'small.csv');
    writeFileSync(small, bytes.subarray(0, 2 * MIB));
    assert.equal((await fileIdentity(small)).sha256OfEnds, sha256(bytes.subarray(0, 2 * MIB)));
    await assert.rejects(fileIdentity(join(folder, 'missing.csv')), InvalidValue);
  });
});

const MIB = 1024 * 1024;
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
