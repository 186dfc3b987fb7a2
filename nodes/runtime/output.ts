import { setImmediate } from 'node:timers/promises';
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
  /** Its place in the sequence of messages that come of one; `count` only on the last. */
  part?: { index: number; count?: number };
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
  if (!Object.isExtensible(msg)) return refuse('the message is frozen');
  let parent: unknown = msg;
  for (const step of path.slice(0, -1)) {
    if (typeof step === 'string' && /^(__proto__|constructor|prototype)$/.test(step)) return refuse('it is reserved');
    parent = (parent as Record<string | number, unknown>)[step];
    if (parent === undefined) return;
    if (parent === null || (typeof parent !== 'object' && typeof parent !== 'function'))
      return refuse('its parent is no object');
    if (!Object.isExtensible(parent)) return refuse('its parent is frozen');
  }
}

type Send = (msg: NodeMessage | (NodeMessage | null)[]) => void;

/** After so many sent copies the next nodes get their turn. */
const COPIES_PER_TURN = 64;

/** How the results of one message leave its node. */
export class Delivery {
  readonly #shared: string[];
  #sequence: string | undefined;
  #copies = 0;

  /**
   * @param output path of the message property that results are written to
   * @param read paths of the message properties that the node reads
   */
  constructor(
    private readonly RED: NodeAPI,
    private readonly msg: NodeMessage,
    private readonly send: Send,
    private readonly output: string,
    read: string[],
  ) {
    // A copy must not share what its result is written into.
    this.#shared = read.map(rootOf).filter((name) => name !== rootOf(output));
  }

  /** Sends the message itself on, changed in place. */
  sendOn(outcome: Outcome): void {
    this.#write(this.msg, outcome);
    this.send(toPort(this.msg, outcome.port));
  }

  /**
   * Sends a copy of the message. Wait for what this returns: every so often it lets the next nodes do their work, so that
   * a long sequence neither piles up nor blocks.
   */
  emit(outcome: Outcome): Promise<void> | undefined {
    const copy = this.#copy();
    this.#write(copy, outcome);
    this.send(toPort(copy, outcome.port));
    return ++this.#copies % COPIES_PER_TURN === 0 ? setImmediate() : undefined;
  }

  /**
   * What the result will replace is not copied, and what the node read is shared instead of copied: it may be a file's
   * whole content, and there may be a copy for every thousand of its rows.
   */
  #copy(): NodeMessage {
    try {
      return this.#wholeCopy();
    } catch {
      return this.#copyByProperty();
    }
  }

  /**
   * Node-RED copies by recursion and reads every getter. What it can't copy is shared, and what can't be read is left out:
   * the result must leave all the same, as its work is done.
   */
  #copyByProperty(): NodeMessage {
    const source = this.msg as unknown as Record<string, unknown>;
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(source)) {
      if (name === this.output) continue;
      try {
        const value = (copy[name] = source[name]);
        if (this.#shared.includes(name)) continue;
        Object.assign(copy, this.RED.util.cloneMessage({ [name]: value }));
      } catch {
        // It stays shared, or absent.
      }
    }
    return copy;
  }

  #wholeCopy(): NodeMessage {
    const rest: Record<string, unknown> = { ...(this.msg as unknown as Record<string, unknown>) };
    const shared: Record<string, unknown> = {};
    for (const name of this.#shared) {
      if (name in rest) shared[name] = rest[name];
      Reflect.deleteProperty(rest, name);
    }
    Reflect.deleteProperty(rest, this.output);
    return Object.assign(this.RED.util.cloneMessage(rest as unknown as NodeMessage), shared);
  }

  #write(msg: NodeMessage, { payload, statusCode, properties = {}, part }: Outcome): void {
    const target = msg as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(properties)) {
      if (value === undefined) Reflect.deleteProperty(target, name);
      else target[name] = value;
    }
    if (statusCode !== undefined) target['statusCode'] = statusCode;
    if (part !== undefined) {
      this.#sequence ??= this.RED.util.generateId();
      // A sequence within a sequence keeps the outer one's parts, as core nodes do.
      const outer = target['parts'];
      target['parts'] = { id: this.#sequence, ...part, ...(outer === undefined ? {} : { parts: outer }) };
    }
    this.RED.util.setMessageProperty(msg, this.output, payload, true);
  }
}

/** The top-level message property that a path lies in. */
function rootOf(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}

/** A message in the shape that Node-RED's `send` wants for one output of several. */
function toPort(msg: NodeMessage, port = 0): NodeMessage | (NodeMessage | null)[] {
  return port === 0 ? msg : [...Array<null>(port).fill(null), msg];
}
