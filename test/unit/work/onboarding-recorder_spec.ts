import assert from 'node:assert/strict';
import type { FollowEnd } from '../../../nodes/operations/onboarding-diagnosis';
import { groupOf, OnboardingGroup, type RecordedGroup } from '../../../nodes/work/onboarding-group';
import { OnboardingRecorder } from '../../../nodes/work/onboarding-recorder';
import { stopClock, type Clock } from '../../support/clock';

const HAND_OVER_MS = 250;
const END: FollowEnd = { isOnboarded: true, isConnected: false, body: { id: 'x' }, statusCode: 200 };

describe('onboarding recorder', () => {
  let clock: Clock;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  /** What a restart would find. */
  let recorded: RecordedGroup[];
  const recorder = (): OnboardingRecorder => {
    recorded = [];
    return new OnboardingRecorder((group) => {
      recorded.push(group.record());
      return Promise.resolve();
    });
  };
  const following = (total: number): OnboardingGroup =>
    new OnboardingGroup({
      isArray: true,
      total,
      sequence: 's',
      deadline: null,
      begunAt: 0,
      startedAt: '2026-11-28T00:00:00Z',
      sent: 0,
      counts: { onboarded: 0, connected: 0, failed: 0 },
      ended: '',
    });
  const afterRestart = (): OnboardingGroup => groupOf({ work: recorded.at(-1) });

  it('onboarding recorder: a device counts as ended when the next nodes have had time for its result', async () => {
    const group = following(3);
    const saving = recorder();
    group.end(1);
    void saving.saveLeaving(group, 1, END);
    await clock.pass(HAND_OVER_MS - 1);
    await saving.save(group);
    assert.deepEqual([afterRestart().remaining, afterRestart().work.sent], [3, 0]);
    await clock.pass(5);
    const { remaining, work } = afterRestart();
    assert.deepEqual([remaining, work.sent, work.counts.onboarded], [2, 1, 1]);
    assert.equal(afterRestart().hasEnded(1), true);
  });

  it('onboarding recorder: other changes that are recorded soon do not take a result for handed over', async () => {
    const group = following(3);
    const saving = recorder();
    saving.saveSoon(group);
    await clock.pass(4900);
    group.end(1);
    void saving.saveLeaving(group, 1, END);
    await clock.pass(110);
    assert.equal(afterRestart().remaining, 3);
  });

  it('onboarding recorder: what has left is recorded at once when the flow is stopped', async () => {
    const group = following(2);
    const saving = recorder();
    group.end(0);
    void saving.saveLeaving(group, 0, END);
    saving.flush();
    assert.equal(afterRestart().remaining, 1);
    await clock.pass(2 * HAND_OVER_MS);
    assert.equal(recorded.length, 1);
  });

  it('onboarding recorder: a device that was cancelled is recorded as ended, and counts as no result', async () => {
    const group = following(2);
    group.cancel(0);
    await recorder().save(group);
    assert.deepEqual([afterRestart().remaining, afterRestart().work.sent], [1, 0]);
  });
});
