import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { OriginState, stateOf, type AttemptResult } from '../../../nodes/http/origin-state';

describe('OriginState', () => {
  const RETRIES = 32;
  let now: number;
  let origin: OriginState;
  let changes: number;
  beforeEach(() => {
    now = 10_000;
    mock.method(performance, 'now', () => now);
    origin = new OriginState();
    changes = 0;
    origin.listen(() => changes++);
  });
  afterEach(() => mock.restoreAll());

  /** Uses up the retry budget; the next retry that is asked for begins an outage. */
  function useUpRetries(): void {
    for (let retry = 0; retry < RETRIES; retry++) assert.equal(origin.takeRetry(), true);
  }

  function beginOutage(): void {
    useUpRetries();
    assert.equal(origin.takeRetry(), false);
    assert.ok(origin.outage !== undefined);
  }

  /** A request that ends as it starts. */
  function attempt(result: AttemptResult, request: unknown = {}): void {
    origin.begin(now, request);
    origin.finish(request, result, now);
  }

  /** How often something may be taken before it is refused. */
  function countOf(take: () => boolean): number {
    let taken = 0;
    while (taken < 1000 && take()) taken++;
    return taken;
  }

  describe('holds', () => {
    it('hold: blocks and delays requests until its end, and a shorter one does not shorten it', () => {
      assert.deepEqual([origin.blocked(now), origin.delay(now)], [false, 0]);
      origin.hold(500);
      origin.hold(100);
      assert.equal(origin.heldUntil, 10_500);
      assert.deepEqual([origin.blocked(now), origin.delay(now)], [true, 500]);
      assert.deepEqual([origin.blocked(10_499), origin.delay(10_499)], [true, 1]);
      assert.deepEqual([origin.blocked(10_500), origin.delay(10_500)], [false, 0]);
      assert.equal(changes, 0);
    });

    it('hold: a longer one counts, from the time when it is asked for', () => {
      origin.hold(500);
      now = 10_400;
      origin.hold(300);
      assert.equal(origin.heldUntil, 10_700);
    });
  });

  describe('retries', () => {
    it('retries: 32 are allowed while nothing succeeds; the next begins an outage', () => {
      useUpRetries();
      assert.deepEqual([origin.outage, changes], [undefined, 0]);
      const startedAt = Date.now();
      assert.equal(origin.takeRetry(), false);
      assert.equal(changes, 1);
      const { outage } = origin;
      assert.equal(outage?.since, 10_000);
      assert.ok(outage.startedAt >= startedAt && outage.startedAt <= Date.now());
    });

    it('retries: each success allows one more; failed, limited and aborted attempts allow none', () => {
      useUpRetries();
      for (const result of ['success', 'success', 'failed', 'limited', 'aborted'] as const) attempt(result);
      assert.equal(
        countOf(() => origin.takeRetry()),
        2,
      );
    });

    it('look-ups: 32 are allowed, apart from retries and without an outage, and each success allows one more', () => {
      useUpRetries();
      const takeLookUp = (): boolean => origin.takeLookUp();
      assert.equal(countOf(takeLookUp), 32);
      attempt('success');
      attempt('failed');
      assert.equal(countOf(takeLookUp), 1);
      assert.equal(origin.outage, undefined);
    });
  });

  describe('outages', () => {
    it('outage: allows no retry, whatever succeeded before', () => {
      beginOutage();
      now += 500;
      assert.equal(origin.takeRetry(), false);
      assert.deepEqual([origin.outage?.since, changes], [10_000, 1]);
    });

    it('outage: blocks all requests, and lets a probe start a second after it has begun', () => {
      beginOutage();
      assert.deepEqual([origin.blocked(now), origin.delay(now)], [true, 1000]);
      assert.equal(origin.delay(10_600), 400);
      assert.equal(origin.delay(11_000), 0);
      assert.equal(origin.delay(12_000), 0);
      assert.equal(origin.blocked(12_000), true);
    });

    it('outage: a hold delays the probe as well', () => {
      origin.hold(5000);
      beginOutage();
      assert.equal(origin.delay(11_000), 4000);
      assert.equal(origin.delay(15_000), 0);
    });

    it('outage: nothing else starts while the outcome of the probe is awaited', () => {
      beginOutage();
      now = 11_000;
      origin.begin(now, 'probe');
      assert.equal(origin.delay(now), Infinity);
      assert.equal(origin.delay(now + 3_600_000), Infinity);
    });

    it('outage: a failed probe puts off the next one, each time twice as long, up to 30 s', () => {
      beginOutage();
      const delays = Array.from({ length: 8 }, () => {
        now += origin.delay(now);
        attempt('failed');
        return origin.delay(now);
      });
      assert.deepEqual(delays, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
      assert.equal(changes, 1 + delays.length);
    });

    it('outage: an aborted probe says nothing, so that the next request is the probe at once', () => {
      beginOutage();
      now = 11_000;
      attempt('aborted');
      assert.deepEqual([origin.delay(now), changes], [0, 2]);
      assert.ok(origin.outage !== undefined);
      attempt('failed');
      assert.equal(origin.delay(now), 1000);
    });

    it('outage: a failure of another request than the probe changes nothing', () => {
      beginOutage();
      origin.finish('earlier', 'failed', 9000);
      assert.equal(origin.delay(now), 1000);
      now = 11_000;
      origin.begin(now, 'probe');
      origin.begin(now, 'second');
      origin.finish('second', 'failed', now);
      assert.deepEqual([origin.delay(now), changes], [Infinity, 1]);
      origin.finish('probe', 'failed', now);
      assert.deepEqual([origin.delay(now), changes], [1000, 2]);
    });

    for (const result of ['success', 'limited'] as const) {
      it(`outage: ends with a probe whose result is ${result}, and gives half of the budgets back`, () => {
        while (origin.takeLookUp());
        beginOutage();
        now = 11_000;
        attempt(result);
        assert.deepEqual([origin.outage, origin.blocked(now), origin.delay(now), changes], [undefined, false, 0, 2]);
        assert.equal(
          countOf(() => origin.takeLookUp()),
          16,
        );
        assert.equal(
          countOf(() => origin.takeRetry()),
          16,
        );
      });
    }

    it('outage: ends with the success of a request that was on its way before, and forgets the probe', () => {
      beginOutage();
      now = 11_000;
      origin.begin(now, 'probe');
      origin.finish('earlier', 'success', 9000);
      assert.deepEqual([origin.outage, origin.delay(now)], [undefined, 0]);
      while (origin.takeRetry());
      assert.equal(origin.delay(now), 1000);
    });

    it('outage: a request that started before it is not its probe', () => {
      origin.begin(now, 'earlier');
      beginOutage();
      now = 11_000;
      assert.equal(origin.delay(now), 0);
      origin.finish('earlier', 'failed', 10_000);
      assert.equal(origin.delay(now), 0);
    });
  });

  it('rate: refused requests limit it, and taken ones do not', () => {
    const requests = 100;
    for (let request = 0; request < requests; request++) {
      attempt('success');
      now += 10;
    }
    assert.equal(origin.adaptiveRate.rate(now), Infinity);
    for (let refusal = 0; refusal < 3; refusal++) attempt('limited');
    assert.ok(origin.adaptiveRate.rate(now) <= 100);
    assert.equal(origin.delay(now), 50);
    now += 50;
    for (let start = 0; start < requests; start++) origin.begin(now, {});
    assert.ok(origin.delay(now) > 800);
  });

  it('listeners: are called until they leave, and show whether the origin is in use', () => {
    const other = new OriginState();
    assert.equal(other.inUse, false);
    let calls = 0;
    const listener = (): number => calls++;
    other.listen(listener);
    assert.equal(other.inUse, true);
    while (other.takeRetry());
    assert.equal(calls, 1);
    other.leave(listener);
    assert.equal(other.inUse, false);
    other.finish({}, 'success', now);
    assert.equal(calls, 1);
  });
});

describe('stateOf', () => {
  const listener = (): void => undefined;

  it('state of an origin: is the same each time, and another one for another origin', () => {
    const state = stateOf('https://a.example');
    assert.equal(stateOf('https://a.example'), state);
    assert.notEqual(stateOf('https://a.example:8443'), state);
  });

  it('state of an origin: the oldest without a connection is forgotten when there are a hundred', () => {
    // Whatever other tests have left is older.
    for (let other = 0; other < 100; other++) stateOf(`https://old-${other}.example`);
    const used = stateOf('https://used.example');
    used.listen(listener);
    const states = Array.from({ length: 99 }, (_, index) => stateOf(`https://host-${index}.example`));
    const known = (index: number): boolean => stateOf(`https://host-${index}.example`) === states[index];
    assert.equal(known(0), true);
    stateOf('https://one-more.example');
    assert.equal(stateOf('https://used.example'), used);
    assert.equal(known(1), true);
    assert.equal(known(98), true);
    assert.equal(known(0), false);
    used.leave(listener);
  });

  it('state of an origin: those with connections are all kept, however many there are', () => {
    const used = Array.from({ length: 101 }, (_, index) => {
      const state = stateOf(`https://in-use-${index}.example`);
      state.listen(listener);
      return state;
    });
    for (let other = 0; other < 3; other++) stateOf(`https://extra-${other}.example`);
    for (const [index, state] of used.entries()) assert.equal(stateOf(`https://in-use-${index}.example`), state);
    for (const state of used) state.leave(listener);
  });
});
