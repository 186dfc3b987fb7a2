import type { FollowEnd } from '../operations/onboarding-diagnosis';
import type { Result } from '../runtime/output';
import type { OnboardingGroup, RecordedGroup } from './onboarding-group';

/**
 * The result of one device of a message.
 * @param reached what a device that is onboarded has reached, and after how many seconds
 */
export function resultOf(
  deviceId: string,
  { work, withoutLists, lines }: OnboardingGroup,
  index: number,
  end: FollowEnd,
  reached: { stage: string; seconds: number },
): Result {
  const line = lines[index]!;
  const properties = { ...withoutLists, deviceId, ...(line > 0 ? { line } : {}) };
  const common = work.isArray ? { part: { id: work.sequence, index: work.sent } } : {};
  if (!end.isOnboarded) {
    const { stage, reason, statusCode } = end;
    const status = statusCode === undefined ? {} : { statusCode };
    // An earlier onboarding node may have left its own.
    const own = { ...properties, onboarding: undefined };
    return { port: 1, payload: { deviceId, stage, reason }, ...status, properties: own, ...common };
  }
  const onboarding = { stage: reached.stage, startedAt: work.startedAt, seconds: reached.seconds };
  const { body, statusCode } = end;
  return { port: 0, payload: body, statusCode, properties: { ...properties, onboarding }, ...common };
}

/** How the status shows the end of a message. */
export function endingOf({ counts: { onboarded, failed } }: RecordedGroup): NonNullable<Result['ending']> {
  const text = (name: string): string => `nrfcloud-onboarding.status.${name}`;
  if (failed === 0) return { level: 'done', text: text('onboarded') };
  return { level: onboarded === 0 ? 'failed' : 'partial', text: text('notOnboarded') };
}
