import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { Client } from '../service/client';
import { closed, invalidInput, NrfCloudError } from '../service/errors';
import { requestLine, type OperationName } from '../service/paths';
import { quote } from '../service/quote';
import { Session } from '../service/session';
import { clientOf } from './connection';
import { describeSource, evaluateInputs, sourcesOf, type Config, type InputSpec } from './inputs';
import { checkOutput, Delivery, type Outcome } from './output';
import { readSettings, text, type Settings } from './settings';
import { StatusBoard, type StatusTexts, type Ticket } from './status';

/** What a node's handler gets for one message: plain values, and ways to tell what goes on. */
export interface Task<I extends string, S> {
  inputs: Record<I, unknown>;
  settings: S;
  session: Session;
  /** Aborted when the flow is stopped. */
  signal: AbortSignal;
  /** Where each input comes from, in words for an error. */
  where: Record<I, string>;
  /** Sets a message property at once, so that a failure's message has it too. */
  set: (property: string, value: unknown) => void;
  /**
   * Sends a copy of the message with a result, before the message's end. Wait for what it returns: every so often it
   * lets the next nodes do their work, so that a long sequence neither piles up nor blocks.
   */
  emit: (outcome: Outcome) => Promise<void> | undefined;
  /** Shows in the status what has been done so far. */
  progress: (text: string) => void;
  /** Other status texts for this message than the node's, when the message says what is done. */
  describe: (texts: StatusTexts) => void;
}

/** A node type: its inputs and settings as data, and what it does with one message. */
export interface NodeSpec<I extends string, S extends object> {
  type: string;
  /** Stands in errors that are found before the handler runs. */
  operation: OperationName | ((config: Config) => OperationName);
  inputs: Record<I, InputSpec>;
  settings: Settings<S>;
  status: StatusTexts | ((config: Config) => StatusTexts);
  /** Does the work; what it returns is sent on in the message itself, nothing if `undefined`. */
  run: (task: Task<NoInfer<I>, NoInfer<S>>) => Promise<Outcome | undefined>;
}

type Send = (msg: NodeMessage | (NodeMessage | null)[]) => void;
type Done = (error?: Error) => void;

/**
 * Registers a node type whose messages all live the same life: evaluate the inputs, show the status, run the handler,
 * send its outcome, and end exactly once: with success, with an {@link NrfCloudError}, or because the flow was closed.
 */
export function defineNode<I extends string, S extends object>(RED: NodeAPI, spec: NodeSpec<I, S>): void {
  RED.nodes.registerType(spec.type, function (this: Node, def: NodeDef) {
    RED.nodes.createNode(this, def);
    const worker = new Worker(RED, this, spec, def as unknown as Config);
    this.on('input', (msg, send, done) => {
      void worker.live(msg, send, done);
    });
    this.on('close', (done: () => void) => {
      void worker.close().then(done);
    });
  });
}

