import assert from 'node:assert/strict';
import { TokenBucket } from '../../../nodes/http/token-bucket';

describe('TokenBucket', () => {
  /** How many tokens there are; takes them all. */
  function empty(bucket: TokenBucket): number {
    let tokens = 0;
    while (bucket.take()) tokens++;
    return tokens;
  }

  it('token bucket: is full at first, and refuses when its tokens are used up', () => {
    const bucket = new TokenBucket(3);
    assert.equal(empty(bucket), 3);
    assert.equal(bucket.take(), false);
  });

  it('token bucket: a refused use takes nothing, and each success gives one token back', () => {
    const bucket = new TokenBucket(3);
    empty(bucket);
    assert.equal(bucket.take(), false);
    bucket.give();
    bucket.give();
    assert.equal(empty(bucket), 2);
  });

  it('token bucket: successes never give more than its capacity', () => {
    const bucket = new TokenBucket(3);
    bucket.give();
    assert.equal(empty(bucket), 3);
    for (let success = 0; success < 5; success++) bucket.give();
    assert.equal(empty(bucket), 3);
  });

  it('token bucket: is filled up to a part of its capacity, and loses nothing where it has more', () => {
    const bucket = new TokenBucket(8);
    empty(bucket);
    bucket.give();
    bucket.fill(0.5);
    assert.equal(empty(bucket), 4);
    for (let success = 0; success < 6; success++) bucket.give();
    bucket.fill(0.5);
    assert.equal(empty(bucket), 6);
  });
});
