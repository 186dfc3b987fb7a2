import type { RecordedGroup } from '../../nodes/work/onboarding-group';

/** An array of devices as the onboarding node records it before any of them has ended. */
export function recordedGroup(more: Partial<RecordedGroup>): RecordedGroup {
  return {
    isArray: true,
    total: 1,
    sequence: 's',
    deadline: null,
    begunAt: 0,
    startedAt: '2026-11-29T00:00:00Z',
    sent: 0,
    counts: { onboarded: 0, connected: 0, failed: 0 },
    ended: '',
    ...more,
  };
}
