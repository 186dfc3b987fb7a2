import { setMaxListeners } from 'node:events';
import type { NodeMessage } from 'node-red';
import { Api } from '../api/api';
import { closed, hasCode, nodeQueueFull, NrfCloudError } from '../api/errors';
import { sanitize } from '../util/sanitize';
import { expectRecord } from '../util/hand-over';
import { toError } from '../util/to-error';
import { isCancel, MessageIntake, type IntakeRunner } from './message-intake';
import { MessageTask, type SharedTaskContext } from './message-task';
import { endMessage } from './end-message';
import type { Done, IncomingMessage, Inputs, Send } from './incoming-message';
import type { NodeConfiguration } from './node-configuration';
import { NodeContext, type ContextRunner } from './node-context';
import { PENDING, type NodeDefinition } from './node-definition';
import { ResultSender, type Result } from './output';
import { StatusDisplay } from './status';

/** One deployed node: everything that happens to its messages. */
export class NodeRunner<I extends string, S extends object, T> {
  readonly #display: StatusDisplay;
  readonly #shared: SharedTaskContext<I, S, T>;
  readonly #tasks = new Map<MessageTask<I, S, T>, Promise<void>>();
  readonly #intake: MessageIntake<S, T>;
  /** Messages that have begun and have not ended; of some that have, the record is still being removed. */
  #active = 0;
  readonly #closing = new AbortController();

  constructor(
    private readonly configuration: NodeConfiguration<I, S>,
    private readonly definition: NodeDefinition<I, S, T>,
  ) {
    // Each request of pending work listens; Node.js warns from the eleventh listener on.
    setMaxListeners(0, this.#closing.signal);
    const { node, operation, statusTexts, sources, inputSources } = configuration;
    this.#display = new StatusDisplay(node, statusTexts);
    const context = this.#createContext();
    this.#shared = {
      lane: node.id,
      operation,
      sources,
      source: inputSources,
      state: this.#createState(context),
      context,
      onProceed: () => this.#intake.proceed(),
    };
    this.#intake = this.#createIntake();
    this.#showProblem();
  }

  /** Shows at deploy that the node cannot work: its connection is made only after it. */
  #showProblem(): void {
    this.#shared.context.onStarted(() => {
      if (this.configuration.connectionProblem() !== undefined) this.#display.setProblem('NRFCLOUD_NOT_CONFIGURED');
    });
  }

  /** A message has come in; it begins at once, or when others have proceeded. */
  take(msg: NodeMessage, send: Send, done: Done): void {
    this.#intake.take(msg, send, done, this.#shared.context.store && expectRecord());
  }

  /** Ends all messages that are being processed, and waits until they have ended. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#display.close();
    this.#intake.flush();
    const { context } = this.#shared;
    for (const task of this.#tasks.keys()) task.signal.abort(closed(this.configuration.operation, 0, task));
    await Promise.all(this.#tasks.values());
    await context.stopPending();
    await context.close();
  }

  /** @returns when the message has ended, or is pending */
  #begin(message: IncomingMessage<S, T>): Promise<void> {
    const { msg, send, done, handler } = message;
    const { output, mayQueue } = this.configuration;
    const sender = new ResultSender(output, msg, send);
    const ahead = mayQueue && handler === undefined;
    const task = new MessageTask<I, S, T>(this.#shared, msg, send, done, sender, this.#display.begin(), ahead);
    if (message.resumes === true) task.resumes = true;
    task.onRecorded = message.onRecorded;
    if (this.definition.requestsWaitAlone !== true) task.receivedAt = message.receivedAt;
    if (this.definition.failsInOutage === true) task.failsInOutage = true;
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
        failure = this.#report(task, toError(thrown));
        task.status.end(failure.code);
      }
      this.#active--;
      endMessage(this.configuration.node, msg, done, failure);
      if (task.handedOver !== undefined) await task.handedOver;
      // A message that was stopped is continued after the restart, so its record stays.
      if (failure?.code === 'NRFCLOUD_CLOSED' && task.resumes) return;
      await onEnd?.();
      if (task.recordKey !== undefined) await this.#shared.context.store?.remove(task.recordKey);
    } catch (error) {
      this.configuration.node.error(sanitize(toError(error).message));
    } finally {
      this.#tasks.delete(task);
      task.onStart();
      message.onRecorded?.();
    }
  }

  /** What comes of a message. Hot path: no promise of its own for inputs that are there. */
  #handle(
    { msg, refused, handler, inputs: read }: IncomingMessage<S, T>,
    task: MessageTask<I, S, T>,
  ): Promise<Result | typeof PENDING | undefined> {
    const { configuration } = this;
    const { operation } = configuration;
    if (this.#closing.signal.aborted) throw closed(operation);
    if (refused) throw nodeQueueFull(operation, this.#intake.maxMessages);
    task.settings = configuration.settings();
    this.#connect(task, handler === undefined && this.definition.canCancel === true && isCancel(msg));
    configuration.output.check(msg, operation);
    if (handler !== undefined) return handler(task);
    const inputs = read === undefined ? configuration.evaluate(msg, task.signal) : (read() as Inputs<I>);
    const run = (ready: Record<I, unknown>): Promise<Result | typeof PENDING | undefined> => {
      task.inputs = ready;
      return this.definition.run(task);
    };
    return inputs instanceof Promise ? inputs.then(run) : run(inputs);
  }

  /**
   * @param isCancel cancelling needs no connection: pending work that waits for a usable one can be given up
   * @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED`, if the node does not work without its connection
   */
  #connect(task: MessageTask<I, S, T>, isCancel: boolean): void {
    try {
      task.api = new Api(this.configuration.client(), task);
    } catch (error) {
      const mayLack = isCancel || this.definition.worksWithoutConnection === true;
      if (!mayLack || !hasCode(error, 'NRFCLOUD_NOT_CONFIGURED')) throw error;
      task.connectionProblem = error;
    }
  }

  /** Settings that cannot be used are reported with every message; they must not keep the node from being there. */
  #createState(context: NodeContext<S, T>): T {
    try {
      return this.definition.createState?.(context, this.configuration.RED) as T;
    } catch (error) {
      if (error instanceof NrfCloudError) return undefined as T;
      throw error;
    }
  }

  #createContext(): NodeContext<S, T> {
    const runner: ContextRunner<S, T> = {
      begin: (message) => this.#begin(message),
      senderFor: (msg, send) => new ResultSender(this.configuration.output, msg, send),
      display: this.#display,
    };
    const keepsRecords = this.definition.createState !== undefined;
    return new NodeContext(this.configuration, this.#closing.signal, runner, keepsRecords);
  }

  #createIntake(): MessageIntake<S, T> {
    const runner: IntakeRunner<S, T> = {
      display: this.#display,
      signal: this.#closing.signal,
      begin: (message) => void this.#begin(message),
      held: () => this.#active + this.#shared.context.pending.size,
    };
    return new MessageIntake(this.configuration, runner, this.definition.canCancel);
  }

  #report(task: MessageTask<I, S, T>, error: Error): NrfCloudError {
    const report = this.configuration.toReport(error, task.resumes);
    const { statusCode } = report.cause;
    if (statusCode !== undefined) task.set('statusCode', statusCode);
    return report;
  }
}
