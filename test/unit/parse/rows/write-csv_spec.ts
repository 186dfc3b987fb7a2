import assert from 'node:assert/strict';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { writeCsv } from '../../../../nodes/parse/rows/write-csv';
import { good, mintTokens, rowsIn } from './read-all-rows';

const [A, B, C] = mintTokens(3) as [string, string, string];

describe('rows: CSV for the service', () => {
  it('is what the guide shows', () => {
    const rows = [
      { claimToken: 'a.b', tags: ['location=Oslo', 'color=white'] },
      { claimToken: 'c.d', tags: [] },
      { claimToken: 'e.f', tags: ['say "hi"'] },
    ];
    assert.equal(writeCsv(rows).toString(), 'a.b,"location=Oslo,color=white"\nc.d\ne.f,"say ""hi"""\n');
    assert.equal(writeCsv([]).toString(), '');
  });

  it('writeCsv: rows may be longer than usual, wherever they are', () => {
    const tags = Array.from({ length: 30 }, (_, index) => 'ø'.repeat(100) + String(index));
    const long = { claimToken: 'a.b', tags };
    const short = { claimToken: 'c.d', tags: [] };
    const line = `a.b,"${tags.join(',')}"\n`;
    for (const [rows, text] of [
      [[long], line],
      [[short, long, long, short], `c.d\n${line}${line}c.d\n`],
    ] as const) {
      assert.equal(writeCsv(rows).toString(), text);
    }
  });

  it('writeCsv: rows that share their tags have the same', () => {
    const tags = ['a'];
    const rows = [
      { claimToken: 'a.b', tags },
      { claimToken: 'c.d', tags },
      { claimToken: 'e.f', tags: [] },
    ];
    assert.equal(writeCsv(rows).toString(), 'a.b,"a"\nc.d,"a"\ne.f\n');
  });

  it('comes back as it was', async () => {
    // Typographic quotes and invisible characters are refused, see the specs of tags.
    const character = fc.constantFrom('a', 'Z', 'ä', '中', '😀', '0', '=', '-', '_', '.', ':', '/', '"', "'");
    const tag = fc.string({ minLength: 1, maxLength: 20, unit: character });
    const row = fc.array(
      fc.constantFrom('plain', '"', '""').chain((own) => (own === 'plain' ? tag : fc.constant(own))),
    );
    await fc.assert(
      fc.asyncProperty(fc.tuple(row, row, row), async (tagsOf) => {
        const rows = [A, B, C].map((claimToken, index) => ({ claimToken, tags: [...new Set(tagsOf[index])] }));
        const csv = writeCsv(rows);
        assert.deepEqual(
          parse(csv, { relax_column_count: true }).map(([claimToken, tags = '']) => ({
            claimToken,
            tags: tags === '' ? [] : tags.split(','),
          })),
          rows,
        );
        assert.deepEqual(
          good(await rowsIn(csv)),
          rows.map(({ claimToken, tags }, index) => [index + 1, claimToken, tags]),
        );
      }),
      { numRuns: 200 },
    );
  });
});
