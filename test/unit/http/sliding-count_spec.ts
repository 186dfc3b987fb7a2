import assert from 'node:assert/strict';
import { SlidingCount } from '../../../nodes/http/sliding-count';

describe('SlidingCount', () => {
  /** A count with one event at each of these times. */
  function countOf(...times: number[]): SlidingCount {
    const count = new SlidingCount();
    for (const time of times) count.add(time);
    return count;
  }

  it('sliding count: is 0 without events', () => {
    assert.equal(new SlidingCount().sum(0), 0);
    assert.equal(new SlidingCount().sum(123_456), 0);
  });

  it('sliding count: adds up the events of the same and of earlier tenths of a second', () => {
    assert.equal(countOf(0, 0, 0).sum(0), 3);
    assert.equal(countOf(5000, 5050, 5099, 5100, 5450, 5999).sum(5999), 6);
  });

  it('sliding count: an event counts until the tenth of a second comes round', () => {
    const count = countOf(5000, 5099, 5100);
    assert.equal(count.sum(5999), 3);
    assert.equal(count.sum(6000), 1);
    assert.equal(count.sum(6099), 1);
    assert.equal(count.sum(6100), 0);
  });

  it('sliding count: events are forgotten one tenth at a time while others come', () => {
    const count = new SlidingCount();
    const sums = [];
    for (let now = 5000; now < 7500; now += 100) {
      count.add(now);
      sums.push(count.sum(now));
    }
    assert.deepEqual(sums, [1, 2, 3, 4, 5, 6, 7, 8, 9, ...Array<number>(16).fill(10)]);
  });

  for (const breakMs of [1000, 1100, 1900, 60_000, 3_600_000]) {
    it(`sliding count: nothing is left after a break of ${breakMs} ms`, () => {
      const times = Array.from({ length: 10 }, (_, tenth) => 5000 + tenth * 100);
      const count = countOf(...times);
      assert.equal(count.sum(5900), 10);
      assert.equal(count.sum(5900 + breakMs), 0);
      count.add(5900 + breakMs);
      assert.equal(count.sum(5900 + breakMs), 1);
    });
  }

  it('sliding count: asking again changes nothing', () => {
    const count = countOf(5000, 5300);
    assert.deepEqual([count.sum(5400), count.sum(5400), count.sum(5400)], [2, 2, 2]);
  });
});
