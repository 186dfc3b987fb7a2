import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DueQueue } from '../../../nodes/util/due-queue';

describe('DueQueue', () => {
  it('DueQueue: gives values in the order of their times, whatever order they came in', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000)), (times) => {
        const queue = new DueQueue<number>();
        for (const time of times) queue.add(time, -time);
        const taken: number[] = [];
        for (let first = queue.take(); first !== undefined; first = queue.take()) {
          assert.equal(first.value, -first.time);
          taken.push(first.time);
        }
        assert.deepEqual(
          taken,
          [...times].sort((a, b) => a - b),
        );
        assert.equal(queue.firstTime, undefined);
      }),
    );
  });

  it('DueQueue: shows when the first value is due', () => {
    const queue = new DueQueue<string>();
    assert.equal(queue.firstTime, undefined);
    queue.add(5, 'five');
    queue.add(3, 'three');
    assert.equal(queue.firstTime, 3);
  });
});
