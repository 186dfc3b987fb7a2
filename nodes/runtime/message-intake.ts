import type { NodeMessage } from 'node-red';
import { isObject } from '../util/json';
import type { Done, IncomingMessage, Inputs, Send } from './incoming-message';
import type { NodeConfiguration } from './node-configuration';
import { StartQueue } from './start-queue';
import type { StatusDisplay } from './status';

/** What the intake needs of its node's runner. */
export interface IntakeRunner<S, T> {
  display: StatusDisplay;
  /** Aborted when the node is closed. */
  signal: AbortSignal;
  begin: (message: IncomingMessage<S, T>) => void;
  /** Messages that have begun and have not ended, pending ones included. */
  held: () => number;
}

/** Receives a node's messages: refuses those beyond Node-RED's limit, and lets the others begin at once or in turn. */
export class MessageIntake<S extends object, T> {
  readonly #queue: StartQueue<IncomingMessage<S, T>>;

  /** @param canCancel whether messages with `msg.cancel` are taken however many the node holds */
  constructor(
    private readonly configuration: NodeConfiguration<string, S>,
    private readonly runner: IntakeRunner<S, T>,
    private readonly canCancel = false,
  ) {
    this.#queue = new StartQueue(runner.begin, () => this.#reserve());
  }

  /**
   * Node-RED's own limit of messages in a node. The connection's `queueLimit` is for all its nodes; whichever is
   * reached first counts.
   */
  get maxMessages(): number {
    const settings = this.configuration.RED.settings as { nodeMessageBufferMaxLength?: number };
    const { nodeMessageBufferMaxLength: max = 0 } = settings;
    // 0 means no limit, as in core nodes.
    return max > 0 ? max : Infinity;
  }

  /**
   * A message has come in; it begins at once, or when others have proceeded.
   * @param onRecorded see {@link IncomingMessage}
   */
  take(msg: NodeMessage, send: Send, done: Done, onRecorded?: () => void): void {
    const refused = !(this.canCancel && isCancel(msg)) && this.#isFull();
    const receivedAt = performance.now();
    const message: IncomingMessage<S, T> = { msg, send, done, refused, receivedAt, onRecorded };
    if (!this.configuration.mayQueue) {
      this.runner.begin(message);
      return;
    }
    if (this.#queue.add(message, !message.refused)) message.inputs = this.#readInputs(msg);
    this.#showQueued();
  }

  /** A message has started its request, or has ended without one: the next one may begin. */
  proceed(): void {
    this.#queue.proceed();
    this.#showQueued();
  }

  /** Begins all messages that wait, because they are going to be stopped. */
  flush(): void {
    this.#queue.flush();
  }

  /** The flow may change an array of a message that waits, so that its inputs are read on arrival. */
  #readInputs(msg: NodeMessage): () => Inputs {
    try {
      const inputs = this.configuration.evaluate(msg, this.runner.signal);
      // A message that waits reads only what is there at once, and constants.
      if (!(inputs instanceof Promise)) for (const name in inputs) inputs[name] = withOwnLists(inputs[name]);
      else inputs.catch(() => undefined);
      return () => inputs;
    } catch (error) {
      return () => {
        throw error;
      };
    }
  }

  #isFull(): boolean {
    return this.runner.held() + this.#queue.size >= this.maxMessages;
  }

  #showQueued(): void {
    this.runner.display.setQueued(this.#queue.size);
  }

  /** A place in the connection's queue for a message that waits to begin. */
  #reserve(): (() => void) | undefined {
    if (this.runner.signal.aborted) return undefined;
    try {
      return this.configuration.client().reserve();
    } catch {
      // The message reports why as soon as it begins.
      return undefined;
    }
  }
}

/** Whether a message cancels others. A getter that throws is reported when the message begins. */
export function isCancel(msg: object): boolean {
  try {
    return 'cancel' in msg && msg.cancel === true;
  } catch {
    return false;
  }
}

/** A claim as an object has its tags in an array, which the flow may change, too. */
function withOwnLists(value: unknown): unknown {
  if (!isObject(value) || Object.prototype.toString.call(value) !== '[object Object]') return value;
  try {
    const lists = Object.entries(value).flatMap(([name, list]) => (Array.isArray(list) ? [[name, list.slice()]] : []));
    return lists.length === 0 ? value : { ...value, ...(Object.fromEntries(lists) as object) };
  } catch {
    // A getter throws, which the message reports when it begins.
    return value;
  }
}
