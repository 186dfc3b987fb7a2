import assert from 'node:assert/strict';
import { PackedRows } from '../../../../nodes/parse/rows/index';
import { Mint } from '../../../../simulator/identity/mint';
import { DeviceKeys } from '../../../../simulator/identity/device-keys';
import type { ValidRow } from '../../../../nodes/parse/rows/row';

const mint = new Mint('packed', new DeviceKeys('packed'));

function row(line: number, tags: string[]): ValidRow {
  const { claimToken, deviceUuid } = mint.mint({ signed: false });
  return { ok: true, line, deviceId: deviceUuid, claimToken, tags };
}

describe('packed rows', () => {
  const rows = [
    row(3, []),
    row(4, ['a']),
    row(9, ['say "hi"', 'Ålesund', '日本']),
    row(12, ['"']),
    row(13, ['a', 'b']),
    row(14, []),
  ];
  const plain = rows.map(({ line, deviceId, claimToken, tags }) => ({ line, deviceId, claimToken, tags }));

  it('packed rows: unpacking gives the rows as they were', () => {
    const packed = PackedRows.pack(rows);
    assert.deepEqual(packed.unpack(), plain);
    assert.deepEqual([packed.count, packed.firstLine, packed.lastLine], [6, 3, 14]);
  });

  it('packed rows: both parts of a split have their own rows and CSV', () => {
    const packed = PackedRows.pack(rows);
    const [first, rest] = packed.split(2);
    assert.deepEqual(first.unpack(), plain.slice(0, 2));
    assert.deepEqual(rest.unpack(), plain.slice(2));
    assert.equal(Buffer.concat([first.csv, rest.csv]).toString(), packed.csv.toString());
  });

  it('packed rows: rows with the same tags get lists of their own', () => {
    const tags = ['a'];
    const [one, other] = PackedRows.pack([row(1, tags), row(2, tags)]).unpack();
    one!.tags.push('b');
    assert.deepEqual(other!.tags, ['a']);
  });
});
