import assert from 'node:assert/strict';
import { AdaptiveRate } from '../../../nodes/http/adaptive-rate';

/** How a service decides, in milliseconds of a made-up clock, whether it takes a request. */
type Policy = (now: number) => boolean;

/** Allows a number of requests in each second of the clock. */
const perSecond = (limit: number): Policy => {
  let second = -1;
  let used = 0;
  return (now) => {
    if (Math.floor(now / 1000) !== second) [second, used] = [Math.floor(now / 1000), 0];
    return used++ < limit;
  };
};

/** Allows a number of requests in any second. */
const anySecond = (limit: number): Policy => {
  const taken: number[] = [];
  return (now) => {
    while (taken[0] !== undefined && taken[0] <= now - 1000) taken.shift();
    return taken.length < limit && taken.push(now) > 0;
  };
};

/** A bucket of tokens that fills all the time. */
const bucket = (limit: number, size: number): Policy => {
  let [tokens, at] = [size, 0];
  return (now) => {
    tokens = Math.min(size, tokens + ((now - at) * limit) / 1000);
    at = now;
    if (tokens < 1) return false;
    tokens--;
    return true;
  };
};

/** Refuses every n-th, however many there are. */
const everyNth = (n: number): Policy => {
  let seen = 0;
  return () => ++seen % n !== 0;
};

/** Refuses a part of the requests, whatever their rate; the same ones in every run. */
const byChance = (part: number): Policy => {
  let seed = 1;
  return () => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647 >= part;
};

/**
 * Sends without a break, `concurrency` at once, refused requests again later; returns the counts of each second.
 * With `askedMs`, each refusal says how long to wait, and nothing starts meanwhile.
 */
function press(
  policy: Policy,
  { concurrency = 64, latencyMs = 10, seconds = 30, askedMs = 0 },
): { taken: number; refused: number }[] {
  const rate = new AdaptiveRate();
  const counts = Array.from({ length: seconds }, () => ({ taken: 0, refused: 0 }));
  let flying: number[] = [];
  let heldUntil = 0;
  for (let now = 0; now < seconds * 1000; now++) {
    for (const startedAt of flying.filter((start) => start + latencyMs <= now)) {
      const took = policy(now);
      counts[Math.floor(now / 1000)]![took ? 'taken' : 'refused']++;
      if (took) rate.taken(now);
      else {
        rate.refused(startedAt, now, askedMs);
        heldUntil = now + askedMs;
      }
    }
    flying = flying.filter((start) => start + latencyMs > now);
    while (flying.length < concurrency && heldUntil <= now && rate.next(now) <= now) {
      rate.begin(now);
      flying.push(now);
    }
  }
  return counts;
}

const total = (counts: { taken: number; refused: number }[], what: 'taken' | 'refused'): number =>
  counts.reduce((sum, second) => sum + second[what], 0);

describe('the rate that is learned from refusals', () => {
  for (const [name, policy, limit] of [
    ['a thousand in each second', (): Policy => perSecond(1000), 1000],
    ['two hundred in each second', (): Policy => perSecond(200), 200],
    ['a bucket of a second', (): Policy => bucket(1000, 1000), 1000],
    ['a bucket of a tenth of a second', (): Policy => bucket(1000, 100), 1000],
    ['a small bucket', (): Policy => bucket(200, 20), 200],
  ] as const) {
    for (const latencyMs of [2, 40]) {
      it(`comes close to the limit with few refusals: ${name}, ${latencyMs} ms`, () => {
        const counts = press(policy(), { latencyMs });
        const known = counts.slice(3);
        assert.ok(total(known, 'taken') >= 0.95 * limit * known.length, JSON.stringify(counts));
        assert.ok(total(known, 'refused') <= 0.05 * total(known, 'taken'), JSON.stringify(counts));
        // At first all that is on its way is refused, some times over, before the limit is known.
        assert.ok(total(counts, 'refused') <= 0.1 * total(counts, 'taken'), JSON.stringify(counts));
      });
    }
  }

  for (const [name, policy, limit] of [
    ['a thousand in any second', (): Policy => anySecond(1000), 1000],
    ['two hundred in any second', (): Policy => anySecond(200), 200],
    ['a bucket of a second', (): Policy => bucket(1000, 1000), 1000],
  ] as const) {
    it(`is kept below where each refusal costs a second: ${name}`, () => {
      const counts = press(policy(), { latencyMs: 40, askedMs: 1000, seconds: 40 });
      const known = counts.slice(5);
      assert.ok(total(known, 'taken') >= 0.8 * limit * known.length, JSON.stringify(counts));
      assert.ok(total(known, 'refused') <= 0.02 * total(known, 'taken'), JSON.stringify(counts));
    });
  }

  it('is no limit as long as nothing is refused, nor for single refusals by chance', () => {
    const free = total(
      press(() => true, { seconds: 5 }),
      'taken',
    );
    const chance = press(everyNth(50), { seconds: 5 });
    assert.ok(total(chance, 'taken') + total(chance, 'refused') > 0.99 * free);
  });

  for (const part of [0.05, 0.2, 0.5]) {
    it(`is no limit for refusals by chance that a lower rate does not change: ${part * 100} %`, () => {
      const chance = byChance(part);
      const counts = press(chance, { concurrency: 16, latencyMs: 5, seconds: 60 });
      // Without any limit, 16 requests of 5 ms are 3200 in a second.
      assert.ok(total(counts, 'taken') >= 0.6 * (1 - part) * 3200 * counts.length, JSON.stringify(counts));
    });
  }

  it('recovers within seconds when refusals by chance end', () => {
    const chance = byChance(0.3);
    const counts = press((now) => now > 10_000 || chance(now), { concurrency: 16, latencyMs: 5, seconds: 20 });
    assert.ok(total(counts.slice(15), 'taken') >= 0.95 * 3200 * 5, JSON.stringify(counts));
  });

  it('does not slow down a few requests that are refused', () => {
    const rate = new AdaptiveRate();
    for (let refusal = 0; refusal < 20; refusal++) rate.refused(refusal, refusal);
    assert.equal(rate.next(20), 20);
  });

  it('is found again when the limit is raised or taken away', () => {
    const [low, high, none] = [perSecond(200), perSecond(1000), (): boolean => true];
    const counts = press((now) => (now < 10_000 ? low : now < 60_000 ? high : none)(now), { seconds: 120 });
    assert.ok(total(counts.slice(40, 60), 'taken') >= 0.95 * 1000 * 20, JSON.stringify(counts.slice(40, 60)));
    assert.ok(counts.at(-1)!.taken > 2000, JSON.stringify(counts.at(-1)));
  });

  it('falls with the limit', () => {
    const [high, low] = [perSecond(1000), perSecond(100)];
    const counts = press((now) => (now < 10_000 ? high : low)(now), { seconds: 40 });
    const known = counts.slice(20);
    assert.ok(total(known, 'taken') >= 0.9 * 100 * known.length, JSON.stringify(known));
    assert.ok(total(known, 'refused') <= 0.1 * total(known, 'taken'), JSON.stringify(known));
  });
});
