import { InvalidValue } from '../../../../nodes/util/invalid-value';
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRows } from '../../../../nodes/parse/rows/index';
import { good, mintTokens, rowsIn, rowsOf } from './read-all-rows';

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

  it('says why a file cannot be read, without naming it', async () => {
    const reasons: [unknown, RegExp][] = [
      [join(folder, 'secret-name.csv'), /does not exist/],
      [folder, /not a file/],
      ['', /empty/],
      ['a\0b', /NUL/],
      [undefined, /is missing/],
      ['x'.repeat(5000), /too long/],
    ];
    for (const [bad, pattern] of reasons) {
      await assert.rejects(rowsOf({ kind: 'file', path: bad as string }), (error: Error) => {
        assert.ok(error instanceof InvalidValue);
        assert.match(error.message, pattern);
        assert.ok(!error.message.includes(folder) && !error.message.includes('secret'));
        return true;
      });
    }
  });
});
