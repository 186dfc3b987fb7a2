import assert from 'node:assert/strict';
import { StartQueue } from '../../../nodes/runtime/start-queue';

/** How many may be ahead of their requests. */
const AHEAD = 256;

describe('Backlog', () => {
  /** A backlog with so many added, what has begun, and how many places are reserved. */
  const filled = (
    count: number,
    reserve = true,
  ): { backlog: StartQueue<number>; begun: number[]; add: (id: number) => void; reserved: () => number } => {
    const begun: number[] = [];
    let reserved = 0;
    const backlog = new StartQueue<number>(
      (id) => void begun.push(id),
      () => {
        if (!reserve) return undefined;
        reserved++;
        return () => reserved--;
      },
    );
    const add = (id: number): void => backlog.add(id);
    for (let id = 0; id < count; id++) add(id);
    return { backlog, begun, add, reserved: () => reserved };
  };

  it('begins so many at once, and keeps the rest', () => {
    const { backlog, begun, reserved } = filled(AHEAD + 3);
    assert.equal(begun.length, AHEAD);
    assert.equal(backlog.size, 3);
    assert.equal(reserved(), 3);
  });

  it('begins the next in order, each handing its place back', () => {
    const { backlog, begun, add, reserved } = filled(AHEAD + 3);
    backlog.proceed();
    assert.equal(begun.at(-1), AHEAD);
    assert.equal(backlog.size, 2);
    assert.equal(reserved(), 2);
    add(1000);
    for (let step = 0; step < 3; step++) backlog.proceed();
    assert.deepEqual(begun.slice(AHEAD), [AHEAD, AHEAD + 1, AHEAD + 2, 1000]);
    assert.equal(reserved(), 0);
  });

  it('begins at once what gets no place', () => {
    const { backlog, begun } = filled(AHEAD + 3, false);
    assert.equal(begun.length, AHEAD + 3);
    assert.equal(backlog.size, 0);
  });

  it('begins at once what may not wait, before all others', () => {
    const { backlog, begun, reserved } = filled(AHEAD + 3);
    backlog.add(1000, false);
    assert.deepEqual(begun.slice(AHEAD), [1000]);
    assert.equal(reserved(), 3);
    backlog.proceed();
    assert.equal(begun.length, AHEAD + 1);
    backlog.proceed();
    assert.deepEqual(begun.slice(AHEAD), [1000, AHEAD]);
  });

  it('has room again when those ahead have gone on', () => {
    const { backlog, begun, add } = filled(AHEAD);
    for (let step = 0; step < AHEAD; step++) backlog.proceed();
    for (let id = 0; id < AHEAD; id++) add(id);
    assert.equal(begun.length, 2 * AHEAD);
    add(1);
    assert.equal(backlog.size, 1);
  });

  it('begins all that wait when they are going to be stopped', () => {
    const { backlog, begun, reserved } = filled(AHEAD + 3);
    backlog.flush();
    assert.equal(begun.length, AHEAD + 3);
    assert.equal(backlog.size, 0);
    assert.equal(reserved(), 0);
  });

  it('goes through thousands that end as soon as they begin', () => {
    let begun = 0;
    const backlog: StartQueue<number> = new StartQueue<number>(
      (id) => {
        begun++;
        if (id >= AHEAD) backlog.proceed();
      },
      () => () => undefined,
    );
    for (let id = 0; id < AHEAD + 20_000; id++) backlog.add(id);
    backlog.proceed();
    assert.equal(begun, AHEAD + 20_000);
    assert.equal(backlog.size, 0);
  });
});
