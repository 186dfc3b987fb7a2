import assert from 'node:assert/strict';
import fc from 'fast-check';
import { good, mintToken, rowsIn } from './read-all-rows';

/** Enough devices, each with two tokens. */
const DEVICES = Array.from({ length: 40 }, () => {
  const { claimToken, deviceUuid } = mintToken();
  return [claimToken, mintToken({ deviceUuid }).claimToken] as const;
});

interface Style {
  delimiter: string;
  lineBreak: string;
  header: boolean;
  encode: (text: string) => string | Buffer;
}

interface Piece {
  kind: 'good' | 'damaged' | 'long tag' | 'unclosed' | 'stray' | 'blank';
  device: number;
  second: boolean;
  tags: string[];
  damage: string;
  quoteToken: boolean;
  breakTags: boolean;
}

const tag = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((text) =>
    text.replace(/[,;\s\ufffd\u2018-\u201f«»\p{C}\p{Default_Ignorable_Code_Point}]/gu, '_').replace(/^[[{]/, '_'),
  )
  .filter((text) => text !== '');

const style: fc.Arbitrary<Style> = fc.record({
  delimiter: fc.constantFrom(',', ';', '\t'),
  lineBreak: fc.constantFrom('\n', '\r\n', '\r'),
  header: fc.boolean(),
  encode: fc.constantFrom<((text: string) => string | Buffer)[]>(
    (text) => text,
    (text) => `\ufeff${text}`,
    (text) => Buffer.from(text),
    (text) => Buffer.from(`\ufeff${text}`),
    (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
    (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  ),
});

const piece: fc.Arbitrary<Piece> = fc.record({
  kind: fc.constantFrom<Piece['kind'][]>('good', 'good', 'good', 'damaged', 'long tag', 'unclosed', 'stray', 'blank'),
  device: fc.nat(DEVICES.length - 1),
  second: fc.boolean(),
  tags: fc.uniqueArray(tag, { maxLength: 4 }),
  damage: fc.constantFrom('x', 'not-a-token', '352656106118683', 'a.b.c', '2dn3hQFQ', '.', 'ø', '-'),
  quoteToken: fc.boolean(),
  breakTags: fc.boolean(),
});

/** What a piece looks like in the file, and what must come of it apart from duplicates. */
function write(piece: Piece, { delimiter, lineBreak }: Style): { text: string; code?: string } {
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const token = DEVICES[piece.device]![piece.second ? 1 : 0];
  const tokenCell = piece.quoteToken ? quoted(token) : token;
  const list = piece.tags.join(piece.breakTags ? `,${lineBreak}` : ',');
  const tagsCell = piece.tags.length === 0 ? '' : delimiter + quoted(list);
  switch (piece.kind) {
    case 'good':
      return { text: tokenCell + tagsCell };
    case 'damaged':
      return { text: piece.damage + tagsCell, code: 'INVALID_TOKEN' };
    case 'long tag':
      return { text: tokenCell + delimiter + quoted('y'.repeat(101)), code: 'INVALID_TAG' };
    case 'unclosed':
      return { text: `${tokenCell}${delimiter}"open`, code: 'BAD_CSV' };
    case 'stray':
      return { text: `${tokenCell}${delimiter}a"b`, code: 'BAD_CSV' };
    case 'blank':
      return { text: '' };
  }
}

describe('rows: messy files', () => {
  it('give every row once, on its line, good or with the right code', async () => {
    const file = fc.tuple(style, fc.array(piece, { maxLength: 30, size: 'max' }), piece, fc.boolean());
    await fc.assert(
      fc.asyncProperty(file, async ([style, pieces, last, finalBreak]) => {
        // One good row at least, for the layout to show.
        const all = [...pieces, { ...last, kind: 'good' as const }];
        const lines = style.header ? [`Claim token${style.delimiter}Tags`] : [];
        const expected: unknown[] = [];
        const seen = new Map<number, number>();
        let line = lines.length + 1;
        for (const piece of all) {
          const { text, code } = write(piece, style);
          lines.push(text);
          const first = code === undefined ? seen.get(piece.device) : undefined;
          if (text !== '') expected.push([line, code ?? (first === undefined ? piece.tags : `DUPLICATE of ${first}`)]);
          if (text !== '' && code === undefined && first === undefined) seen.set(piece.device, line);
          line += text.split(style.lineBreak).length;
        }
        const rows = await rowsIn(style.encode(lines.join(style.lineBreak) + (finalBreak ? style.lineBreak : '')));
        const found = rows.map((row) => {
          if (row.ok) return [row.line, row.tags];
          if (row.code !== 'DUPLICATE') return [row.line, row.code];
          return [row.line, `DUPLICATE of ${/line (\d+)/.exec(row.reason)?.[1] ?? ''}`];
        });
        assert.deepEqual(found, expected);
        const tokens = all.flatMap(({ device, second }) => DEVICES[device]![second ? 1 : 0]);
        assert.ok(good(rows).every(([, token]) => tokens.includes(token)));
      }),
      { numRuns: 1000 },
    );
  }).timeout(60_000);
});
