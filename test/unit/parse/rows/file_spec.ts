import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { InvalidValue } from '../../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileIdentity, readRows, type Row } from '../../../../nodes/parse/rows/index';
import { good, mintTokens, rowsIn, rowsOf } from './read-all-rows';
import { assertSentence } from '../../../support/sentences';

describe('rows: files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rows-'));
  const path = join(folder, 'tokens.csv');
  const csvOf = (rows: number): string =>
    mintTokens(rows)
      .map((token, row) => (row % 3 === 0 ? `\n"${token}","a,\nb"` : `${token},ø${row}`))
      .join('\n');
  const text = csvOf(30_000);
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

  describe('that change while they are read', () => {
    const changing = join(folder, 'changing.csv');
    /** It is read in several pieces, so it can change between two of them. */
    const pieces = csvOf(5_000);
    /** In the middle of a line, so that its row is cut, and after the first piece. */
    const middle = pieces.indexOf(',ø4000') + 4;
    const options = { tokenColumn: 0, tagsColumn: 0, tags: [] };
    const rewrite = (rows: string): void => {
      writeFileSync(changing, rows);
      // The clock of a file system may be too coarse to show a change that follows at once.
      utimesSync(changing, 0, 0);
    };

    const replaceAlike = (): void => {
      const { atime, mtime } = statSync(changing);
      const other = join(folder, 'alike.csv');
      writeFileSync(other, readFileSync(changing));
      utimesSync(other, atime, mtime);
      renameSync(other, changing);
    };

    /** The rows of a file that changes after its first rows, and the error that ends them. */
    async function rowsUntilError(change: () => void): Promise<{ rows: Row[]; error: Error | undefined }> {
      const rows: Row[] = [];
      const source = { kind: 'file', path: changing, was: await fileIdentity(changing) } as const;
      try {
        for await (const batch of readRows(source, options, new AbortController().signal)) {
          if (rows.length === 0) change();
          rows.push(...batch);
        }
      } catch (error) {
        return { rows, error: error as Error };
      }
      return { rows, error: undefined };
    }

    const changes: [string, () => void][] = [
      ['becomes shorter', () => truncateSync(changing, middle)],
      ['becomes longer', () => appendFileSync(changing, `\n${mintTokens(1)[0]}`)],
      ['is written again with the same length', () => writeFileSync(changing, pieces.toLowerCase())],
    ];
    for (const [name, change] of changes) {
      it(`rows: a file that ${name} while it is read ends in an error after its rows`, async function () {
        // An open file cannot be replaced there.
        if (process.platform === 'win32') return;
        rewrite(pieces);
        const { rows, error } = await rowsUntilError(change);
        assert.ok(error instanceof InvalidValue);
        assert.ok(error.message.includes(`after line ${rows.at(-1)!.line} `));
        assertSentence(error.message);
      });
    }

    it('rows: the last row of a file that ends within it meanwhile does not come out', async () => {
      rewrite(pieces);
      const { rows } = await rowsUntilError(() => truncateSync(changing, middle));
      assert.deepEqual(rows, (await rowsIn(pieces)).slice(0, rows.length));
      assert.ok(rows.length > 1000);
    });

    const harmless: [string, () => void][] = [
      ['is moved', () => renameSync(changing, join(folder, 'moved.csv'))],
      ['is deleted', () => rmSync(changing)],
      ['gets a new time', () => utimesSync(changing, 1, 1)],
      [
        'is replaced by another one',
        () => {
          writeFileSync(join(folder, 'other.csv'), 'other');
          renameSync(join(folder, 'other.csv'), changing);
        },
      ],
    ];
    for (const [name, change] of harmless) {
      it(`rows: a file that ${name} while it is read is read to its end`, async function () {
        // An open file cannot be moved there.
        if (process.platform === 'win32') return;
        // The last line has no line break, and is a row all the same.
        rewrite(pieces.trimEnd());
        const { rows, error } = await rowsUntilError(change);
        assert.deepEqual([rows.length, error], [5000, undefined]);
      });
    }

    it('rows: a file whose middle changes after that was read ends in an error', async () => {
      rewrite(text);
      const source = { kind: 'file', path: changing, was: await fileIdentity(changing) } as const;
      let count = 0;
      await assert.rejects(async () => {
        for await (const batch of readRows(source, options, new AbortController().signal)) {
          count += batch.length;
          if (count !== batch.length && count - batch.length < 20_000 && count >= 20_000) {
            const file = openSync(changing, 'r+');
            writeSync(file, 'xyz', 2 * MIB);
            closeSync(file);
          }
        }
      }, InvalidValue);
      assert.ok(count > 29_000);
    });

    for (const [name, change, isReported] of [
      ['has something appended', () => appendFileSync(changing, 'more'), true],
      ['is filled in', () => writeFileSync(changing, pieces.toLowerCase()), true],
      ['gets a new time', () => utimesSync(changing, 1, 1), false],
      ['is written anew, and longer', () => writeFileSync(changing, `other${pieces}`), false],
      ['is written anew, and shorter', () => writeFileSync(changing, 'other'), false],
      ['is replaced by one of its size and time', replaceAlike, false],
      ['is deleted', () => rmSync(changing), false],
    ] as const) {
      it(`rows: a file that ${name} after it was read is ${isReported ? 'reported' : 'whole'}`, async () => {
        rewrite(pieces);
        const source = { kind: 'file', path: changing, was: await fileIdentity(changing) } as const;
        const reader = readRows(source, options, new AbortController().signal);
        for await (const batch of reader) assert.ok(batch.length > 0);
        change();
        assert.equal(
          (await reader.findChange())?.message.includes('changed while it was read'),
          isReported || undefined,
        );
      });
    }

    const large = (): void => rewrite(text);
    const small = (): void => rewrite(pieces);
    for (const [name, write, change] of [
      ['has something appended', small, () => appendFileSync(changing, `\n${mintTokens(1)[0]}`)],
      ['is filled in', small, () => writeFileSync(changing, pieces.toLowerCase())],
      ['is replaced by one of its size and time', small, replaceAlike],
      ['has more than 2 MiB and gets a new time', large, () => utimesSync(changing, 1, 1)],
    ] as const) {
      it(`rows: a file that ${name} after it was identified has no rows`, async () => {
        write();
        const was = await fileIdentity(changing);
        change();
        await assert.rejects(rowsOf({ kind: 'file', path: changing, was }), (error: Error) => {
          assert.ok(error instanceof InvalidValue);
          assertSentence(error.message);
          return true;
        });
      });
    }

    it('rows: a file of less than 2 MiB that gets a new time after it was identified is read', async () => {
      small();
      const was = await fileIdentity(changing);
      utimesSync(changing, 1, 1);
      assert.equal((await rowsOf({ kind: 'file', path: changing, was })).length, 5000);
    });

    it('rows: a file of more than 2 MiB that stays as it was identified is read', async () => {
      large();
      const was = await fileIdentity(changing);
      assert.equal((await rowsOf({ kind: 'file', path: changing, was })).length, 30_000);
    });
  });

  it('identifies a file by size, time and content', async () => {
    const identity = await fileIdentity(path);
    assert.deepEqual(await fileIdentity(`"${path}"\n`), identity);
    const { size, mtimeMs, ino } = statSync(path);
    assert.deepEqual([identity.size, identity.mtimeMs, identity.inode], [size, mtimeMs, ino]);
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
