import type { Node, NodeAPI, NodeDef } from 'node-red';
import { sanitize } from '../util/sanitize';
import { toError } from '../util/to-error';
import type { Config } from './inputs';
import { NodeConfiguration } from './node-configuration';
import type { NodeDefinition } from './node-definition';
import { NodeRunner } from './node-runner';

/** Makes a node that Node-RED has created work. */
export type NodeSetup = (RED: NodeAPI, node: Node, def: NodeDef) => void;

/**
 * Defines a node type whose messages are all processed in the same way: evaluate the inputs, show the status, run the
 * handler, send its result, and end exactly once: with success, with an {@link NrfCloudError}, or because the flow was closed.
 */
export function defineNode<I extends string, S extends object, T = undefined>(
  definition: NodeDefinition<I, S, T>,
): NodeSetup {
  return (RED, node, def) => {
    const runner = new NodeRunner(new NodeConfiguration(RED, node, definition, def as unknown as Config), definition);
    node.on('input', (msg, send, done) => {
      runner.take(msg, send, done);
    });
    node.on('close', (done: () => void) => {
      // Node-RED waits for it, and a rejection that nobody handles would end the process.
      void runner
        .close()
        .catch((error: unknown) => node.error(sanitize(toError(error).message)))
        .then(done);
    });
  };
}
