import type { Node, NodeMessage } from 'node-red';
import { sanitize } from '../util/sanitize';
import { toError } from '../util/to-error';
import type { Done } from './incoming-message';

/**
 * Tells Node-RED that a message has ended; never throws. Node-RED copies a message for Catch and Complete, and cannot copy
 * every one: then Catch gets at least the error, and what Complete misses is logged.
 */
export function endMessage(node: Node, msg: NodeMessage | undefined, done: Done, error?: Error): void {
  try {
    done(error);
  } catch (thrown) {
    if (error === undefined) node.error(sanitize(toError(thrown).message));
    else node.error(error, { _msgid: idOf(msg) });
  }
}

/** A Proxy that was revoked throws. */
function idOf(msg: NodeMessage | undefined): string | undefined {
  try {
    return msg?._msgid;
  } catch {
    return undefined;
  }
}
