import assert from 'node:assert/strict';
import { Limiter, QueueFull } from '../../../nodes/service/limiter';

describe('Limiter', () => {
  /** As every message has a signal of its own. */
  const fresh = (): AbortSignal => new AbortController().signal;
  const unlimited = { concurrency: 1, rate: 0, queueLimit: 1000 };

  it('lets lanes take turns, so that many do not starve few', async () => {
    const limiter = new Limiter(unlimited);
    await limiter.acquire('busy', fresh(), false);
    const order: string[] = [];
    const wait = (lane: string): Promise<void> =>
      limiter.acquire(lane, fresh(), false).then(() => {
        order.push(lane);
        limiter.release();
      });
    const all = [...Array<string>(100).fill('bulk'), 'line', 'line'].map(wait);
    limiter.release();
    await Promise.all(all);
    assert.deepEqual(order.slice(0, 5), ['bulk', 'line', 'bulk', 'line', 'bulk']);
    assert.equal(order.length, 102);
  });

  it('puts a retry before fresh requests of its lane, and never refuses it', async () => {
    const limiter = new Limiter({ concurrency: 1, rate: 0, queueLimit: 1 });
    await limiter.acquire('lane', fresh(), false);
    const order: string[] = [];
    const first = limiter.acquire('lane', fresh(), false).then(() => order.push('fresh'));
    await assert.rejects(limiter.acquire('lane', fresh(), false), QueueFull);
    const again = limiter.acquire('lane', fresh(), true).then(() => order.push('again'));
    limiter.release();
    await again;
    limiter.release();
    await first;
    assert.deepEqual(order, ['again', 'fresh']);
  });

  it('counts back-offs as waiting', async () => {
    const limiter = new Limiter({ concurrency: 1, rate: 0, queueLimit: 1 });
    const stop = new AbortController();
    const pause = limiter.pause(60_000, stop.signal);
    await limiter.acquire('lane', fresh(), false);
    await assert.rejects(limiter.acquire('lane', fresh(), false), QueueFull);
    stop.abort();
    await assert.rejects(pause);
    const waiting = limiter.acquire('lane', fresh(), false);
    limiter.release();
    await waiting;
  });

  it('forgets who was stopped while waiting', async () => {
    const limiter = new Limiter(unlimited);
    await limiter.acquire('lane', fresh(), false);
    const stop = new AbortController();
    const gone = limiter.acquire('lane', stop.signal, false);
    const next = limiter.acquire('lane', fresh(), false);
    stop.abort(new Error('stopped'));
    await assert.rejects(gone, /stopped/);
    limiter.release();
    await next;
    await assert.rejects(limiter.acquire('lane', stop.signal, false), /stopped/);
  });

  it('holds everything back as long as it was asked to, a shorter hold changing nothing', async () => {
    const limiter = new Limiter({ concurrency: 10, rate: 0, queueLimit: 10 });
    limiter.hold(120);
    limiter.hold(10);
    const asked = performance.now();
    await Promise.all([limiter.acquire('a', fresh(), false), limiter.acquire('b', fresh(), false)]);
    assert.ok(performance.now() - asked >= 119);
  });

  it('keeps the order of twenty thousand', async () => {
    const limiter = new Limiter({ concurrency: 1, rate: 0, queueLimit: 20_000 });
    await limiter.acquire('lane', fresh(), false);
    const started: number[] = [];
    const all = Array.from({ length: 20_000 }, (_, index) =>
      limiter.acquire('lane', fresh(), false).then(() => {
        started.push(index);
        limiter.release();
      }),
    );
    limiter.release();
    await Promise.all(all);
    assert.deepEqual(
      started,
      Array.from({ length: 20_000 }, (_, index) => index),
    );
  });
});
