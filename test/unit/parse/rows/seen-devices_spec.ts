import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { SeenDevices } from '../../../../nodes/parse/rows/seen-devices';

const format = (hex: string) =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
const random = (index: number) => format(createHash('md5').update(String(index)).digest('hex'));
/** As the UUIDs of modems are, which begin with ASCII; and others that differ in one place only. */
const alike = (index: number) => format(`50363154${index.toString(16).padStart(24, '0')}`);
const front = (index: number) => format(index.toString(16).padStart(8, '0').padEnd(32, '0'));

describe('rows: duplicates', () => {
  for (const [lines, different] of [
    [2000, 601],
    [200_000, 60_013],
  ] as const) {
    it(`finds every device of ${lines} rows again, and no other`, () => {
      const duplicates = new SeenDevices();
      const known = new Map<string, number>();
      for (let line = 1; line <= lines; line++) {
        const id = [random, alike, front][line % 3]!((line * 7919) % different);
        assert.equal(duplicates.firstLine(id, line), known.get(id));
        if (!known.has(id)) known.set(id, line);
      }
      assert.ok(known.size > lines / 2);
    });
  }

  it('takes at most 48 bytes a device however many there are', () => {
    const duplicates = new SeenDevices();
    let most = 0;
    for (let line = 1; line <= 1_000_000; line++) {
      duplicates.firstLine(line % 2 ? alike(line) : front(line), line);
      if (line >= 20_000 && line % 500 === 0) most = Math.max(most, duplicates.byteLength / line);
    }
    assert.ok(most <= 48, `${most} bytes a device`);
    assert.equal(duplicates.firstLine(alike(1), 7), 1);
  });
});
