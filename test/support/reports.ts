import type { FlowNode } from './node-red-process';

/** A node that writes an expression of its message to the log, as JSON behind a label. */
export function reportNode(id: string, expression: string, label = id): FlowNode {
  return {
    id,
    type: 'function',
    z: 'tab',
    func: `node.warn("${label} " + JSON.stringify(${expression}));`,
    outputs: 0,
    x: 600,
    y: 100,
    wires: [],
  };
}

/** What report nodes of a label have written. */
export function reportsIn(log: readonly string[], label: string): any[] {
  const pattern = new RegExp(` ${label} ([{[].*)$`);
  return log.flatMap((line) => pattern.exec(line)?.[1] ?? []).map((json) => JSON.parse(json) as unknown);
}

/** Nodes that take a message as JSON at `/in`, respond at once, and pass its properties on to the node `target`. */
export function entryNodes(target: string): FlowNode[] {
  return [
    { id: 'in', type: 'http in', z: 'tab', url: '/in', method: 'post', x: 100, y: 100, wires: [['unpack']] },
    {
      id: 'unpack',
      type: 'function',
      z: 'tab',
      func: 'Object.assign(msg, msg.payload);\nreturn [{ res: msg.res, payload: "ok" }, msg];',
      outputs: 2,
      x: 200,
      y: 100,
      wires: [['answer'], [target]],
    },
    { id: 'answer', type: 'http response', z: 'tab', x: 300, y: 40, wires: [] },
  ];
}
