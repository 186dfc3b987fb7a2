import assert from 'node:assert/strict';
import { bufferChunks, textChunks } from '../../../../nodes/parse/rows/source';

/** How much of a value is taken at once. */
const CHUNK = 256 * 1024;

/** The pieces of a source. They are copied, as each is only valid until the next one. */
async function piecesOf(chunks: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const chunk of chunks) pieces.push(Buffer.from(chunk));
  return pieces;
}

const lengthsOf = (pieces: readonly Buffer[]): number[] => pieces.map(({ length }) => length);

describe('rows: pieces of a Buffer', () => {
  for (const [size, lengths] of [
    [0, []],
    [CHUNK, [CHUNK]],
    [CHUNK + 1, [CHUNK, 1]],
  ] as const) {
    it(`bufferChunks: ${size} bytes come in ${lengths.length} pieces`, async () => {
      const bytes = Buffer.alloc(size, 'ab');
      const pieces = await piecesOf(bufferChunks(bytes));
      assert.deepEqual(lengthsOf(pieces), lengths);
      assert.ok(Buffer.concat(pieces).equals(bytes));
    });
  }
});

describe('rows: pieces of a text', () => {
  const start = 'x'.repeat(CHUNK - 1);
  for (const [what, text, lengths] of [
    ['nothing', '', []],
    ['a text of one piece', `${start}x`, [CHUNK]],
    ['a text of two pieces', `${start}xy`, [CHUNK, 1]],
    ['characters of three bytes', '€'.repeat(CHUNK), [3 * CHUNK]],
    ['an emoji over the end of a piece', `${start}😀y`, [CHUNK + 3, 1]],
    ['an emoji after the end of a piece', `${start}x😀`, [CHUNK, 4]],
    ['the first character of two units over the end of a piece', `${start}\u{10000}y`, [CHUNK + 3, 1]],
    ['the last character of two units over the end of a piece', `${start}\u{10ffff}y`, [CHUNK + 3, 1]],
    ['a character of one unit beyond the surrogates before an emoji', `${start}\uffee😀`, [CHUNK + 2, 4]],
  ] as const) {
    it(`textChunks: ${what} is whole in its pieces`, async () => {
      const pieces = await piecesOf(textChunks(text));
      assert.deepEqual(lengthsOf(pieces), lengths);
      assert.ok(Buffer.concat(pieces).equals(Buffer.from(text)));
    });
  }
});
