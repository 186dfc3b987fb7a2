import assert from 'node:assert/strict';
import { Queue } from '../../../nodes/util/queue';

describe('Queue', () => {
  it('gives what came first', () => {
    const queue = new Queue<number>();
    assert.equal(queue.size, 0);
    assert.equal(queue.shift(), undefined);
    assert.equal(queue.size, 0);
    queue.push(1);
    queue.push(2);
    assert.equal(queue.size, 2);
    assert.equal(queue.shift(), 1);
    assert.equal(queue.size, 1);
    queue.push(3);
    assert.deepEqual([queue.shift(), queue.shift(), queue.shift()], [2, 3, undefined]);
    queue.push(4);
    assert.equal(queue.shift(), 4);
  });

  it('keeps order and size while it grows and shrinks', () => {
    const queue = new Queue<number>();
    let [next, expected] = [0, 0];
    for (let round = 0; round < 4000; round++) {
      for (let more = 0; more < (round < 2000 ? 3 : 1); more++) queue.push(next++);
      for (let fewer = 0; fewer < 2; fewer++) if (queue.size > 0) assert.equal(queue.shift(), expected++);
      assert.equal(queue.size, next - expected);
    }
  });
});
