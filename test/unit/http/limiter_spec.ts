import assert from 'node:assert/strict';
import { Limiter, QueueFull, type Limits } from '../../../nodes/http/limiter';
import { OriginState } from '../../../nodes/http/origin-state';
import type { RequestOwner } from '../../../nodes/http/request-owner';
import { Abort, sleep } from '../../../nodes/util/abort';
import type { AbortSignalLike } from '../../../nodes/util/abort';
import { stopClock, type Clock } from '../../support/clock';
import { LimiterRig } from '../../support/limiter-rig';
import { ListenedStop } from '../../support/listened-stop';

/** A limiter for one origin, whose requests are only their lanes. */
class OneOrigin {
  readonly origin = new OriginState();
  readonly limiter: Limiter;

  constructor(limits: Limits) {
    this.limiter = new Limiter(limits);
    this.limiter.include(this.origin);
  }

  acquire(lane: unknown, signal: AbortSignalLike, admitted: boolean, owner: Partial<RequestOwner> = {}): Promise<void> {
    const request = { origin: this.origin, owner: { lane, signal, ...owner }, since: performance.now() };
    return this.limiter.acquire(request, signal, admitted) ?? Promise.resolve();
  }

  pause(ms: number, signal: AbortSignalLike): Promise<void> {
    return this.limiter.pause(ms, { signal, lane: 'lane' }, signal);
  }

  reserve(): (() => void) | undefined {
    return this.limiter.reserve();
  }

  release(): void {
    this.limiter.release();
  }

  hold(ms: number): void {
    this.origin.hold(ms);
  }

  get held(): boolean {
    return this.origin.heldUntil > performance.now();
  }

  answered(refused: boolean, startedAt: number): void {
    this.origin.finish({}, refused ? 'limited' : 'success', startedAt);
  }

  close(): void {
    this.limiter.close();
  }
}

