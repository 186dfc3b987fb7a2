import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { NodeSetup } from './define-node';

/**
 * Registers a node type. Node-RED loads every installed package whenever it starts, so what a type needs is loaded with
 * the first node of it: a Node-RED that does not use the package starts almost as fast as without it.
 * @param load loads the type's definition
 */
export function registerNode(RED: NodeAPI, type: string, load: () => NodeSetup): void {
  RED.nodes.registerType(type, function (this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    load()(RED, this, def);
  });
}
