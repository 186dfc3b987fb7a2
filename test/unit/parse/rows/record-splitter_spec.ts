import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_RECORD_BYTES, RecordSplitter } from '../../../../nodes/parse/rows/record-splitter';

/** The records of a text that comes in pieces, as `[line, shape, text]`. */
function recordsOf(text: string, pieces = [text.length]): [number, string, string][] {
  const splitter = new RecordSplitter(',');
  const bytes = Buffer.from(text);
  const records: [number, string, string][] = [];
  const take = (chunk: Buffer, last: boolean) => {
    for (const batch of splitter.split(chunk, last)) {
      for (const { line, shape, start, end } of batch.records) {
        records.push([line, shape, shape === 'long' ? '' : batch.bytes.toString('utf8', start, end)]);
      }
    }
  };
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = pieces[piece % pieces.length]!;
    take(bytes.subarray(at, at + size), false);
    at += size;
  }
  take(Buffer.alloc(0), true);
  return records;
}

const messy = fc
  .array(fc.constantFrom('a', ',', '"', '""', '\n', '\r', '\r\n', ' ', ',"', '",', '"\n', '2dn3abcdefgh'), {
    maxLength: 60,
    size: 'max',
  })
  .map((parts) => parts.join(''));

describe('rows: records', () => {
  it('are the same however the bytes arrive', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(messy, pieces, (text, sizes) => assert.deepEqual(recordsOf(text, sizes), recordsOf(text))),
      { numRuns: 5000 },
    );
  });

  it('hold every line that is not blank once, in order', () => {
    fc.assert(
      fc.property(messy, (text) => {
        const lines = text.split(/\r\n|\r|\n/);
        const covered: number[] = [];
        for (const [line, , record] of recordsOf(text)) {
          record.split(/\r\n|\r|\n/).forEach((_, index) => covered.push(line + index));
        }
        assert.deepEqual(
          covered,
          [...new Set(covered)].sort((one, other) => one - other),
        );
        const missing = lines.flatMap((content, index) => (covered.includes(index + 1) ? [] : [content.trim()]));
        assert.ok(missing.every((content) => content === ''));
      }),
      { numRuns: 5000 },
    );
  });

  it('are cut off at the same length however the bytes arrive', () => {
    for (const excess of [-2, -1, 0, 1, 2]) {
      const filler = 'x'.repeat(MAX_RECORD_BYTES + excess);
      for (const record of [filler, `"${filler.slice(2)}"`, `a,"\n${filler.slice(6)}"\r`, `a,"\n${filler.slice(5)}`]) {
        for (const text of [record, `${record}\r\nb`, `${record}\nb`, `${record}\r`]) {
          const whole = recordsOf(text);
          for (const size of [
            30_000,
            MAX_RECORD_BYTES - 1,
            MAX_RECORD_BYTES,
            MAX_RECORD_BYTES + 1,
            MAX_RECORD_BYTES + 2,
          ]) {
            assert.deepEqual(recordsOf(text, [size]), whole);
          }
        }
      }
    }
  });

  it('records: blank lines are none, and are counted', () => {
    assert.deepEqual(recordsOf('\n  \na\n\t\n"b"\n'), [
      [3, 'plain', 'a'],
      [5, 'quoted', '"b"'],
    ]);
  });

  it('records: an equals sign that no quote follows makes no formula', () => {
    assert.deepEqual(recordsOf('=a,"b"\n="a",b\n'), [
      [1, 'quoted', '=a,"b"'],
      [2, 'formula', '="a",b'],
    ]);
  });

  it('records: a quote that opens in the last line and does not close is unclosed', () => {
    assert.deepEqual(recordsOf('a\n"b'), [
      [1, 'plain', 'a'],
      [2, 'unclosed', '"b'],
    ]);
  });

  it('records: bytes without the end of a record give no batch', () => {
    assert.deepEqual([...new RecordSplitter(',').split(Buffer.from('a,b'), false)], []);
  });

  it('records: one that is too long is given up before its end comes, and the next one has its line', () => {
    const splitter = new RecordSplitter(',');
    const linesOf = (text: string, last: boolean): [number, string][] =>
      [...splitter.split(Buffer.from(text), last)].flatMap(({ records }) =>
        records.map(({ line, shape }): [number, string] => [line, shape]),
      );
    assert.deepEqual(linesOf(`a\n${'x'.repeat(MAX_RECORD_BYTES + 10)}`, false), [
      [1, 'plain'],
      [2, 'long'],
    ]);
    // The CR that ends it is the last byte of a piece.
    assert.deepEqual(linesOf('x\r', false), []);
    assert.deepEqual(linesOf('b\n', true), [[3, 'plain']]);
  });
});
