import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { closed, NrfCloudError, type ErrorCode } from '../../../nodes/api/errors';
import { ClientLoad, type LoadReport } from '../../../nodes/api/load';
import { OriginState } from '../../../nodes/http/origin-state';
import { SlidingCount } from '../../../nodes/http/sliding-count';

/** Of `performance.now()`, and the same moment as a date. */
const NOW = 50_000;
const DATE = Date.parse('2026-11-29T00:00:00.000Z');

describe('ClientLoad', () => {
  beforeEach(() => {
    mock.method(performance, 'now', () => NOW);
    mock.timers.enable({ apis: ['Date'], now: DATE });
  });
  afterEach(() => {
    mock.restoreAll();
    mock.timers.reset();
  });

  const started = new SlidingCount();
  const report = (states: OriginState[], rate = 0, load = new ClientLoad()): LoadReport =>
    load.report({ inFlight: 1, waiting: 2, started, rate, states });

  /** An origin that accepts so many requests per second. */
  const limited = (perSecond: number): OriginState => {
    const state = new OriginState();
    mock.method(state.adaptiveRate, 'rate', () => perSecond);
    return state;
  };
  const held = (ms: number): OriginState => {
    const state = new OriginState();
    state.hold(ms);
    return state;
  };
  const failing = (ageMs: number): OriginState => {
    const state = new OriginState();
    mock.timers.setTime(DATE - ageMs);
    while (state.takeRetry());
    mock.timers.setTime(DATE);
    return state;
  };

  it('a connection that has nothing to do', () => {
    assert.deepEqual(report([new OriginState()]), {
      inFlight: 1,
      waiting: 2,
      startedPerSecond: 0,
      rateLimit: null,
      heldUntil: null,
      outageSince: null,
      retried: 0,
      rateLimited: 0,
      failed: 0,
      lastError: null,
    });
  });

  it('startedPerSecond: requests of the last second', () => {
    const recent = new SlidingCount();
    for (const ageMs of [1500, 500, 0]) recent.add(NOW - ageMs);
    const { startedPerSecond } = new ClientLoad().report({
      inFlight: 0,
      waiting: 0,
      started: recent,
      rate: 0,
      states: [new OriginState()],
    });
    assert.equal(startedPerSecond, 2);
  });

  for (const [what, rate, states, rateLimit] of [
    ['the configured one', 5, [Infinity], 5],
    ['the learned one', 0, [12.3456], 12.3],
    ['the configured one, if it is smaller', 5, [12], 5],
    ['the learned one, if it is smaller', 20, [12], 12],
    ['the smallest of all origins', 0, [30, 12], 12],
    ['none', 0, [Infinity, Infinity], null],
  ] as const) {
    it(`rateLimit: ${what}`, () => {
      assert.equal(report(states.map(limited), rate).rateLimit, rateLimit);
    });
  }

  it('heldUntil: the latest date that a service asked to wait for', () => {
    assert.equal(report([held(1000), held(60_000), held(0)]).heldUntil, '2026-11-29T00:01:00.000Z');
    assert.equal(report([held(0)]).heldUntil, null);
    assert.equal(report([held(-1000)]).heldUntil, null);
  });

  it('outageSince: the date when the first outage began', () => {
    const states = [new OriginState(), failing(1000), failing(60_000)];
    assert.equal(report(states).outageSince, '2026-11-28T23:59:00.000Z');
  });

  it('failed, lastError: what ended in an error, apart from answers and stopped flows', () => {
    const load = new ClientLoad();
    const errorOf = (code: ErrorCode): NrfCloudError =>
      new NrfCloudError(code, `a sentence about ${code}`, { operation: 'claim', attempts: 1 });
    load.onError(errorOf('NRFCLOUD_UNAVAILABLE'));
    load.onError(errorOf('NRFCLOUD_FORBIDDEN'));
    load.onError(errorOf('NRFCLOUD_CONFLICT'));
    load.onError(errorOf('NRFCLOUD_NOT_FOUND'));
    load.onError(closed('claim'));
    const { failed, lastError } = report([new OriginState()], 0, load);
    assert.deepEqual([failed, lastError], [2, 'a sentence about NRFCLOUD_FORBIDDEN']);
  });
});
