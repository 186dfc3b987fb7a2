import type { OperationName } from '../api/endpoints';
import type { Api } from '../api/api';
import type { AbortSignalLike } from '../util/abort';
import type { Config, InputSpec } from './inputs';
import type { Result } from './output';
import type { Settings } from './settings';
import type { StatusTexts } from './status';
import type { ContextStore } from './context-store';

/** What a node's handler gets for one message: plain values, and ways to tell what goes on. */
export interface Task<I extends string, S, T = undefined> {
  inputs: Record<I, unknown>;
  settings: S;
  /** What the messages of this node share; see {@link NodeDefinition.createState}. */
  state: T;
  api: Api;
  /** Aborted when the flow is stopped. */
  signal: AbortSignalLike;
  /** Where each input comes from, in words for an error. */
  source: Record<I, string>;
  /** The message as a store can keep it: plain JSON, without `req` and `res`. */
  snapshot(): Record<string, unknown>;
  /** Sets a message property at once, so that a failure's message has it too. */
  set(property: string, value: unknown): void;
  /**
   * Sends a copy of the message with a result, before the message's end. Wait for what it returns: every so often it
   * lets the next nodes do their work, so that a long sequence neither piles up nor blocks.
   */
  emit(outcome: Result): Promise<void> | undefined;
  /** Shows in the status that nothing can be done but wait, or that it goes on. */
  waiting(waiting: boolean): void;
  /** Shows in the status what has been done so far. */
  progress(text: string): void;
  /** Other status texts for this message than the node's, when the message says what is done. */
  describe(texts: StatusTexts): void;
  /**
   * Leaves work for when the result has left, or the failure was reported: what must not be forgotten before that. It
   * must not fail; a stop of the flow waits for it.
   */
  afterEnd(work: () => Promise<void>): void;
}

/** A node type: its inputs and settings as data, and what it does with one message. */
export interface NodeDefinition<I extends string, S extends object, T = undefined> {
  type: string;
  /** Stands in errors that are found before the handler runs. */
  operation: OperationName | ((config: Config) => OperationName);
  inputs: Record<I, InputSpec>;
  settings: Settings<S>;
  status: StatusTexts | ((config: Config) => StatusTexts);
  /** Which messages are taken however many are held, because they let others go. */
  always?: (msg: object) => boolean;
  /** Its messages do nothing before their request, and so may wait to begin; see `Backlog`. */
  mayQueue?: boolean;
  /** Makes, when the node is deployed, what all its messages share. */
  createState?: (home: NodeContext<NoInfer<S>, NoInfer<T>>) => T;
  /** Does the work; what it returns is sent on in the message itself, nothing if `undefined`. */
  run: (task: Task<NoInfer<I>, NoInfer<S>, NoInfer<T>>) => Promise<Result | undefined>;
}

/** What a deployed node gives to what its messages share. */
export interface NodeContext<S, T> {
  /** The node's settings. @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` when one can't be used */
  settings: () => S;
  /**
   * Asks the service on behalf of the node itself, until the signal. However many ask at once, each begins only a little
   * ahead of its request: what it holds until the answer is large beside a watch, and ten thousand may be due together.
   * @throws {NrfCloudError} `NRFCLOUD_NOT_CONFIGURED`, and what `work` throws
   */
  request: <R>(signal: AbortSignalLike, work: (api: Api) => Promise<R>) => Promise<R>;
  /**
   * A place that survives restarts, in one of Node-RED's context stores (`''` = the default one).
   * @param warning what to say, once, when the store does not survive them
   */
  openStore: (store: string, warning: string) => ContextStore;
  /** Calls back when all nodes of the flows are there, so that what is sent arrives. */
  onStarted: (start: () => Promise<void>) => void;
  /**
   * Takes up a message that was kept: it lives like any other, but its failure reaches Catch without an input of its own.
   */
  resume: (msg: Record<string, unknown>, run: (task: Task<never, S, T>) => Promise<Result | undefined>) => void;
}
