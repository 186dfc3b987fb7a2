import assert from 'node:assert/strict';
import { expectRecord, handOver } from '../../../nodes/util/hand-over';
import { stopClock, type Clock } from '../../support/clock';

describe('hand-over', () => {
  let clock: Clock;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  const begin = (): { isOver: boolean } => {
    const state = { isOver: false };
    void handOver().then(() => (state.isOver = true));
    return state;
  };

  it('hand-over: takes a quarter of a second if no message waits to be recorded', async () => {
    const state = begin();
    await clock.pass(245);
    assert.equal(state.isOver, false);
    await clock.pass(10);
    assert.equal(state.isOver, true);
  });

  // Found by npm run stress:crash: with a slow disk three uploads were recorded by nobody.
  it('hand-over: waits until messages that came in meanwhile are recorded, and for no later one', async () => {
    const state = begin();
    const first = expectRecord();
    const second = expectRecord();
    await clock.pass(300);
    const later = expectRecord();
    second();
    await clock.pass(10);
    assert.equal(state.isOver, false);
    first();
    await clock.pass(10);
    assert.equal(state.isOver, true);
    later();
  });

  it('hand-over: does not wait longer than some seconds for a message that waits for the service', async () => {
    const recorded = expectRecord();
    const state = begin();
    await clock.pass(5000);
    assert.equal(state.isOver, false);
    await clock.pass(300);
    assert.equal(state.isOver, true);
    recorded();
  });
});
