import { SHARED, type StatusTexts } from './status';

/** The status texts of a message that was cancelled, or that cancels others. */
const CANCELLED: StatusTexts = {
  working: `${SHARED}.status.cancelled`,
  done: `${SHARED}.status.cancelled`,
};

/** Ends a message whose work was cancelled, or that cancels the work of others: it has no result, and did not succeed. */
export function endCancelled(task: { describe: (texts: StatusTexts) => void }): Promise<undefined> {
  task.describe(CANCELLED);
  return Promise.resolve(undefined);
}