/** One deployed node. */
class Worker<I extends string, S extends object> {
  readonly #board: StatusBoard;
  readonly #sources: ReturnType<typeof sourcesOf<I>>;
  readonly #where: Record<I, string>;
  readonly #output: string;
  readonly #operation: OperationName;
  /** The message properties that the node reads. */
  readonly #read: string[];
  readonly #lives = new Map<AbortController, Promise<void>>();
  #closed = false;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly spec: NodeSpec<I, S>,
    private readonly config: Config,
  ) {
    this.#board = new StatusBoard(node, typeof spec.status === 'function' ? spec.status(config) : spec.status);
    this.#sources = sourcesOf(spec.inputs, config);
    const names = Object.keys(this.#sources) as I[];
    this.#where = Object.fromEntries(names.map((name) => [name, describeSource(this.#sources[name])])) as Record<
      I,
      string
    >;
    this.#operation = typeof spec.operation === 'function' ? spec.operation(config) : spec.operation;
    this.#output = text('payload')(config['output'], 'output');
    this.#read = names.filter((name) => this.#sources[name].type === 'msg').map((name) => this.#sources[name].value);
  }

  /** The whole life of a message. Never rejects: in Node-RED a rejection that nobody takes ends the process. */
  live(msg: NodeMessage, send: Send, done: Done): Promise<void> {
    const stop = new AbortController();
    const life = this.#run(msg, send, stop.signal)
      .then(
        () => this.#end(stop, done),
        (error: unknown) => this.#end(stop, done, this.#report(msg, error)),
      )
      .catch((error: unknown) => this.node.error(quote(String(error))));
    this.#lives.set(stop, life);
    return life;
  }

  /** Ends all messages that are on their way, and waits until they have ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#board.close();
    for (const stop of this.#lives.keys()) stop.abort();
    await Promise.all(this.#lives.values());
  }

  async #run(msg: NodeMessage, send: Send, signal: AbortSignal): Promise<void> {
    const ticket = this.#board.begin();
    try {
      const delivery = new Delivery(this.RED, msg, send, this.#output, this.#read);
      const outcome = await this.#work(msg, delivery, signal, ticket);
      if (outcome !== undefined) delivery.sendOn(outcome);
      ticket.end();
    } catch (error) {
      ticket.end(error instanceof NrfCloudError ? error.code : UNEXPECTED);
      throw error;
    }
  }

  async #work(msg: NodeMessage, delivery: Delivery, signal: AbortSignal, ticket: Ticket): Promise<Outcome | undefined> {
    const { RED, spec, config } = this;
    const operation = this.#operation;
    if (this.#closed) throw closed(operation);
    const client = clientOf(RED, config['connection'], operation);
    const settings = this.#settings();
    checkOutput(RED, msg, this.#output, operation);
    const evaluated = evaluateInputs(RED, this.node, this.#sources, msg, operation);
    const inputs = await unlessStopped(evaluated, signal, operation);
    return spec.run({
      inputs,
      settings,
      session: this.#session(client, signal, ticket),
      signal,
      where: this.#where,
      set: (property, value) => {
        (msg as unknown as Record<string, unknown>)[property] = value;
      },
      emit: (outcome) => delivery.emit(outcome),
      progress: (words) => ticket.progress(words),
      describe: (texts) => ticket.describe(texts),
    });
  }

  #session(client: Client, signal: AbortSignal, ticket: Ticket): Session {
    return new Session(client, { signal, lane: this.node.id, onWaiting: (waiting) => ticket.waiting(waiting) });
  }

  #settings(): S {
    try {
      return readSettings(this.spec.settings, this.config);
    } catch (error) {
      throw invalidInput(this.#operation, `${(error as Error).message}; correct it in the dialog of the node`);
    }
  }

  /** Makes any failure the one kind of error that leaves the package, with all that the contract promises of it. */
  #report(msg: NodeMessage, error: unknown): NrfCloudError {
    const report = error instanceof NrfCloudError ? error : unexpected(this.#operation, error);
    if (report.cause.statusCode !== undefined) {
      (msg as unknown as Record<string, unknown>)['statusCode'] = report.cause.statusCode;
    }
    if (report.cause.method !== undefined) return report;
    const api =
      this.config['connection'] === undefined ? 'guide' : apiOf(this.RED, this.config, report.cause.operation);
    const { operation, ...facts } = report.cause;
    return new NrfCloudError(report.code, report.message, { operation, ...requestLine(operation, api), ...facts });
  }

  #end(stop: AbortController, done: Done, error?: NrfCloudError): void {
    this.#lives.delete(stop);
    if (error === undefined) done();
    else done(error);
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

function unexpected(operation: OperationName, error: unknown): NrfCloudError {
  const why = quote(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  const message = `${operation}: the message could not be handled (${why}); look at what it holds`;
  return new NrfCloudError(UNEXPECTED, message, { operation, attempts: 0 });
}

/** A promise, or the end of the flow, whichever comes first: a context store may never answer. */
function unlessStopped<T>(promise: Promise<T>, signal: AbortSignal, operation: OperationName): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(closed(operation));
    signal.addEventListener('abort', stop, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
