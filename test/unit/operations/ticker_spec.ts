import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { Ticker } from '../../../nodes/operations/ticker';
import { stopClock, type Clock } from '../../support/clock';

describe('Ticker', () => {
  const waits = (ticker: Ticker, ms: number): Promise<number> => {
    const begun = performance.now();
    return new Promise((resolve) => ticker.in(ms, () => resolve(performance.now() - begun)));
  };

  it('calls back at the time and not before, in whatever order it was asked', async () => {
    const ticker = new Ticker();
    const times = await Promise.all([120, 0, 60, -5].map((ms) => waits(ticker, ms)));
    for (const [index, least] of [120, 0, 60, 0].entries()) assert.ok(times[index]! >= least - 1, String(times));
    assert.ok(times[1]! < times[2]! && times[2]! < times[0]!, String(times));
  });

  it('calls the same callback as often as it was asked', async () => {
    const ticker = new Ticker();
    let calls = 0;
    const call = (): void => {
      calls++;
    };
    ticker.in(0, call);
    ticker.in(0, call);
    const cancel = ticker.in(0, call);
    cancel();
    cancel();
    await waits(ticker, 60);
    assert.equal(calls, 2);
  });

  it('goes on with the others when one is taken back', async () => {
    const ticker = new Ticker();
    const called: string[] = [];
    const cancel = ticker.in(10, () => called.push('taken back'));
    ticker.in(60, () => called.push('later'));
    cancel();
    await waits(ticker, 100);
    assert.deepEqual(called, ['later']);
  });

  it('lets a callback ask for the next one', async () => {
    const ticker = new Ticker();
    const times: number[] = [];
    await new Promise<void>((resolve) => {
      const again = (): void => {
        times.push(performance.now());
        if (times.length === 3) resolve();
        else ticker.in(30, again);
      };
      again();
    });
    assert.ok(times[1]! - times[0]! >= 29 && times[2]! - times[1]! >= 29, String(times));
  });

  it('drops everything when it is stopped, and can be used again', async () => {
    const ticker = new Ticker();
    let calls = 0;
    ticker.in(0, () => calls++);
    ticker.stop();
    await setTimeout(60);
    assert.equal(calls, 0);
    await waits(ticker, 0);
  });

  it('takes a wait that is longer than any timer', async () => {
    const ticker = new Ticker();
    let called = false;
    ticker.in(2 ** 32, () => (called = true));
    await setTimeout(60);
    assert.equal(called, false);
    await waits(ticker, 0);
    ticker.stop();
  });

  describe('by a stopped clock', () => {
    let clock: Clock;
    beforeEach(() => (clock = stopClock()));
    afterEach(() => clock.restore());

    /** When each of these waits, asked for together, is over. */
    async function ends(waits: number[], ms: number): Promise<Record<number, number>> {
      const ticker = new Ticker();
      const at: Record<number, number> = {};
      for (const wait of waits) ticker.in(wait, () => (at[wait] = clock.now));
      await clock.pass(ms);
      return at;
    }

    it('is on time, or a tick late at most', async () => {
      await clock.pass(7);
      const at = await ends([300, 30, 120, 31, 500], 600);
      assert.deepEqual(at, { 30: 50, 31: 50, 120: 150, 300: 325, 500: 525 });
    });

    it('needs no timer when nothing waits any more', async () => {
      const timers: number[] = [];
      const real = globalThis.setTimeout;
      const ticker = new Ticker();
      globalThis.setTimeout = ((call: () => void, ms: number) => {
        timers.push(ms);
        return real(call, ms);
      }) as typeof globalThis.setTimeout;
      try {
        const cancel = ticker.in(1000, () => assert.fail('taken back'));
        ticker.in(1001, () => undefined)();
        cancel();
        await clock.pass(2000);
        ticker.in(2 ** 40, () => undefined);
        assert.deepEqual(timers, [1000, 2 ** 31 - 1]);
        ticker.in(2 ** 41, () => undefined);
        assert.equal(timers.length, 2);
      } finally {
        globalThis.setTimeout = real;
        ticker.stop();
      }
    });
  });
});
