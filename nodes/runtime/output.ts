import type { NodeAPI, NodeMessage } from 'node-red';
import { invalidInput } from '../service/errors';
import type { OperationName } from '../service/paths';
import { quote } from '../service/quote';

/** What a node gives to the next one. */
export interface Outcome {
  /** Written to the message property named by `output`. */
  payload: unknown;
  /** HTTP status of the last response. */
  statusCode?: number;
  /** Other message properties; one that is `undefined` is taken away. */
  properties?: Record<string, unknown>;
  /** Which output it leaves by, from 0. */
  port?: number;
}

/**
 * Makes sure that a result can be written to `msg.<output>`, before anything is sent to the service: it would be lost.
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function checkOutput(RED: NodeAPI, msg: NodeMessage, output: string, operation: OperationName): void {
  const refuse = (why: string): never => {
    throw invalidInput(
      operation,
      `the result can't be written to msg.${quote(output)}: ${why}; change the node's output`,
    );
  };
  let path: (string | number)[];
  try {
    path = RED.util.normalisePropertyExpression(output);
  } catch {
    return refuse('it is not a property');
  }
  let parent: unknown = msg;
  for (const step of path.slice(0, -1)) {
    if (typeof step === 'string' && /^(__proto__|constructor|prototype)$/.test(step)) return refuse('it is reserved');
    parent = (parent as Record<string | number, unknown>)[step];
    if (parent === undefined) return;
    if (parent === null || (typeof parent !== 'object' && typeof parent !== 'function'))
      return refuse('its parent is no object');
  }
}

/** Writes a result into a message. */
export function writeOutcome(RED: NodeAPI, msg: NodeMessage, output: string, outcome: Outcome): void {
  const properties = msg as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(outcome.properties ?? {})) {
    if (value === undefined) Reflect.deleteProperty(properties, name);
    else properties[name] = value;
  }
  if (outcome.statusCode !== undefined) properties['statusCode'] = outcome.statusCode;
  RED.util.setMessageProperty(msg, output, outcome.payload, true);
}

/** A message in the shape that Node-RED's `send` wants for one output of several. */
export function toPort(msg: NodeMessage, port = 0): NodeMessage | (NodeMessage | null)[] {
  return port === 0 ? msg : [...Array<null>(port).fill(null), msg];
}
