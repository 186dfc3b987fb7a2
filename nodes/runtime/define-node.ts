import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { Config } from './inputs';
import type { NodeDefinition } from './node-definition';
import { NodeRunner } from './node-runner';

/**
 * Registers a node type whose messages all live the same life: evaluate the inputs, show the status, run the handler,
 * send its outcome, and end exactly once: with success, with an {@link NrfCloudError}, or because the flow was closed.
 */
export function defineNode<I extends string, S extends object, T = undefined>(
  RED: NodeAPI,
  spec: NodeDefinition<I, S, T>,
): void {
  RED.nodes.registerType(spec.type, function (this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    const worker = new NodeRunner(RED, this, spec, def as unknown as Config);
    this.on('input', (msg, send, done) => {
      worker.take(msg, send, done);
    });
    this.on('close', (removed: boolean, done: () => void) => {
      void worker.close(removed).then(done);
    });
  });
}
