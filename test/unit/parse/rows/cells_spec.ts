import assert from 'node:assert/strict';
import { readCells } from '../../../../nodes/parse/rows/cells';
import { RecordSplitter, type Extent } from '../../../../nodes/parse/rows/record-splitter';

describe('rows: cells', () => {
  it('are split before the first quote and parsed from there on', () => {
    const bytes = Buffer.from('a, b ,"c,""d""" ,\ne,f\n"g\nh",i\n,"",\n"');
    const [batch] = [...new RecordSplitter(',').split(bytes, true)];
    assert.deepEqual(readCells(batch!, ','), [
      ['a', ' b ', 'c,"d"', ''],
      ['e', 'f'],
      ['g\nh', 'i'],
      ['', '', ''],
      undefined,
    ]);
  });

  it('of a record that csv-parse refuses do not spoil the others', () => {
    const bytes = Buffer.from('"a",b\n"c"d\n"e"\n');
    const record = (line: number, start: number, end: number): Extent => ({
      shape: 'quoted',
      line,
      start,
      end,
      quoted: start,
    });
    const records = [record(1, 0, 5), record(2, 6, 10), record(3, 11, 14)];
    assert.deepEqual(readCells({ bytes, records }, ','), [['a', 'b'], undefined, ['e']]);
  });

  for (const [text, expected] of [
    ['="1""2",a', ['1"2', 'a']],
    ['="1",', ['1', '']],
    [',="1"', ['', '1']],
    [' ="1,2" ,"b"', ['1,2', 'b']],
  ] as const) {
    it(`of a record as a spreadsheet writes it are read: ${text}`, () => {
      const [batch] = [...new RecordSplitter(',').split(Buffer.from(`${text}\n`), true)];
      assert.deepEqual([batch!.records[0]!.shape, readCells(batch!, ',')], ['formula', [expected]]);
    });
  }
});
