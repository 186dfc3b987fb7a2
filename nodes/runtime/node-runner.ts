import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Client } from '../api/client';
import { closed, invalidInput, isClosed, NrfCloudError, nodeQueueFull } from '../api/errors';
import { requestLine, type OperationName } from '../api/endpoints';
import { sanitize } from '../util/sanitize';
import { Api } from '../api/api';
import { rejectOnAbort, type AbortSignalLike } from '../util/abort';
import { toError } from '../util/to-error';
import { StartQueue } from './start-queue';
import { clientOf } from './connection';
import { describeSource, evaluateInputs, isStable, sourcesOf, type Config } from './inputs';
import { MessageTask, type SharedTaskContext } from './message-task';
import type { NodeContext, NodeDefinition, Task } from './node-definition';
import { ResultSender, Output, type Result } from './output';
import { readSettings, text, type Settings } from './settings';
import { onFlowsStarted } from './flows-started';
import { StatusDisplay } from './status';
import { ContextStore } from './context-store';

type Send = (msg: NodeMessage | (NodeMessage | null)[]) => void;
type Done = (error?: Error) => void;
/** What is done with a message that was kept, instead of the node's `run`. */
type Handler<S, T> = (task: Task<never, S, T>) => Promise<Result | undefined>;

/** A message that has come in, or was kept. */
interface IncomingMessage<S, T> {
  msg: NodeMessage;
  send: Send;
  done: Done;
  /** It came in while the node held too many. */
  refused: boolean;
  kept?: Handler<S, T>;
}

