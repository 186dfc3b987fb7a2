import assert from 'node:assert/strict';
import { OutageTooLong, type Limiter, type Limits } from '../../../nodes/http/limiter';
import { OriginState } from '../../../nodes/http/origin-state';
import { stopClock, type Clock } from '../../support/clock';
import { LimiterRig } from '../../support/limiter-rig';

describe('Limiter with an outage', () => {
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

  it('outage: a waiting request fails when outageWait is over, on the millisecond', async () => {
    start();
    await rig.beginOutageWithProbe();
    const since = clock.now;
    const request = rig.make();
    await clock.pass(499);
    assert.equal(request.failedAt, undefined);
    await clock.pass(1);
    assert.equal(request.failedAt, since + 500);
    assert.ok(request.error instanceof OutageTooLong);
    assert.equal(request.error.seconds, 0.5);
    assert.deepEqual(request.waiting, [true, false]);
    assert.equal(limiter.waiting, 0);
  });

  it('outage: a request that must not wait fails at once, and says how long the outage has lasted', async () => {
    start({ outageWait: 300 });
    await rig.beginOutageWithProbe();
    await clock.pass(2000);
    const request = rig.make({ owner: { failsInOutage: true } });
    await clock.pass(0);
    assert.equal(request.failedAt, clock.now);
    assert.ok(request.error instanceof OutageTooLong);
    assert.equal(request.error.seconds, 3);
    assert.deepEqual([request.waiting, limiter.waiting], [[], 0]);
  });

  it('outage: a request that must not wait starts if it is the next probe', async () => {
    start({ outageWait: 300 });
    rig.beginOutage();
    await clock.jump(1000);
    const request = rig.make({ owner: { failsInOutage: true } });
    await clock.pass(0);
    assert.equal(request.startedAt, clock.now);
  });

  it('outage: a request that must not wait fails when the outage begins while it waits for its turn', async () => {
    start({ outageWait: 300, concurrency: 1 });
    rig.make();
    const [request, other] = [rig.make({ owner: { failsInOutage: true } }), rig.make()];
    await clock.pass(100);
    rig.beginOutage();
    await clock.pass(100);
    assert.equal(request.failedAt, clock.now - 100);
    assert.deepEqual([other.failedAt, limiter.waiting], [undefined, 1]);
  });

  it('outage: each request counts its own wait', async () => {
    start();
    await rig.beginOutageWithProbe();
    const since = clock.now;
    const requests = [rig.make()];
    await clock.pass(200);
    requests.push(rig.make());
    await clock.pass(200);
    requests.push(rig.make());
    await clock.pass(600);
    assert.deepEqual(
      requests.map(({ failedAt }) => failedAt! - since),
      [500, 700, 900],
    );
  });

  it('outage: waits that end shortly after one another are ended together', async () => {
    start();
    await rig.beginOutageWithProbe();
    const since = clock.now;
    const requests = [rig.make()];
    await clock.pass(30);
    requests.push(rig.make());
    await clock.pass(700);
    assert.deepEqual(
      requests.map(({ failedAt }) => failedAt! - since),
      [500, 600],
    );
  });

  it('outage: the wait counts from when the message came in, but not from before the outage', async () => {
    start();
    await rig.beginOutageWithProbe();
    const outageSince = origin.outage!.since;
    await clock.pass(100);
    const [early, late] = [rig.make({ owner: { receivedAt: 0 } }), rig.make({ owner: { receivedAt: clock.now - 50 } })];
    const since = clock.now;
    await clock.pass(500);
    assert.equal(outageSince, 0);
    assert.deepEqual([early.failedAt! - since, late.failedAt! - since], [0, 450]);
  });

  it('outage: a request that waits when it begins is shown as waiting, and fails outageWait later', async () => {
    start({ concurrency: 1 });
    const first = rig.make();
    const second = rig.make();
    await clock.pass(300);
    assert.deepEqual([first.startedAt, second.startedAt, second.waiting], [0, undefined, []]);
    rig.beginOutage();
    assert.deepEqual(second.waiting, [true]);
    await clock.pass(600);
    assert.equal(second.failedAt, 800);
    assert.deepEqual(second.waiting, [true, false]);
    assert.deepEqual(first.waiting, []);
  });

  it('outage: a request is shown as waiting only once, however often the time of the probe changes', async () => {
    start();
    const probe = await rig.beginOutageWithProbe();
    const waiting = rig.make();
    origin.finish(probe.request, 'failed', clock.now);
    assert.deepEqual(waiting.waiting, [true]);
    rig.endOutage();
    await clock.pass(0);
    assert.equal(waiting.startedAt, clock.now);
    assert.deepEqual(waiting.waiting, [true, false]);
  });

  it('outage: retries are shown as waiting and fail, too', async () => {
    start({ concurrency: 1 });
    rig.make();
    const [retry, stopped] = [rig.make({ admitted: true }), rig.make({ admitted: true })];
    stopped.signal.abort();
    rig.beginOutage();
    assert.deepEqual([retry.waiting, stopped.waiting], [[true], []]);
    await clock.pass(500);
    assert.ok(retry.error instanceof OutageTooLong);
    assert.equal(limiter.waiting, 0);
  });

  it('outage: an aborted request is shown as no longer waiting, and never fails again', async () => {
    start();
    await rig.beginOutageWithProbe();
    const [stopped, other] = [rig.make(), rig.make()];
    stopped.signal.abort(new Error('stopped'));
    await clock.pass(0);
    assert.match(String(stopped.error), /stopped/);
    assert.deepEqual(stopped.waiting, [true, false]);
    assert.equal(limiter.waiting, 1);
    await clock.pass(500);
    assert.match(String(stopped.error), /stopped/);
    assert.ok(other.error instanceof OutageTooLong);
    assert.equal(limiter.waiting, 0);
  });

  it('outage: with outageWait 0 a request fails at once, but waits where there is no outage', async () => {
    start({ outageWait: 0 });
    origin.hold(50);
    const held = rig.make();
    await clock.pass(60);
    assert.equal(held.startedAt, 50);
    await rig.beginOutageWithProbe();
    const request = rig.make();
    await clock.pass(0);
    assert.ok(request.error instanceof OutageTooLong);
    assert.deepEqual([request.failedAt, request.error.seconds], [clock.now, 0]);
    assert.deepEqual(request.waiting, []);
  });

  it('outage: a request waits five minutes unless the connection says otherwise', async () => {
    rig = new LimiterRig(clock);
    ({ limiter, origin } = rig);
    await rig.beginOutageWithProbe();
    const request = rig.make();
    await clock.jump(299_999);
    assert.equal(request.failedAt, undefined);
    await clock.jump(1);
    assert.ok(request.error instanceof OutageTooLong);
    assert.equal(request.error.seconds, 300);
  });

  it('outage: a request that only waits for its turn after the outage does not fail', async () => {
    start({ concurrency: 1 });
    const first = rig.make();
    await clock.pass(0);
    assert.equal(first.startedAt, 0);
    rig.beginOutage();
    const second = rig.make();
    await clock.pass(400);
    rig.endOutage();
    await clock.pass(1000);
    assert.deepEqual([second.startedAt, second.failedAt], [undefined, undefined]);
    limiter.release();
    await clock.pass(0);
    assert.deepEqual([second.startedAt, second.waiting], [1400, [true, false]]);
  });

  it('outage: ends all waits at once', async () => {
    start();
    await rig.beginOutageWithProbe();
    const requests = [rig.make(), rig.make(), rig.make()];
    await clock.pass(100);
    rig.endOutage();
    await clock.pass(0);
    assert.deepEqual(
      requests.map(({ startedAt }) => startedAt),
      [1100, 1100, 1100],
    );
  });

  it('outage: the requests of another origin neither wait nor are shown as waiting', async () => {
    const other = new OriginState();
    start({ concurrency: 1 }, other);
    rig.make();
    const [waiting, foreign] = [rig.make(), rig.make({ origin: other })];
    rig.beginOutage();
    await clock.pass(600);
    assert.ok(waiting.error instanceof OutageTooLong);
    assert.deepEqual([foreign.waiting, foreign.failedAt], [[], undefined]);
    limiter.release();
    await clock.pass(0);
    assert.equal(foreign.startedAt, 600);
  });

  it('outage: one timer is enough for any number of waits, and none is set for the outcome of a probe', async () => {
    start();
    await rig.beginOutageWithProbe();
    const timers = await rig.countTimers(() => {
      for (let request = 0; request < 3; request++) rig.make();
    });
    assert.equal(timers, 1);
  });
});
