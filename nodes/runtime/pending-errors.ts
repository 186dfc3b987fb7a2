import type { Node, NodeMessage } from 'node-red';
import type { OperationName } from '../api/endpoints';
import { invalidInput, type NrfCloudError } from '../api/errors';
import { sanitize } from '../util/sanitize';
import { toError } from '../util/to-error';
import { endMessage } from './end-message';
import type { PendingMessage } from './pending-messages';

/** Why a message waits. */
export function unreadable(error: unknown): string {
  return `the record of a pending message cannot be read (${sanitize(toError(error).message)})`;
}

/** Gives up a message whose record could not be read for three minutes. @returns the error that it ends with */
export function giveUpUnreadable(pending: PendingMessage, operation: OperationName, error: unknown): NrfCloudError {
  pending.isUnreadable = true;
  const advice = 'look up in nRF Cloud what became of its work before you send it again';
  return invalidInput(operation, `${unreadable(error)}, so its work ends here; ${advice}`);
}

/** The error about a result that did not reach all next nodes. */
export function unsent(operation: OperationName, error: unknown): NrfCloudError {
  const reason = sanitize(toError(error).message);
  const advice = 'look it up in nRF Cloud, and take what cannot be copied out of the message';
  return invalidInput(operation, `a result could not be sent to all next nodes (${reason}); ${advice}`);
}

/** Reports an error that does not end its message; never throws. Catch gets the message, as far as Node-RED can copy it. */
export function reportError(node: Node, msg: NodeMessage, report: Error): void {
  endMessage(node, msg, (error) => node.error(error, msg), report);
}
