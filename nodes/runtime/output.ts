import { setImmediate } from 'node:timers/promises';
import type { NodeAPI, NodeMessage } from 'node-red';
import { invalidInput } from '../api/errors';
import type { OperationName } from '../api/endpoints';
import { sanitize } from '../util/sanitize';
import type { Ending } from './status';

/** What a node gives to the next one. */
export interface Result {
  /** Written to the message property named by `output`. */
  payload: unknown;
  /** HTTP status of the last response. */
  statusCode?: number;
  /** Other message properties; one that is `undefined` is taken away. */
  properties?: Record<string, unknown>;
  /** Which output it leaves by, from 0. */
  port?: number;
  /** How the node's status shows the end; green with the node's text unless it says otherwise. */
  ending?: Ending;
  /** Its place in the sequence of messages that come of one; `count` only on the last. */
  part?: { id?: string; index: number; count?: number };
}

type Send = (msg: NodeMessage | (NodeMessage | null)[]) => void;

/** After this many sent copies the next nodes get their turn. */
const COPIES_PER_TURN = 64;

/** Where a node writes its results. */
export class Output {
  /** What the name says, `undefined` if it is no property. */
  readonly #path: (string | number)[] | undefined;
  /** Message properties that copies share instead of copying them. */
  readonly shared: readonly string[];

  /**
   * @param name path of the message property that results are written to
   * @param shared paths of the message properties that copies share, as they may be large
   */
  constructor(
    readonly RED: NodeAPI,
    readonly name: string,
    shared: string[],
  ) {
    try {
      this.#path = RED.util.normalisePropertyExpression(name);
    } catch {
      this.#path = undefined;
    }
    // A copy must not share what its result is written into.
    this.shared = shared.map(rootOf).filter((property) => property !== rootOf(name));
  }

  /**
   * Makes sure that a result can be written, before anything is sent to the service: it would be lost.
   * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
   */
  check(msg: NodeMessage, operation: OperationName): void {
    let wrong: string | undefined;
    try {
      wrong = this.#problem(msg);
    } catch {
      // A getter of the message throws whatever it likes.
      wrong = 'its parent cannot be read';
    }
    if (wrong === undefined) return;
    const sentence = `the result cannot be written to msg.${sanitize(this.name)}: ${wrong}; change the node's output`;
    throw invalidInput(operation, sentence);
  }

  /** Writes a result. */
  write(msg: NodeMessage, result: unknown): void {
    // Node-RED would take the name apart again for each message.
    if (this.#path?.length === 1 && result !== undefined) Reflect.set(msg, this.#path[0]!, result);
    else this.RED.util.setMessageProperty(msg, this.name, result, true);
  }

  #problem(msg: NodeMessage): string | undefined {
    if (this.#path === undefined) return 'it is not a property';
    if (!Object.isExtensible(msg)) return 'the message is frozen';
    // It is no property: what is written to it is lost.
    if (this.#path.includes('__proto__')) return 'it is reserved';
    let parent: unknown = msg;
    for (const step of this.#path.slice(0, -1)) {
      if (typeof step === 'string' && /^(constructor|prototype)$/.test(step)) return 'it is reserved';
      parent = (parent as Record<string | number, unknown>)[step];
      if (parent === undefined) return undefined;
      if (parent === null || (typeof parent !== 'object' && typeof parent !== 'function'))
        return 'its parent is not an object';
      if (!Object.isExtensible(parent)) return 'its parent is frozen';
    }
    return isReadOnly(parent as object, this.#path.at(-1)!) ? 'it is read-only' : undefined;
  }
}

/** How the results of one message leave its node. */
export class ResultSender {
  #sequence: string | undefined;
  #copies = 0;

  constructor(
    private readonly output: Output,
    private readonly msg: NodeMessage,
    private readonly send: Send,
  ) {}

  /** Sends the message itself on, changed in place. */
  sendOn(outcome: Result): void {
    this.#write(this.msg, outcome);
    this.send(toPort(this.msg, outcome.port));
  }

  /**
   * Sends a copy of the message. Wait for what this returns: every so often it lets the next nodes do their work, so that
   * a long sequence neither piles up nor blocks.
   */
  emit(outcome: Result): Promise<void> | undefined {
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
      if (name === this.output.name) continue;
      try {
        const value = (copy[name] = source[name]);
        if (this.output.shared.includes(name)) continue;
        Object.assign(copy, this.output.RED.util.cloneMessage({ [name]: value }));
      } catch {
        // It stays shared, or absent.
      }
    }
    return copy;
  }

  #wholeCopy(): NodeMessage {
    const { name: own, shared, RED } = this.output;
    const copy: Record<string, unknown> = {};
    let deep: Record<string, unknown> | undefined;
    const source = this.msg as unknown as Record<string, unknown>;
    for (const name of Object.keys(source)) {
      if (name === own) continue;
      const value = source[name];
      if (typeof value !== 'object' || shared.includes(name)) copy[name] = value;
      else (deep ??= {})[name] = value;
    }
    return deep === undefined ? copy : Object.assign(copy, RED.util.cloneMessage(deep as unknown as NodeMessage));
  }

  #write(msg: NodeMessage, { payload, statusCode, properties, part }: Result): void {
    const target = msg as unknown as Record<string, unknown>;
    for (const name in properties) {
      const value = properties[name];
      if (value === undefined) Reflect.deleteProperty(target, name);
      // The work is done, so the result leaves although another property of the message is read-only.
      else Reflect.set(target, name, value);
    }
    if (statusCode !== undefined) Reflect.set(target, 'statusCode', statusCode);
    if (part !== undefined) {
      this.#sequence ??= part.id ?? this.output.RED.util.generateId();
      // A sequence within a sequence keeps the outer one's parts, as core nodes do.
      const outer = target['parts'];
      const parts = {
        id: this.#sequence,
        index: part.index,
        ...(part.count === undefined ? {} : { count: part.count }),
      };
      target['parts'] = outer === undefined ? parts : { ...parts, parts: outer };
    }
    this.output.write(msg, payload);
  }
}

function isReadOnly(parent: object, name: string | number): boolean {
  const property = Object.getOwnPropertyDescriptor(parent, name);
  if (property === undefined) return false;
  return property.set === undefined && property.writable !== true;
}

/** The top-level message property that a path lies in. */
function rootOf(path: string): string {
  return /^[^.[]+/.exec(path)?.[0] ?? path;
}

/** A message in the shape that Node-RED's `send` wants for one output of several. */
function toPort(msg: NodeMessage, port = 0): NodeMessage | (NodeMessage | null)[] {
  return port === 0 ? msg : [...Array<null>(port).fill(null), msg];
}
