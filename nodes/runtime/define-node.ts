import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { Config } from './inputs';
import { NodeConfiguration } from './node-configuration';
import type { NodeDefinition } from './node-definition';
import { NodeRunner } from './node-runner';

/**
 * Registers a node type whose messages are all processed in the same way: evaluate the inputs, show the status, run the
 * handler, send its result, and end exactly once: with success, with an {@link NrfCloudError}, or because the flow was closed.
 */
export function defineNode<I extends string, S extends object, T = undefined>(
  RED: NodeAPI,
  definition: NodeDefinition<I, S, T>,
): void {
  RED.nodes.registerType(definition.type, function (this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    const runner = new NodeRunner(new NodeConfiguration(RED, this, definition, def as unknown as Config), definition);
    this.on('input', (msg, send, done) => {
      runner.take(msg, send, done);
    });
    this.on('close', (done: () => void) => {
      void runner.close().then(done);
    });
  });
}