/** One deployed node: the life of its messages. */
export class NodeRunner<I extends string, S extends object, T> {
  readonly #board: StatusDisplay;
  readonly #sources: ReturnType<typeof sourcesOf<I>>;
  readonly #output: Output;
  readonly #operation: OperationName;
  /** The node's settings, or why they can't be used. */
  readonly #settings: { values: S } | { problem: string };
  readonly #common: SharedTaskContext<I, T>;
  readonly #lives = new Map<MessageTask<I, S, T>, Promise<void>>();
  readonly #backlog = new StartQueue<IncomingMessage<S, T>>(
    (arrival) => this.#begin(arrival),
    () => this.#reserve(),
  );
  /** What the node asks the service on its own behalf. */
  readonly #asking = new StartQueue<() => void>(
    (begin) => begin(),
    () => this.#reserve(),
  );
  readonly #patient: boolean;
  readonly #closing = new AbortController();
  readonly #vaults: ContextStore[] = [];

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly spec: NodeDefinition<I, S, T>,
    private readonly config: Config,
  ) {
    this.#board = new StatusDisplay(node, typeof spec.status === 'function' ? spec.status(config) : spec.status);
    this.#sources = sourcesOf(spec.inputs, config);
    const names = Object.keys(this.#sources) as I[];
    const read = names.filter((name) => this.#sources[name].type === 'msg').map((name) => this.#sources[name].value);
    this.#output = new Output(RED, text('payload')(config['output'], 'output'), read);
    this.#operation = typeof spec.operation === 'function' ? spec.operation(config) : spec.operation;
    this.#settings = settingsOf(spec.settings, config);
    this.#patient = spec.mayQueue === true && names.every((name) => isStable(this.#sources[name]));
    this.#common = {
      lane: node.id,
      where: Object.fromEntries(names.map((name) => [name, describeSource(this.#sources[name])])) as Record<I, string>,
      shared: this.#share(),
      onProceed: () => {
        this.#backlog.proceed();
        this.#board.behind(this.#backlog.size);
      },
    };
  }

  /** A message has come in; it begins at once, or when others have come further. */
  take(msg: NodeMessage, send: Send, done: Done): void {
    const arrival = { msg, send, done, refused: this.spec.always?.(msg) !== true && this.#isFull() };
    if (!this.#patient) {
      this.#begin(arrival);
      return;
    }
    this.#backlog.add(arrival, !arrival.refused);
    this.#board.behind(this.#backlog.size);
  }

  #begin({ msg, send, done, refused, kept }: IncomingMessage<S, T>): void {
    const delivery = new ResultSender(this.#output, msg, send);
    const ahead = this.#patient && kept === undefined;
    const life = new MessageTask<I, S, T>(msg, this.#common, delivery, this.#board.begin(), refused, ahead);
    this.#lives.set(life, this.#live(msg, done, life, kept));
  }

  /** The whole life of a message. Never rejects: in Node-RED a rejection that nobody takes ends the process. */
  async #live(msg: NodeMessage, done: Done, life: MessageTask<I, S, T>, kept?: Handler<S, T>): Promise<void> {
    try {
      let failure: NrfCloudError | undefined;
      try {
        const outcome = await this.#handle(msg, life, kept);
        if (outcome !== undefined) life.delivery.sendOn(outcome);
        life.ticket.end();
      } catch (thrown) {
        // A Proxy that was revoked can't even be asked what it is.
        const error = toError(thrown);
        life.ticket.end(error instanceof NrfCloudError ? error.code : UNEXPECTED);
        failure = this.#report(msg, error);
      }
      if (failure === undefined) done();
      else this.#fail(msg, done, failure);
    } catch (error) {
      this.node.error(sanitize(toError(error).message));
    }
    try {
      await life.rest?.();
    } finally {
      this.#lives.delete(life);
      life.onStart();
    }
  }

  /** A place in the connection's queue for a message that waits to begin. */
  #reserve(): (() => void) | undefined {
    if (this.#closing.signal.aborted) return undefined;
    try {
      return clientOf(this.RED, this.config['connection'], this.#operation).reserve();
    } catch {
      // It is told why as soon as it begins.
      return undefined;
    }
  }

  /** Ends all messages that are on their way, and waits until they have ended. */
  async close(removed: boolean): Promise<void> {
    this.#closing.abort();
    this.#board.close();
    // Whatever is given up hands on why: without a reason the stop would look like a fault of the message.
    const reason = closed(this.#operation);
    this.#backlog.flush();
    for (const { signal } of this.#lives.keys()) signal.abort(reason);
    await Promise.all(this.#lives.values());
    if (removed) for (const vault of this.#vaults) vault.forget();
  }

  /** A setting that can't be used is reported with every message; it must not keep the node from being there. */
  #share(): T {
    try {
      return this.spec.createState?.(this.#home()) as T;
    } catch (error) {
      if (error instanceof NrfCloudError) return undefined as T;
      throw error;
    }
  }

  #home(): NodeContext<S, T> {
    const { RED, node } = this;
    const { signal } = this.#closing;
    return {
      settings: () => this.#usableSettings(),
      request: (until, work) => this.#ask(until, work),
      openStore: (store, warning) => {
        const vault = new ContextStore(RED, node, store, warning);
        this.#vaults.push(vault);
        return vault;
      },
      onStarted: (start) => {
        const withdraw = onFlowsStarted(RED.events, () => {
          start().catch((error: unknown) => node.error(sanitize(toError(error).message)));
        });
        signal.addEventListener('abort', withdraw, { once: true });
      },
      resume: (kept, run) => {
        const msg = kept as unknown as NodeMessage;
        const done: Done = (error) => {
          // Stopped again: it is kept, and will be taken up again.
          if (error !== undefined && !isClosed(error)) node.error(error, msg);
        };
        this.#begin({ msg, send: (out) => node.send(out), done, refused: false, kept: run });
      },
    };
  }

  async #ask<R>(signal: AbortSignalLike, work: (api: Api) => Promise<R>): Promise<R> {
    await new Promise<void>((begin) => this.#asking.add(begin));
    let ahead = true;
    const onStart = (): void => {
      if (ahead) this.#asking.proceed();
      ahead = false;
    };
    try {
      const client = clientOf(this.RED, this.config['connection'], this.#operation);
      return await work(new Api(client, { signal, lane: this.node.id, onStart }));
    } finally {
      onStart();
    }
  }

  /** What comes of a message. */
  async #handle(msg: NodeMessage, life: MessageTask<I, S, T>, kept?: Handler<S, T>): Promise<Result | undefined> {
    const operation = this.#operation;
    if (this.#closing.signal.aborted) throw closed(operation);
    if (life.refused) throw nodeQueueFull(operation, this.#most());
    const client = clientOf(this.RED, this.config['connection'], operation);
    life.settings = this.#usableSettings();
    this.#output.check(msg, operation);
    life.api = new Api(client, life);
    if (kept !== undefined) return kept(life);
    const inputs = evaluateInputs(this.RED, this.node, this.#sources, msg, operation);
    life.inputs = inputs instanceof Promise ? await rejectOnAbort(inputs, life.signal, closed(operation)) : inputs;
    return this.spec.run(life);
  }

  /**
   * Node-RED's own bound for what a node may hold. The connection's `queueLimit` is for all its nodes; whichever is
   * reached first counts.
   */
  #most(): number {
    const { nodeMessageBufferMaxLength: most = 0 } = this.RED.settings as { nodeMessageBufferMaxLength?: number };
    // 0 stands for no limit, as in core nodes.
    return most > 0 ? most : Infinity;
  }

  #isFull(): boolean {
    return this.#lives.size + this.#backlog.size >= this.#most();
  }

  #usableSettings(): S {
    if ('values' in this.#settings) return this.#settings.values;
    throw invalidInput(this.#operation, `${this.#settings.problem}; correct it in the dialog of the node`);
  }

  /** Makes any failure the one kind of error that leaves the package, with all that the contract promises of it. */
  #report(msg: NodeMessage, error: Error): NrfCloudError {
    const report = error instanceof NrfCloudError ? error : unexpected(this.#operation, error);
    if (report.cause.statusCode !== undefined) {
      // A message that can't be written to still ends.
      Reflect.set(msg, 'statusCode', report.cause.statusCode);
    }
    if (report.cause.method !== undefined) return report;
    const api =
      this.config['connection'] === undefined ? 'guide' : apiOf(this.RED, this.config, report.cause.operation);
    const { operation, ...facts } = report.cause;
    return new NrfCloudError(report.code, report.message, { operation, ...requestLine(operation, api), ...facts });
  }

  #fail(msg: NodeMessage, done: Done, error: NrfCloudError): void {
    try {
      done(error);
    } catch {
      // Node-RED copies a message for Catch, and can't copy every one: then Catch learns at least what failed.
      this.node.error(error, { _msgid: msg._msgid });
    }
  }
}

/** The generation whose path a report names when nothing was sent. */
function apiOf(RED: NodeAPI, config: Config, operation: OperationName): Client['api'] {
  try {
    return clientOf(RED, config['connection'], operation).api;
  } catch {
    return 'guide';
  }
}

/** The code of what no one foresaw, such as a getter of the message that throws. */
const UNEXPECTED = 'NRFCLOUD_INVALID_INPUT';

function unexpected(operation: OperationName, error: Error): NrfCloudError {
  const { name, message: words } = error;
  const why = sanitize(`${name}: ${words}`);
  const message = `${operation}: the message could not be handled (${why}); look at what it holds`;
  return new NrfCloudError(UNEXPECTED, message, { operation, attempts: 0 });
}

/** The settings don't change as long as the node is there. */
function settingsOf<S extends object>(table: Settings<S>, config: Config): { values: S } | { problem: string } {
  try {
    return { values: readSettings(table, config) };
  } catch (error) {
    return { problem: (error as Error).message };
  }
}
