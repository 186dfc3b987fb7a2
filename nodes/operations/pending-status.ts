/** Statuses of a bulk operation (guide) or command (Nordic's tools) that goes on. */
const PENDING_STATUSES: ReadonlySet<string> = new Set(['PENDING', 'IN_PROGRESS']);

/** Whether a bulk operation or command with this status goes on. */
export function isPendingStatus(status: string): boolean {
  return PENDING_STATUSES.has(status.toUpperCase());
}
