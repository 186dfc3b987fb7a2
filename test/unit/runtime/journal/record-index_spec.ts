import assert from 'node:assert/strict';
import { RecordIndex, type Position } from '../../../../nodes/runtime/journal/record-index';
import type { Segment } from '../../../../nodes/runtime/journal/segment';

const newSegment = (): Segment => ({ liveLines: 0, liveBytes: 0 }) as unknown as Segment;
const state = (key: string, parts = 0) => ({ kind: 'state', node: 'n', key, parts }) as const;
const part = (key: string, index: number) => ({ kind: 'part', node: 'n', key, index }) as const;
const removed = (key: string) => ({ kind: 'removed', node: 'n', key }) as const;

describe('record index', () => {
  let index: RecordIndex;
  let segment: Segment;
  let offset: number;

  beforeEach(() => {
    index = new RecordIndex();
    segment = newSegment();
    offset = 0;
  });

  function at(length: number, where = segment): Position {
    return { segment: where, offset: offset++, length };
  }

  const live = (of = segment): number[] => [of.liveLines, of.liveBytes];

  it('record index: nodes and records are those that have a line', () => {
    const position = at(10);
    index.apply(state('a', 2), position);
    assert.deepEqual(index.nodes(), ['n']);
    assert.equal(index.get('n', 'a')?.state, position);
    assert.equal(index.get('n', 'a')?.count, 2);
    assert.deepEqual(
      index.records('n').map(([key]) => key),
      ['a'],
    );
    assert.deepEqual(index.records('other'), []);
    assert.equal(index.get('other', 'a'), undefined);
  });

  it('record index: a segment counts its live lines and their bytes', () => {
    index.apply(part('a', 0), at(100));
    index.apply(part('a', 1), at(200));
    index.apply(state('a', 2), at(10));
    assert.deepEqual(live(), [3, 310]);
  });

  it('record index: a line that is written again counts where it is now', () => {
    const next = newSegment();
    index.apply(part('a', 0), at(100));
    index.apply(part('a', 1), at(200));
    index.apply(state('a', 2), at(10));
    index.apply(state('a', 2), at(11, next));
    assert.deepEqual(
      [live(), live(next)],
      [
        [2, 300],
        [1, 11],
      ],
    );
    index.apply(part('a', 1), at(200, next));
    assert.deepEqual(
      [live(), live(next)],
      [
        [1, 100],
        [2, 211],
      ],
    );
  });

  it('record index: a removed record is live nowhere, and its node is unknown after its last one', () => {
    index.apply(part('a', 0), at(100));
    index.apply(state('a', 1), at(10));
    index.apply(state('b'), at(20));
    index.apply(removed('a'), at(5));
    assert.deepEqual(live(), [1, 20]);
    assert.equal(index.get('n', 'a'), undefined);
    assert.deepEqual(index.nodes(), ['n']);
    index.apply(removed('b'), at(5));
    assert.deepEqual(live(), [0, 0]);
    assert.deepEqual(index.nodes(), []);
  });

  it('record index: the removal of what does not exist changes nothing', () => {
    index.apply(removed('a'), at(5));
    index.apply(state('b'), at(20));
    index.apply(removed('a'), at(5));
    assert.deepEqual(live(), [1, 20]);
    assert.deepEqual(index.nodes(), ['n']);
  });

  it('record index: parts that arrive in any order are read in theirs', () => {
    const [first, second] = [at(1), at(2)];
    index.apply(part('a', 1), second);
    index.apply(part('a', 0), first);
    assert.deepEqual(index.get('n', 'a')?.parts, [first, second]);
  });

  it('record index: incomplete records are dropped, and complete ones are kept', () => {
    index.apply(part('no state', 0), at(100));
    index.apply(state('lacks all', 1), at(10));
    index.apply(part('lacks the first', 1), at(100));
    index.apply(state('lacks the first', 2), at(10));
    index.apply(part('complete', 0), at(7));
    index.apply(state('complete', 1), at(1));
    index.apply(state('no parts'), at(1));
    index.dropIncomplete();
    assert.deepEqual(
      index.records('n').map(([key]) => key),
      ['complete', 'no parts'],
    );
    assert.deepEqual(live(), [3, 9]);
  });

  it('record index: a record that lost a part in the middle is dropped', () => {
    index.apply(part('a', 0), at(1));
    index.apply(part('a', 2), at(1));
    index.apply(state('a', 3), at(1));
    index.dropIncomplete();
    assert.deepEqual(index.nodes(), []);
  });

  it('record index: the live lines of a segment are its own only, and the state comes after the parts', () => {
    const next = newSegment();
    const [old, first, second] = [at(10), at(100), at(100)];
    index.apply(state('a', 2), old);
    index.apply(part('a', 0), first);
    index.apply(part('a', 1), second);
    const elsewhere = at(20, next);
    index.apply(state('b'), elsewhere);
    assert.deepEqual([...index.in(segment)], [first, second, old]);
    assert.deepEqual([...index.in(next)], [elsewhere]);
  });

  it('record index: a line is live until it is replaced or removed', () => {
    const [old, now] = [at(10), at(10)];
    index.apply(state('a'), old);
    assert.equal(index.isLive(state('a'), old), true);
    index.apply(state('a'), now);
    assert.deepEqual([index.isLive(state('a'), old), index.isLive(state('a'), now)], [false, true]);
    index.apply(removed('a'), at(5));
    assert.equal(index.isLive(state('a'), now), false);
  });
});
