import assert from 'node:assert/strict';
import { StartQueue } from '../../../nodes/runtime/start-queue';

/** How many may be ahead of their requests. */
const AHEAD = 32;

describe('StartQueue', () => {
  /** A queue with `count` messages added, what has begun, and how many places are reserved. */
  const filled = (
    count: number,
    reserve = true,
  ): { queue: StartQueue<number>; begun: number[]; add: (id: number) => void; reserved: () => number } => {
    const begun: number[] = [];
    let reserved = 0;
    const queue = new StartQueue<number>(
      (id) => void begun.push(id),
      () => {
        if (!reserve) return undefined;
        reserved++;
        return () => reserved--;
      },
    );
    const add = (id: number): void => void queue.add(id);
    for (let id = 0; id < count; id++) add(id);
    return { queue, begun, add, reserved: () => reserved };
  };

  it('starts 32 messages at once, and queues the rest', () => {
    const { queue, begun, reserved } = filled(AHEAD + 3);
    assert.equal(begun.length, AHEAD);
    assert.equal(queue.size, 3);
    assert.equal(reserved(), 3);
  });

  it('starts queued messages in order, and releases their reservations', () => {
    const { queue, begun, add, reserved } = filled(AHEAD + 3);
    queue.proceed();
    assert.equal(begun.at(-1), AHEAD);
    assert.equal(queue.size, 2);
    assert.equal(reserved(), 2);
    add(1000);
    for (let step = 0; step < 3; step++) queue.proceed();
    assert.deepEqual(begun.slice(AHEAD), [AHEAD, AHEAD + 1, AHEAD + 2, 1000]);
    assert.equal(reserved(), 0);
  });

  it('starts a message at once if no place can be reserved', () => {
    const { queue, begun } = filled(AHEAD + 3, false);
    assert.equal(begun.length, AHEAD + 3);
    assert.equal(queue.size, 0);
  });

  it('starts a message that may not wait at once, before all queued ones', () => {
    const { queue, begun, reserved } = filled(AHEAD + 3);
    queue.add(1000, false);
    assert.deepEqual(begun.slice(AHEAD), [1000]);
    assert.equal(reserved(), 3);
    queue.proceed();
    assert.equal(begun.length, AHEAD + 1);
    queue.proceed();
    assert.deepEqual(begun.slice(AHEAD), [1000, AHEAD]);
  });

  it('starts new messages at once when the earlier ones have proceeded', () => {
    const { queue, begun, add } = filled(AHEAD);
    for (let step = 0; step < AHEAD; step++) queue.proceed();
    for (let id = 0; id < AHEAD; id++) add(id);
    assert.equal(begun.length, 2 * AHEAD);
    add(1);
    assert.equal(queue.size, 1);
  });

  it('starts all queued messages when it is flushed', () => {
    const { queue, begun, reserved } = filled(AHEAD + 3);
    queue.flush();
    assert.equal(begun.length, AHEAD + 3);
    assert.equal(queue.size, 0);
    assert.equal(reserved(), 0);
  });

  it('processes thousands of messages that end as soon as they start', () => {
    let begun = 0;
    const queue: StartQueue<number> = new StartQueue<number>(
      (id) => {
        begun++;
        if (id >= AHEAD) queue.proceed();
      },
      () => () => undefined,
    );
    for (let id = 0; id < AHEAD + 20_000; id++) queue.add(id);
    queue.proceed();
    assert.equal(begun, AHEAD + 20_000);
    assert.equal(queue.size, 0);
  });
});