describe('Limiter', () => {
  /** As every message has a signal of its own. */
  const fresh = (): AbortSignal => new AbortController().signal;
  const unlimited = { concurrency: 1, rate: 0, queueLimit: 1000 };

  it('serves lanes in turn, so that a busy lane does not starve another', async () => {
    const limiter = new OneOrigin(unlimited);
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

  it('puts a retry before new requests of its lane, and never refuses it', async () => {
    const limiter = new OneOrigin({ concurrency: 1, rate: 0, queueLimit: 1 });
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
    const limiter = new OneOrigin({ concurrency: 1, rate: 0, queueLimit: 1 });
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

  it('skips a request that was aborted while it waited', async () => {
    const limiter = new OneOrigin(unlimited);
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

  it('holds all requests back as long as asked, and ignores a shorter hold', async () => {
    const limiter = new OneOrigin({ concurrency: 10, rate: 0, queueLimit: 10 });
    limiter.hold(120);
    limiter.hold(10);
    const asked = performance.now();
    await Promise.all([limiter.acquire('a', fresh(), false), limiter.acquire('b', fresh(), false)]);
    assert.ok(performance.now() - asked >= 119);
  });

  it('keeps the order of twenty thousand requests', async () => {
    const limiter = new OneOrigin({ concurrency: 1, rate: 0, queueLimit: 20_000 });
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

  it('counts reservations as waiting until their requests are made', async () => {
    const limiter = new OneOrigin({ concurrency: 1, rate: 0, queueLimit: 2 });
    const first = limiter.reserve();
    assert.ok(limiter.reserve() !== undefined);
    assert.equal(limiter.reserve(), undefined);
    await limiter.acquire('lane', fresh(), false);
    await assert.rejects(limiter.acquire('lane', fresh(), false), QueueFull);
    first!();
    const waiting = limiter.acquire('lane', fresh(), false);
    assert.equal(limiter.reserve(), undefined);
    limiter.release();
    await waiting;
    assert.ok(limiter.reserve() !== undefined);
  });

  it('removes its listeners from a signal', async () => {
    const limiter = new OneOrigin(unlimited);
    const signal = new ListenedStop();
    await limiter.acquire('lane', signal, false);
    assert.equal(signal.total, 0);
    const waiting = limiter.acquire('lane', signal, false);
    assert.equal(signal.listeners, 1);
    limiter.release();
    await waiting;
    await limiter.pause(1, signal);
    assert.equal(signal.listeners, 0);
    assert.equal(signal.total, 2);
  });

  it('frees the queue place of an aborted request exactly once', async () => {
    const limiter = new OneOrigin({ concurrency: 1, rate: 0, queueLimit: 1 });
    await limiter.acquire('lane', fresh(), false);
    for (let round = 0; round < 3; round++) {
      const stop = new Abort();
      const gone = limiter.acquire('lane', stop, false);
      stop.abort(new Error('stopped'));
      await assert.rejects(gone, /stopped/);
    }
    const next = limiter.acquire('lane', fresh(), false);
    await assert.rejects(limiter.acquire('lane', fresh(), false), QueueFull);
    limiter.release();
    await next;
  });

  it('rejects a wait whose signal is already aborted', async () => {
    const stop = new Abort();
    stop.abort(new Error('stopped'));
    await assert.rejects(sleep(60_000, stop), /stopped/);
  });

  describe('with a stopped clock', () => {
    let clock: Clock;
    beforeEach(() => (clock = stopClock()));
    afterEach(() => clock.restore());

    /** When each of `requests` requests, made at the same time, may start. */
    async function starts(limiter: OneOrigin, requests: number, ms: number): Promise<number[]> {
      const times: number[] = [];
      for (let request = 0; request < requests; request++) {
        void limiter.acquire('lane', fresh(), false).then(() => times.push(clock.now));
      }
      await clock.pass(ms);
      return times;
    }

    it('spreads starts evenly, and catches up at most 50 ms', async () => {
      await clock.pass(1000);
      const limiter = new OneOrigin({ concurrency: 100, rate: 100, queueLimit: 100 });
      const times = await starts(limiter, 12, 100);
      assert.deepEqual(times, [1000, 1000, 1000, 1000, 1000, 1000, 1010, 1020, 1030, 1040, 1050, 1060]);
    });

    it('never starts more requests in a second than the rate', async () => {
      await clock.pass(1000);
      const limiter = new OneOrigin({ concurrency: 100, rate: 20, queueLimit: 100 });
      const times = await starts(limiter, 45, 3000);
      assert.equal(times.length, 45);
      for (const [index, time] of times.entries()) {
        if (index >= 20) assert.ok(time - times[index - 20]! >= 1000, `${index}: ${times.join()}`);
      }
      assert.ok(times[44]! <= 3200, times.join());
    });

    it('accepts rates below one per second', async () => {
      await clock.pass(1000);
      const limiter = new OneOrigin({ concurrency: 100, rate: 0.5, queueLimit: 100 });
      assert.deepEqual(await starts(limiter, 3, 5000), [1000, 3000, 5000]);
    });

    it('waits with one timer for a start that is more than 24 days away', async () => {
      const rig = new LimiterRig(clock, { rate: 1e-7 });
      rig.make();
      const timers = await rig.countTimers(() => {
        rig.make();
      });
      rig.limiter.close();
      assert.equal(timers, 1);
    });

    it('starts requests in order after a hold, and reports whether it holds', async () => {
      const limiter = new OneOrigin(unlimited);
      assert.equal(limiter.held, false);
      limiter.hold(100);
      assert.equal(limiter.held, true);
      assert.deepEqual(await starts(limiter, 2, 99), []);
      assert.equal(limiter.held, true);
      await clock.pass(1);
      assert.equal(limiter.held, false);
      const first = await starts(limiter, 1, 50);
      assert.deepEqual(first, []);
      limiter.release();
      limiter.release();
      await clock.pass(1);
      assert.deepEqual(first, [150]);
    });

    it('does not let a new request overtake waiting ones', async () => {
      const limiter = new OneOrigin({ ...unlimited, concurrency: 2 });
      limiter.hold(10);
      const order: string[] = [];
      void limiter.acquire('a', fresh(), false).then(() => order.push('a'));
      void limiter.acquire('b', fresh(), false).then(() => order.push('b'));
      limiter.release();
      limiter.release();
      await clock.pass(10);
      void limiter.acquire('c', fresh(), false).then(() => order.push('c'));
      await clock.pass(1);
      assert.deepEqual(order, ['a', 'b', 'c']);
    });

    it('limits the rate after refusals, and only then', async () => {
      const limiter = new OneOrigin({ ...unlimited, concurrency: 1000 });
      for (let taken = 0; taken < 100; taken++) {
        await limiter.acquire('lane', fresh(), false);
        limiter.answered(false, clock.now);
        await clock.pass(10);
      }
      assert.deepEqual(await starts(limiter, 2, 1), [1000, 1000]);
      for (let refusal = 0; refusal < 3; refusal++) limiter.answered(true, clock.now);
      assert.deepEqual((await starts(limiter, 20, 300)).slice(0, 2), [1051, 1063]);
    });

    it('starts no waiting request once it is closed', async () => {
      const limiter = new OneOrigin(unlimited);
      limiter.hold(10);
      const times = starts(limiter, 1, 20);
      limiter.close();
      assert.deepEqual(await times, []);
    });
  });
});
