import assert from 'node:assert/strict';
import type { Limiter, Limits } from '../../../nodes/http/limiter';
import { OriginState } from '../../../nodes/http/origin-state';
import { Abort } from '../../../nodes/util/abort';
import { stopClock, type Clock } from '../../support/clock';
import { LimiterRig, type MadeRequest } from '../../support/limiter-rig';

describe('Limiter with holds, several origins, and closed', () => {
  let clock: Clock;
  let rig: LimiterRig;
  let limiter: Limiter;
  let origin: OriginState;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => {
    limiter.close();
    clock.restore();
  });

  function start(limits: Partial<Limits> = {}, ...more: OriginState[]): void {
    rig = new LimiterRig(clock, { outageWait: 0.5, ...limits }, ...more);
    ({ limiter, origin } = rig);
  }

  it('origins: the one that may start earlier is not delayed by the other', async () => {
    const other = new OriginState();
    start({}, other);
    origin.hold(100);
    other.hold(10);
    const [late, early] = [rig.make(), rig.make({ origin: other })];
    await clock.pass(120);
    assert.deepEqual([early.startedAt, late.startedAt], [10, 100]);
    other.hold(100);
    origin.hold(10);
    const [first, second] = [rig.make(), rig.make({ origin: other })];
    await clock.pass(120);
    assert.deepEqual([first.startedAt, second.startedAt], [130, 220]);
  });

  it('hold: is shown by its requests until they start; a request that only waits for its turn is not shown', async () => {
    start({ concurrency: 1 });
    const first = rig.make();
    const second = rig.make();
    origin.hold(50);
    const third = rig.make();
    assert.deepEqual([first.waiting, second.waiting, third.waiting], [[], [], [true]]);
    limiter.release();
    await clock.pass(60);
    limiter.release();
    await clock.pass(0);
    assert.deepEqual([second.startedAt, third.startedAt], [50, 60]);
    assert.deepEqual([second.waiting, third.waiting], [[], [true, false]]);
  });

  it('order: a new request does not overtake one whose timer is late', async () => {
    start({ concurrency: 1 });
    origin.hold(50);
    const first = rig.make();
    clock.lag(60);
    const second = rig.make();
    await clock.pass(0);
    assert.deepEqual([first.startedAt, second.startedAt], [60, undefined]);
  });

  it('back-off: is shown by its request until it is over, or to the end if the request is aborted', async () => {
    start();
    const shown: boolean[] = [];
    const stop = new Abort();
    const owner = { lane: 'lane', signal: stop, onWaiting: (waiting: boolean): number => shown.push(waiting) };
    const pause = limiter.pause(50, owner, stop);
    assert.deepEqual([shown, limiter.waiting], [[true], 1]);
    await clock.pass(50);
    await pause;
    assert.deepEqual([shown, limiter.waiting], [[true, false], 0]);
    const aborted = limiter.pause(50, owner, stop);
    stop.abort(new Error('stopped'));
    await assert.rejects(aborted, /stopped/);
    assert.deepEqual([shown, limiter.waiting], [[true, false, true], 0]);
  });

  it('counts: requests in flight and waiting ones', () => {
    start({ concurrency: 2 });
    assert.deepEqual([limiter.inFlight, limiter.waiting], [0, 0]);
    for (let request = 0; request < 5; request++) rig.make();
    assert.deepEqual([limiter.inFlight, limiter.waiting], [2, 3]);
    limiter.release();
    assert.deepEqual([limiter.inFlight, limiter.waiting], [2, 2]);
    assert.equal(limiter.started.sum(clock.now), 3);
  });

  describe('once it is closed', () => {
    it('closed: starts nothing when a request ends', async () => {
      start({ concurrency: 1 });
      rig.make();
      const waiting = rig.make();
      limiter.close();
      limiter.release();
      await clock.pass(10);
      assert.equal(waiting.startedAt, undefined);
      assert.equal(origin.inUse, false);
    });

    it('closed: ends no wait, and sets no timer', async () => {
      start();
      await rig.beginOutageWithProbe();
      const waiting = rig.make();
      limiter.close();
      let late: MadeRequest;
      assert.equal(await rig.countTimers(() => (late = rig.make())), 0);
      await clock.pass(600);
      assert.deepEqual([waiting.failedAt, late!.failedAt], [undefined, undefined]);
    });
  });
});
