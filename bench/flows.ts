import type { FlowNode } from '../test/support/node-red-process';
import { flowOf } from './node-red/node-red';

/** Most requests at once, of the product and of its peers. */
export const CONCURRENCY = 64;

/** Who is measured, as the table names them. */
export const PRODUCT = 'this package';
export const CORE = 'core HTTP request flow';

/** The product: a claim node and its connection. */
export function claimFlow(baseUrl: string): FlowNode[] {
  return [
    { id: 'connection', type: 'nrfcloud-connection', baseUrl, api: 'guide', concurrency: CONCURRENCY },
    ...flowOf([{ id: 'claim', type: 'nrfcloud-claim', connection: 'connection', wires: [['sink']] }]),
  ];
}

/** What one would build of Node-RED's own nodes: a Function that makes the request, and the HTTP request node. */
export function coreFlow(baseUrl: string): FlowNode[] {
  const func =
    'msg.headers = { authorization: "Bearer bench", "content-type": "application/json" };\n' +
    'msg.payload = { claimToken: msg.payload };\nreturn msg;';
  const url = `${baseUrl}/identities/claimed-devices`;
  return flowOf([
    { id: 'make', type: 'function', func, outputs: 1, wires: [['request']] },
    { id: 'request', type: 'http request', method: 'POST', ret: 'obj', url, senderr: false, wires: [['sink']] },
  ]);
}

/** The floor: two nodes that do nothing. */
export function idleFlow(): FlowNode[] {
  const nothing = { type: 'change', rules: [] };
  return flowOf([
    { id: 'first', ...nothing, wires: [['second']] },
    { id: 'second', ...nothing, wires: [['sink']] },
  ]);
}
