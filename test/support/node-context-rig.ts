import { EventEmitter } from 'node:events';
import type { NodeMessage } from 'node-red';
import { Client } from '../../nodes/api/client';
import { closed } from '../../nodes/api/errors';
import type { IncomingMessage } from '../../nodes/runtime/incoming-message';
import { NodeStore } from '../../nodes/runtime/journal/node-store';
import { NodeContext } from '../../nodes/runtime/node-context';
import type { PendingMessage } from '../../nodes/runtime/pending-messages';
import { stopClock, type Clock } from './clock';
import { FILE } from './node-store-rig';

type Begun = IncomingMessage<object, undefined>;
type Done = (error?: unknown, value?: unknown) => void;

/** How a node is deployed. */
interface Deployment {
  /** `default`: a store of the process; `file`: one that lasts; empty: the journal. */
  store?: string;
  resume?: boolean;
  keepsRecords?: boolean;
  settings?: () => object;
}

/** The context of one node, with a stopped clock and a runner that records what it gets. */
export class NodeContextRig {
  static #nodes = 0;
  readonly clock: Clock = stopClock();
  readonly events = new EventEmitter();
  /** What reached the node's log: the error and its message. */
  readonly errors: [error: unknown, msg: unknown][] = [];
  readonly warnings: string[] = [];
  /** What the node sent by itself. */
  readonly sent: unknown[] = [];
  /** The notes of the node's status. */
  readonly notes: string[] = [];
  /** What the node's status shows of its pending work. */
  readonly shown: unknown[] = [];
  /** The messages that began to end. */
  readonly begun: Begun[] = [];
  /** How the number of pending messages that the status shows has changed. */
  unpended = 0;
  /** Processes a message. */
  begin: (message: Begun) => Promise<void> = () => Promise.resolve();
  /** How reading a store that lasts goes wrong. */
  failure: Error | 'silence' | undefined;
  /** Which keys it goes wrong for. */
  failing = /./;
  /** How often records of a store that lasts were read. */
  reads = 0;
  /** What the store that lasts holds. */
  readonly kept = new Map<string, Record<string, unknown> | undefined>();
  /** Where the journal is; without one there is no journal. */
  userDir: string | undefined;
  readonly #id = `context ${NodeContextRig.#nodes++}`;
  #closing = new AbortController();
  #client: Client | undefined;

  /** Deploys the node. */
  open({ store = 'default', resume, keepsRecords = true, settings }: Deployment = {}): NodeContext<object, undefined> {
    const configuration = {
      RED: this.#RED,
      node: this.#node,
      operation: 'bulk status',
      settings: settings ?? (() => ({ store, resume })),
      connectionProblem: () => undefined,
      client: () => this.client,
      toReport: (error: Error, resumes: boolean) => Object.assign(error, { resumes }),
    };
    const display = {
      unpend: (change = -1) => (this.unpended += change),
      note: (key: string) => this.notes.push(key),
      setTrouble: (trouble: boolean) => this.shown.push(trouble),
      setPendingText: (text?: string) => this.shown.push(text),
    };
    const senderFor = (_msg: NodeMessage, send: (msg: unknown) => void): object => ({ emit: send });
    const begin = (message: Begun): Promise<void> => {
      this.begun.push(message);
      return this.begin(message);
    };
    const runner = { display, senderFor, begin };
    return new NodeContext(configuration as never, this.#closing.signal, runner as never, keepsRecords);
  }

  /** A client that nothing is sent with. */
  get client(): Client {
    const limits = { concurrency: 4, rate: 0, queueLimit: 100, timeout: 5, retries: 3 };
    return (this.#client ??= new Client({ baseUrl: 'http://127.0.0.1:9', api: 'guide', apiKey: 'key', ...limits }));
  }

  /** The records of the node, as a later run of it sees them. */
  store(name = 'default'): NodeStore {
    return new NodeStore(this.#RED as never, this.#node as never, name);
  }

  /** Holds a message. @param ended gets what Node-RED is told at its end */
  hold(
    context: NodeContext<object, undefined>,
    key: string,
    msg: NodeMessage = { _msgid: key },
    ended: unknown[] = [],
  ): Promise<PendingMessage> {
    const done = (error?: Error): void => void ended.push(error);
    return context.pending.hold(key, msg, {}, () => undefined, done);
  }

  /** Stops the flow and starts its work anew: what is recorded is taken up. */
  async resumed(context: NodeContext<object, undefined>): Promise<PendingMessage[]> {
    const taken: PendingMessage[] = [];
    context.onRecords((_state, pending) => void taken.push(pending));
    this.events.emit('flows:started');
    await this.clock.pass(400, 50);
    return taken;
  }

  /** The error of a flow that was stopped. */
  get stopped(): Error {
    return closed('bulk status');
  }

  /** Stops the nodes that are deployed. */
  stop(): void {
    this.#closing.abort();
    this.#closing = new AbortController();
  }

  async close(): Promise<void> {
    this.failure = undefined;
    this.#closing.abort();
    await this.#client?.close();
    this.clock.restore();
  }

  get #RED(): object {
    return {
      events: this.events,
      settings: { contextStorage: FILE, userDir: this.userDir },
      log: { warn: () => undefined },
    };
  }

  readonly #context = {
    set: (key: string, value: Record<string, unknown> | undefined, _store: string, done: Done): void => {
      if (value === undefined) this.kept.delete(key);
      else this.kept.set(key, value);
      done();
    },
    get: (key: string, _store: string, done: Done): void => {
      if (!key.includes('#lease-')) this.reads++;
      const failure = this.failing.test(key) ? this.failure : undefined;
      if (failure !== 'silence') done(failure, this.kept.get(key));
    },
    keys: (_store: string, done: Done): void => done(undefined, [...this.kept.keys()]),
  };

  readonly #node = {
    id: this.#id,
    context: () => this.#context,
    warn: (words: string) => this.warnings.push(words),
    error: (error: unknown, msg: unknown) => this.errors.push([error, msg]),
    send: (msg: unknown) => this.sent.push(msg),
  };
}
