import assert from 'node:assert/strict';
import type { FollowEnd } from '../../../nodes/operations/onboarding-diagnosis';
import { OnboardingGroup } from '../../../nodes/work/onboarding-group';
import { OnboardingProgress } from '../../../nodes/work/onboarding-progress';
import { recordedGroup } from '../../support/recorded-group';

const END: FollowEnd = { isOnboarded: true, isConnected: false, body: { id: 'x' }, statusCode: 200 };

describe('onboarding progress', () => {
  let progress: OnboardingProgress;
  beforeEach(() => {
    progress = new OnboardingProgress({ size: 0, onboardedFollowers: 0 }, () => undefined);
  });
  afterEach(() => progress.close());

  /** Follows one device. */
  const add = (isArray: boolean): void => progress.add(new OnboardingGroup(recordedGroup({ isArray })));

  for (const [what, isDecided] of [
    ['before the last report of an array leaves', true],
    ['before the end of an array is processed', false],
  ] as const) {
    it(`onboarding progress: a single device that comes ${what} reports for the array`, () => {
      add(true);
      progress.ended(END);
      if (isDecided) assert.equal(progress.endsWithReport(true), true);
      add(false);
      if (isDecided) assert.equal(progress.take().complete, undefined);
      else assert.equal(progress.endsWithReport(true), false);
      progress.ended(END);
      assert.equal(progress.endsWithReport(false), true);
      assert.equal(progress.take().complete, true);
    });
  }

  it('onboarding progress: a single device that comes after the last report of an array has no report', () => {
    add(true);
    progress.ended(END);
    assert.equal(progress.endsWithReport(true), true);
    assert.equal(progress.take().complete, true);
    add(false);
    progress.ended(END);
    assert.equal(progress.endsWithReport(false), false);
  });

  it('onboarding progress: a single device that comes after an array was cancelled has no report', () => {
    add(true);
    progress.cancelled();
    add(false);
    progress.ended(END);
    assert.equal(progress.endsWithReport(false), false);
  });
});
