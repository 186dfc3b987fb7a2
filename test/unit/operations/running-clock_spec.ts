import assert from 'node:assert/strict';
import { mock } from 'node:test';
import { RunningClock } from '../../../nodes/operations/running-clock';

describe('RunningClock', () => {
  const saved: number[] = [];
  let clock: RunningClock;
  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval'] });
    saved.length = 0;
    clock = new RunningClock((ms) => saved.push(Math.round(ms / 1000)));
  });
  afterEach(() => {
    clock.stop();
    mock.timers.reset();
  });

  it('RunningClock: counts from zero, or from where an earlier run ended', () => {
    assert.ok(Math.abs(clock.now()) < 1000);
    clock.restore(5_000_000);
    assert.ok(Math.abs(clock.now() - 5_000_000) < 1000);
    assert.ok(Math.abs(clock.at(performance.now() + 7000) - 5_007_000) < 1000);
  });

  it('RunningClock: never goes back to an older time', () => {
    clock.restore(5_000_000);
    clock.restore(1_000_000);
    assert.ok(clock.now() > 4_000_000);
  });

  it('RunningClock: saves its time at once and each minute, until it is stopped', () => {
    clock.restore(3_000_000);
    clock.run();
    clock.run();
    assert.deepEqual(saved, [3000]);
    mock.timers.tick(120_000);
    assert.deepEqual(saved, [3000, 3000, 3000]);
    clock.stop();
    mock.timers.tick(120_000);
    assert.equal(saved.length, 3);
  });

  it('RunningClock: saves again after it was stopped and runs again', () => {
    clock.run();
    clock.stop();
    clock.run();
    assert.equal(saved.length, 2);
  });
});
