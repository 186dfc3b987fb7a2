import assert from 'node:assert/strict';
import { AdaptiveRate } from '../../../nodes/http/adaptive-rate';

describe('AdaptiveRate: exact steps', () => {
  const START = 5000;

  /** A service that accepts `taken` requests, one every `everyMs`, and then refuses some. */
  function pressed({ taken = 50, everyMs = 10, refused = 3, askedMs = 0 }): { rate: AdaptiveRate; now: number } {
    const rate = new AdaptiveRate();
    for (let request = 0; request < taken; request++) rate.taken(START + request * everyMs);
    const now = START + taken * everyMs;
    refuse(rate, now, refused, askedMs);
    return { rate, now };
  }

  function refuse(rate: AdaptiveRate, now: number, times: number, askedMs = 0): void {
    // What was started before the last refusal only counts; the last of these tells.
    for (let refusal = 1; refusal <= times; refusal++) rate.refused(refusal < times ? -Infinity : now, now, askedMs);
  }

  /** Requests a second, from how long 1000 starts delay the next; at least 50 ms after the last use. */
  function perSecondAt(rate: AdaptiveRate, now: number): number {
    assert.equal(rate.next(now), now);
    const starts = 1000;
    for (let start = 0; start < starts; start++) rate.begin(now);
    return (starts * 1000) / (rate.next(now) - now + 50);
  }

  const near = (actual: number, expected: number): void =>
    assert.ok(Math.abs(actual / expected - 1) < 1e-9, `${actual} is not ${expected}`);

  it('is a little below the rate accepted before the refusal, after a short pause', () => {
    const { rate, now } = pressed({});
    assert.equal(rate.next(now), now + 50);
    near(perSecondAt(rate, now + 100), 98);
  });

  it('measures the last second only if requests were accepted for longer', () => {
    const { rate, now } = pressed({ taken: 300 });
    // Ten buckets, the one that has just begun among them: nine tenths of a second.
    near(perSecondAt(rate, now + 100), 90 * 0.98);
  });

  it('starts a new measurement after a break', () => {
    const rate = new AdaptiveRate();
    for (let request = 0; request < 50; request++) rate.taken(request * 10);
    for (let request = 0; request < 50; request++) rate.taken(START + request * 10);
    refuse(rate, START + 500, 3);
    near(perSecondAt(rate, START + 700), 98);
  });

  it('counts refusals as a limit from three per second and three per cent on', () => {
    const limited = (options: { taken?: number; refused?: number }): boolean => {
      const { rate, now } = pressed({ everyMs: 1, ...options });
      return rate.next(now) > now;
    };
    assert.equal(limited({ refused: 2 }), false);
    assert.equal(limited({ refused: 3 }), true);
    assert.equal(limited({ taken: 97, refused: 3 }), true);
    assert.equal(limited({ taken: 98, refused: 3 }), false);
  });

  it('counts a single refusal as a limit if it says how long to wait', () => {
    const { rate, now } = pressed({ refused: 1, askedMs: 200 });
    assert.equal(rate.next(now), now + 50);
    near(perSecondAt(rate, now + 300), 95);
  });

  it('ignores refusals below ten requests per second, and never falls below that', () => {
    const few = pressed({ taken: 9 });
    assert.equal(few.rate.next(few.now), few.now);
    const enough = pressed({ taken: 10, everyMs: 99 });
    assert.equal(enough.rate.next(enough.now), enough.now + 50);
    near(perSecondAt(enough.rate, enough.now + 200), 10);
  });

  it('ignores requests that are older than a second', () => {
    const rate = new AdaptiveRate();
    for (let request = 0; request < 20; request++) rate.taken(START);
    for (let request = 0; request < 9; request++) rate.taken(START + 1000);
    refuse(rate, START + 1000, 3);
    assert.equal(rate.next(START + 1000), START + 1000);
  });

  it('counts refusals of requests that were on their way together once', () => {
    const { rate, now } = pressed({});
    rate.refused(now - 1, now + 10);
    assert.equal(rate.next(now + 10), now + 50);
    near(perSecondAt(rate, now + 100), 98);
    rate.refused(now, now + 150);
    assert.ok(rate.next(now + 150) >= now + 250);
  });

  it('falls by a larger step and pauses longer if no request was accepted since the last refusal', () => {
    const { rate, now } = pressed({});
    refuse(rate, now + 500, 1);
    assert.equal(rate.next(now + 500), now + 600);
    near(perSecondAt(rate, now + 700), 98 * 0.7);
    const other = pressed({});
    other.rate.taken(now + 450);
    other.rate.next(now + 2500);
    refuse(other.rate, now + 2500, 3);
    assert.equal(other.rate.next(now + 2500), now + 2550);
    near(perSecondAt(other.rate, now + 2600), 98 * 1.02 * 1.04 * 0.9);
  });

  it('falls by the smaller step where a refusal says how long to wait', () => {
    const { rate, now } = pressed({ refused: 1, askedMs: 500 });
    refuse(rate, now + 600, 1, 500);
    near(perSecondAt(rate, now + 800), 95 * 0.9);
  });

  it('falls at least by its safety margin, however many requests were accepted', () => {
    const { rate, now } = pressed({});
    for (let request = 0; request < 500; request++) rate.taken(now + 100 + request);
    refuse(rate, now + 600, 30);
    near(perSecondAt(rate, now + 800), 98 * 0.98);
  });

  it('doubles the pause with each refusal, up to a second', () => {
    const { rate, now } = pressed({});
    const rests = [1, 2, 3, 4, 5, 6].map((time) => {
      const then = now + time * 2000;
      refuse(rate, then, 3);
      return rate.next(then) - then;
    });
    assert.deepEqual(rests, [100, 200, 400, 800, 1000, 1000]);
  });

  it('grows faster with each second without a refusal', () => {
    const { rate, now } = pressed({});
    near(perSecondAt(rate, now + 999), 98);
    assert.ok(rate.next(now + 999) > now + 999);
    const second = pressed({});
    near(perSecondAt(second.rate, now + 1000), 98 * 1.02);
    const third = pressed({});
    near(perSecondAt(third.rate, now + 2000), 98 * 1.02 * 1.04);
  });

  it('ends a minute after the last refusal', () => {
    const starts = 1000;
    const dueAfter = (ms: number): number => {
      const { rate, now } = pressed({ refused: 1, askedMs: 30_000 });
      rate.next(now + ms);
      for (let start = 0; start < starts; start++) rate.begin(now + ms);
      return rate.next(now + ms) - (now + ms);
    };
    assert.ok(dueAfter(60_000) > 1000);
    assert.equal(dueAfter(60_001), 0);
  });

  it('grows 15 s later if the refusal said how long to wait', () => {
    const grown = (after: number): number => {
      const { rate, now } = pressed({ refused: 1, askedMs: 1000 });
      return perSecondAt(rate, now + after);
    };
    // What was taken in half a second is all for the whole second that the service asks for.
    near(grown(16_999), 50 * 0.95);
    near(grown(17_000), 50 * 0.95 * 1.02);
  });
});
