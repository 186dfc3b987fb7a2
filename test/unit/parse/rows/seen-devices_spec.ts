import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
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
    [6000, 1801],
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

  it('duplicates: a device takes at most 100 bytes however many there are', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = () => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const duplicates = new SeenDevices();
    const before = used();
    let most = 0;
    for (let line = 1; line <= 300_000; line++) {
      duplicates.firstLine(randomUUID(), line);
      if (line >= 100_000 && line % 20_000 === 0) most = Math.max(most, (used() - before) / line);
    }
    assert.equal(duplicates.firstLine(randomUUID(), 0), undefined);
    assert.ok(most <= 100, `${most} bytes a device`);
  }).timeout(60_000);
});
