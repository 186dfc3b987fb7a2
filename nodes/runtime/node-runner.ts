import type { Node, NodeAPI, NodeMessage } from 'node-red';
import { Api } from '../api/api';
import type { OperationName } from '../api/endpoints';
import { closed, hasCode, invalidInput, isClosed, NrfCloudError, nodeQueueFull } from '../api/errors';
import { rejectOnAbort } from '../util/abort';
import { sanitize } from '../util/sanitize';
import { toError } from '../util/to-error';
import { clientOf, connectionProblem } from './connection';
import { apiVersionOf, toReport } from './error-report';
import { onFlowsStarted } from './flows-started';
import { describeSource, evaluateInputs, isStable, sourcesOf, type Config, type InputSpec } from './inputs';
import { MessageTask, type SharedTaskContext } from './message-task';
import type { Done, IncomingMessage, Send } from './incoming-message';
import { NodeContext, type ContextRunner } from './node-context';
import { PENDING, type NodeDefinition } from './node-definition';
import { Output, ResultSender, type Result } from './output';
import { readSettings, text, type Settings } from './settings';
import { StartQueue } from './start-queue';
import { StatusDisplay } from './status';

export type { Done, Send } from './incoming-message';

/** One deployed node: everything that happens to its messages. */
export class NodeRunner<I extends string, S extends object, T> {
  readonly #display: StatusDisplay;
  readonly #sources: ReturnType<typeof sourcesOf<I>>;
  readonly #output: Output;
  readonly #operation: OperationName;
  /** The node's settings, or why they cannot be used. */
  readonly #settings: { values: S } | { problem: string };
  readonly #shared: SharedTaskContext<I, S, T>;
  readonly #tasks = new Map<MessageTask<I, S, T>, Promise<void>>();
  readonly #queue = new StartQueue<IncomingMessage<S, T>>(
    (message) => void this.#begin(message),
    () => this.#reserve(),
  );
  readonly #mayQueue: boolean;
  /** Messages that have begun and have not ended; of some that have, the record is still being removed. */
  #active = 0;
  readonly #closing = new AbortController();

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly definition: NodeDefinition<I, S, T>,
    private readonly config: Config,
  ) {
    const { status, operation, settings, output = 'payload', mayQueue } = definition;
    this.#display = new StatusDisplay(node, typeof status === 'function' ? status(config) : status);
    this.#sources = sourcesOf(usedInputs(definition, config), config);
    const names = Object.keys(this.#sources) as I[];
    const read = names.filter((name) => this.#sources[name].type === 'msg').map((name) => this.#sources[name].value);
    this.#output = new Output(RED, text(output)(config['output'], 'output'), read);
    this.#operation = typeof operation === 'function' ? operation(config) : operation;
    this.#settings = settingsOf(settings, config);
    this.#mayQueue = mayQueue === true && names.every((name) => isStable(this.#sources[name]));
    const context = this.#createContext(definition.createState !== undefined);
    this.#shared = {
      lane: node.id,
      operation: this.#operation,
      source: Object.fromEntries(names.map((name) => [name, describeSource(this.#sources[name])])) as Record<I, string>,
      state: this.#createState(context),
      context,
      onProceed: () => {
        this.#queue.proceed();
        this.#display.setQueued(this.#queue.size);
      },
    };
    this.#showProblem();
  }

  /** Shows at deploy that the node cannot work: its connection is made only after it. */
  #showProblem(): void {
    const withdraw = onFlowsStarted(this.RED.events, () => {
      if (connectionProblem(this.RED, this.config['connection']) === undefined) return;
      this.#display.setProblem('NRFCLOUD_NOT_CONFIGURED');
    });
    this.#closing.signal.addEventListener('abort', withdraw, { once: true });
  }

  /** A message has come in; it begins at once, or when others have proceeded. */
  take(msg: NodeMessage, send: Send, done: Done): void {
    const message = { msg, send, done, refused: this.definition.always?.(msg) !== true && this.#isFull() };
    if (!this.#mayQueue) {
      void this.#begin(message);
      return;
    }
    this.#queue.add(message, !message.refused);
    this.#display.setQueued(this.#queue.size);
  }

  /** Ends all messages that are being processed, and waits until they have ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#display.close();
    this.#queue.flush();
    const { context } = this.#shared;
    for (const task of this.#tasks.keys()) task.signal.abort(closed(this.#operation, 0, task));
    await Promise.all(this.#tasks.values());
    for (const pending of context.pending.takeAll()) pending.done?.(context.stopped(pending));
    await context.close();
  }

  /** @returns when the message has ended, or is pending */
  #begin(message: IncomingMessage<S, T>): Promise<void> {
    const { msg, send, done, handler } = message;
    const sender = new ResultSender(this.#output, msg, send);
    const ahead = this.#mayQueue && handler === undefined;
    const task = new MessageTask<I, S, T>(this.#shared, msg, send, done, sender, this.#display.begin(), ahead);
    if (message.resumes === true) task.resumes = true;
    this.#active++;
    const processed = this.#process(message, task);
    this.#tasks.set(task, processed);
    return processed;
  }

  /** Everything that happens to a message. Never rejects: in Node-RED an unhandled rejection ends the process. */
  async #process(message: IncomingMessage<S, T>, task: MessageTask<I, S, T>): Promise<void> {
    const { msg, done, onEnd } = message;
    try {
      let failure: NrfCloudError | undefined;
      try {
        const result = await this.#handle(message, task);
        if (result === PENDING) {
          this.#active--;
          task.status.pend();
          return;
        }
        if (result !== undefined) task.sender.sendOn(result);
        task.status.end(undefined, result?.ending);
      } catch (thrown) {
        // A Proxy that was revoked cannot even be asked what it is.
        failure = this.#report(msg, toError(thrown));
        if (isClosed(failure) && task.resumes) failure = closed(this.#operation, failure.cause.attempts, task);
        task.status.end(failure.code);
      }
      this.#active--;
      if (failure === undefined) done();
      else this.#fail(msg, done, failure);
      // A message that was stopped is continued after the restart, so its record stays.
      if (failure?.code === 'NRFCLOUD_CLOSED' && task.resumes) return;
      await onEnd?.();
      if (task.recordKey !== undefined) await this.#shared.context.store?.remove(task.recordKey);
    } catch (error) {
      this.node.error(sanitize(toError(error).message));
    } finally {
      this.#tasks.delete(task);
      task.onStart();
    }
  }

  /** What comes of a message. */
  async #handle(
    { msg, refused, handler }: IncomingMessage<S, T>,
    task: MessageTask<I, S, T>,
  ): Promise<Result | typeof PENDING | undefined> {
    const operation = this.#operation;
    if (this.#closing.signal.aborted) throw closed(operation);
    if (refused) throw nodeQueueFull(operation, this.#maxMessages());
    task.settings = this.#usableSettings();
    this.#connect(task);
    this.#output.check(msg, operation);
    if (handler !== undefined) return handler(task);
    const inputs = evaluateInputs(this.RED, this.node, this.#sources, msg, operation);
    task.inputs = inputs instanceof Promise ? await rejectOnAbort(inputs, task.signal, closed(operation)) : inputs;
    return this.definition.run(task);
  }

  /** @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED`, if the node does not work without its connection */
  #connect(task: MessageTask<I, S, T>): void {
    try {
      task.api = new Api(clientOf(this.RED, this.config['connection'], this.#operation), task);
    } catch (error) {
      if (this.definition.worksWithoutConnection !== true || !hasCode(error, 'NRFCLOUD_NOT_CONFIGURED')) throw error;
      task.connectionProblem = error;
    }
  }

  /** Settings that cannot be used are reported with every message; they must not keep the node from being there. */
  #createState(context: NodeContext<S, T>): T {
    try {
      return this.definition.createState?.(context) as T;
    } catch (error) {
      if (error instanceof NrfCloudError) return undefined as T;
      throw error;
    }
  }

  #createContext(keepsRecords: boolean): NodeContext<S, T> {
    const runner: ContextRunner<S, T> = {
      settings: () => this.#usableSettings(),
      begin: (message) => this.#begin(message),
      senderFor: (msg, send) => new ResultSender(this.#output, msg, send),
      display: this.#display,
    };
    return new NodeContext(
      this.RED,
      this.node,
      this.config,
      this.#operation,
      this.#closing.signal,
      runner,
      keepsRecords,
    );
  }

  /** A place in the connection's queue for a message that waits to begin. */
  #reserve(): (() => void) | undefined {
    if (this.#closing.signal.aborted) return undefined;
    try {
      return clientOf(this.RED, this.config['connection'], this.#operation).reserve();
    } catch {
      // The message reports why as soon as it begins.
      return undefined;
    }
  }

  /**
   * Node-RED's own limit of messages in a node. The connection's `queueLimit` is for all its nodes; whichever is
   * reached first counts.
   */
  #maxMessages(): number {
    const { nodeMessageBufferMaxLength: max = 0 } = this.RED.settings as { nodeMessageBufferMaxLength?: number };
    // 0 stands for no limit, as in core nodes.
    return max > 0 ? max : Infinity;
  }

  #isFull(): boolean {
    return this.#active + this.#queue.size + this.#shared.context.pending.size >= this.#maxMessages();
  }

  #usableSettings(): S {
    if ('values' in this.#settings) return this.#settings.values;
    throw invalidInput(this.#operation, `${this.#settings.problem}; correct it in the dialog of the node`);
  }

  #report(msg: NodeMessage, error: Error): NrfCloudError {
    const report = toReport(error, this.#operation, apiVersionOf(this.RED, this.config, this.#operation));
    // A message that cannot be written to still ends.
    if (report.cause.statusCode !== undefined) Reflect.set(msg, 'statusCode', report.cause.statusCode);
    return report;
  }

  #fail(msg: NodeMessage, done: Done, error: NrfCloudError): void {
    try {
      done(error);
    } catch {
      // Node-RED copies a message for Catch, and cannot copy every one: then Catch gets at least the error.
      this.node.error(error, { _msgid: msg._msgid });
    }
  }
}

function usedInputs<I extends string, S extends object, T>(
  { inputs, usesInput }: NodeDefinition<I, S, T>,
  config: Config,
): Record<I, InputSpec> {
  if (usesInput === undefined) return inputs;
  const names = Object.keys(inputs) as I[];
  return Object.fromEntries(
    names.filter((name) => usesInput(name, config)).map((name) => [name, inputs[name]]),
  ) as Record<I, InputSpec>;
}

/** The settings do not change as long as the node is there. */
function settingsOf<S extends object>(table: Settings<S>, config: Config): { values: S } | { problem: string } {
  try {
    return { values: readSettings(table, config) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
