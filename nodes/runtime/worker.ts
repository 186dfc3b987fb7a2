import type { Node, NodeAPI, NodeMessage } from 'node-red';
import type { Client } from '../service/client';
import { closed, invalidInput, isClosed, NrfCloudError, nodeFull } from '../service/errors';
import { requestLine, type OperationName } from '../service/paths';
import { quote } from '../service/quote';
import { Session } from '../service/session';
import { Stop, type StopSignal } from '../service/stop';
import { asError } from '../service/thrown';
import { Backlog } from './backlog';
import { clientOf } from './connection';
import { keepCode } from './error-code';
import { describeSource, evaluateInputs, isLasting, sourcesOf, type Config } from './inputs';
import type { Home, NodeSpec, Task } from './node-spec';
import { checkOutput, Delivery, type Outcome } from './output';
import { readSettings, text } from './settings';
import { whenStarted } from './start';
import { StatusBoard, type StatusTexts, type Ticket } from './status';
import { storable, Vault } from './vault';

type Send = (msg: NodeMessage | (NodeMessage | null)[]) => void;
type Done = (error?: Error) => void;
/** What is done with a message that was kept, instead of the node's `run`. */
type Handler<S, T> = (task: Task<never, S, T>) => Promise<Outcome | undefined>;

/** A message on its way. */
interface Life {
  stop: Stop;
  /** It came in while the node held too many. */
  refused: boolean;
  /** Its request has not started yet. */
  ahead: boolean;
  /** What is left to do when the message has ended. */
  afterwards?: () => Promise<void>;
}

/** One deployed node: the life of its messages. */
export class Worker<I extends string, S extends object, T> {
  readonly #board: StatusBoard;
  readonly #sources: ReturnType<typeof sourcesOf<I>>;
  readonly #where: Record<I, string>;
  readonly #output: string;
  readonly #operation: OperationName;
  /** The message properties that the node reads. */
  readonly #read: string[];
  readonly #lives = new Map<Life, Promise<void>>();
  readonly #backlog = new Backlog();
  readonly #patient: boolean;
  readonly #closing = new AbortController();
  readonly #vaults: Vault[] = [];
  readonly #shared: T;

  constructor(
    private readonly RED: NodeAPI,
    private readonly node: Node,
    private readonly spec: NodeSpec<I, S, T>,
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
    this.#patient = spec.patient === true && names.every((name) => isLasting(this.#sources[name]));
    this.#shared = this.#share();
  }

  /** A message has come in; it begins at once, or when others have come further. */
  take(msg: NodeMessage, send: Send, done: Done): void {
    const refused = this.spec.always?.(msg) !== true && this.#isFull();
    const begin = (): void => this.#live(msg, send, done, refused);
    if (!this.#patient) {
      begin();
      return;
    }
    this.#backlog.add(begin, () => (refused ? undefined : this.#reserve()));
    this.#board.behind(this.#backlog.size);
  }

  /** The whole life of a message. Never rejects: in Node-RED a rejection that nobody takes ends the process. */
  #live(msg: NodeMessage, send: Send, done: Done, refused: boolean, kept?: Handler<S, T>): void {
    const life: Life = { stop: new Stop(), refused, ahead: this.#patient && kept === undefined };
    const ended = this.#run(msg, send, life, kept)
      .then(
        () => done(),
        (error: unknown) => this.#fail(msg, done, this.#report(msg, error)),
      )
      .catch((error: unknown) => this.node.error(quote(asError(error).message)))
      .then(() => life.afterwards?.())
      .finally(() => {
        this.#lives.delete(life);
        this.#proceed(life);
      });
    this.#lives.set(life, ended);
  }

  /** The next one may begin. */
  #proceed(life: Life): void {
    if (!life.ahead) return;
    life.ahead = false;
    this.#backlog.proceed();
    this.#board.behind(this.#backlog.size);
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
    for (const { stop } of this.#lives.keys()) stop.abort(reason);
    await Promise.all(this.#lives.values());
    if (removed) for (const vault of this.#vaults) vault.forget();
  }

  /** A setting that can't be used is reported with every message; it must not keep the node from being there. */
  #share(): T {
    try {
      return this.spec.share?.(this.#home()) as T;
    } catch (error) {
      if (error instanceof NrfCloudError) return undefined as T;
      throw error;
    }
  }

  #home(): Home<S, T> {
    const { RED, node } = this;
    const { signal } = this.#closing;
    return {
      settings: () => this.#settings(),
      session: (until) =>
        new Session(clientOf(RED, this.config['connection'], this.#operation), { signal: until, lane: node.id }),
      vault: (store, warning) => {
        const vault = new Vault(RED, node, store, warning);
        this.#vaults.push(vault);
        return vault;
      },
      onStarted: (start) => {
        const withdraw = whenStarted(RED.events, () => {
          start().catch((error: unknown) => node.error(quote(asError(error).message)));
        });
        signal.addEventListener('abort', withdraw, { once: true });
      },
      revive: (kept, run) => {
        const msg = kept as unknown as NodeMessage;
        const done: Done = (error) => {
          // Stopped again: it is kept, and will be taken up again.
          if (error !== undefined && !isClosed(error)) node.error(error, msg);
        };
        this.#live(msg, (out) => node.send(out), done, false, run);
      },
    };
  }

  async #run(msg: NodeMessage, send: Send, life: Life, kept?: Handler<S, T>): Promise<void> {
    const ticket = this.#board.begin();
    try {
      const delivery = new Delivery(this.RED, msg, send, this.#output, this.#read);
      const outcome = await this.#work(msg, delivery, life, ticket, kept);
      if (outcome !== undefined) delivery.sendOn(outcome);
      ticket.end();
    } catch (thrown) {
      const error = asError(thrown);
      ticket.end(error instanceof NrfCloudError ? error.code : UNEXPECTED);
      throw error;
    }
  }

  async #work(
    msg: NodeMessage,
    delivery: Delivery,
    life: Life,
    ticket: Ticket,
    kept?: Handler<S, T>,
  ): Promise<Outcome | undefined> {
    const { RED, spec, config } = this;
    const signal = life.stop;
    const operation = this.#operation;
    if (this.#closing.signal.aborted) throw closed(operation);
    if (life.refused) throw nodeFull(operation, this.#most());
    const client = clientOf(RED, config['connection'], operation);
    const settings = this.#settings();
    checkOutput(RED, msg, this.#output, operation);
    const task = {
      settings,
      shared: this.#shared,
      session: this.#session(client, life, ticket),
      signal,
      where: this.#where,
      snapshot: () => storable(msg),
      set: (property: string, value: unknown) => {
        (msg as unknown as Record<string, unknown>)[property] = value;
      },
      emit: (outcome: Outcome) => delivery.emit(outcome),
      waiting: (waiting: boolean) => ticket.waiting(waiting),
      progress: (words: string) => ticket.progress(words),
      describe: (texts: StatusTexts) => ticket.describe(texts),
      afterwards: (work: () => Promise<void>) => {
        life.afterwards = work;
      },
    };
    if (kept !== undefined) return kept({ ...task, inputs: {} });
    const evaluated = evaluateInputs(RED, this.node, this.#sources, msg, operation);
    return spec.run({ ...task, inputs: await unlessStopped(evaluated, signal, operation) });
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

  #session(client: Client, life: Life, ticket: Ticket): Session {
    return new Session(client, {
      signal: life.stop,
      lane: this.node.id,
      onWaiting: (waiting) => ticket.waiting(waiting),
      onStart: () => this.#proceed(life),
    });
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
    keepCode(error);
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

function unexpected(operation: OperationName, error: unknown): NrfCloudError {
  const { name, message: words } = asError(error);
  const why = quote(`${name}: ${words}`);
  const message = `${operation}: the message could not be handled (${why}); look at what it holds`;
  return new NrfCloudError(UNEXPECTED, message, { operation, attempts: 0 });
}

/** A promise, or the end of the flow, whichever comes first: a context store may never answer. */
function unlessStopped<T>(promise: Promise<T>, signal: StopSignal, operation: OperationName): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(closed(operation));
    signal.addEventListener('abort', stop, { once: true });
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
