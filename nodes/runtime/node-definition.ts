import type { NodeAPI } from 'node-red';
import type { Api } from '../api/api';
import type { OperationName } from '../api/endpoints';
import type { NrfCloudError } from '../api/errors';
import type { AbortSignalLike } from '../util/abort';
import type { Config, InputSpec } from './inputs';
import type { NodeContext } from './node-context';
import type { RecordParts, RecordState } from './journal/record-store';
import type { Result } from './output';
import type { HoldOptions, PendingMessage } from './pending-messages';
import type { Settings } from './settings';
import type { Ending, StatusTexts } from './status';

/** What `run` returns for a message that was handed to the node's pending messages, which end it later. */
export const PENDING = Symbol('pending');

/** How a message is recorded whose work its handler does. */
export interface RecordOptions<I extends string> {
  /** Large values that belong to the work, after those of the message. */
  parts?: RecordParts;
  /** Inputs whose values are in the parts: the message properties that they are, or are in, are not recorded. */
  replaced?: readonly I[];
  /** Inputs whose values must not be recorded, nor any message property that they may be made of. */
  secret?: readonly I[];
}

/** What a node's handler gets for one message: plain values, and ways to report progress. */
export interface Task<I extends string, S, T = undefined> {
  /** An input that the configuration does not use is `undefined`. */
  inputs: Record<I, unknown>;
  settings: S;
  /** What the messages of this node share; see {@link NodeDefinition.createState}. */
  state: T;
  api: Api;
  /** Why there is no `api`; only with {@link NodeDefinition.worksWithoutConnection}. */
  connectionProblem: NrfCloudError | undefined;
  /** Aborted when the flow is stopped. */
  signal: AbortSignalLike;
  /** Set when the work is recorded: if the flow is stopped, it continues after the restart. */
  resumes: boolean;
  /** Where each input comes from, in words for an error. */
  source: Record<I, string>;
  /** Sets a message property at once, so that the message of an error has it too. */
  set(property: string, value: unknown): void;
  /** Reads a message property. */
  get(property: string): unknown;
  /**
   * Sends a copy of the message with a result before the message ends. Await what it returns: every so often it lets the
   * next nodes do their work, so that a long sequence neither piles up nor blocks.
   */
  emit(result: Result): Promise<void> | undefined;
  /** Shows in the status that the message waits, or that it goes on. */
  waiting(waiting: boolean): void;
  /** Shows in the status what has been done so far, as a number or with a symbol, as it is not translated. */
  progress(text: string): void;
  /** Other status texts for this message than the node's, when the message says what is done. */
  describe(texts: StatusTexts): void;
  /** How the status shows the end if the message ends in an error; without it, in red with the error. */
  failAs(ending: Ending): void;
  /**
   * Records the message as pending work, and keeps it until {@link NodeContext.end}; `run` then returns {@link PENDING}.
   * @param state what is needed to continue after a restart
   */
  hold(key: string, state: Record<string, unknown>, options?: HoldOptions): Promise<PendingMessage>;
  /**
   * Makes work that {@link recordWork} recorded pending; `run` then returns {@link PENDING}.
   * @param key that of the record
   */
  holdWork(key: string, work: RecordState): Promise<PendingMessage>;
  /** Records work that this handler does, so that a restart continues it. */
  recordWork(key: string, work: RecordState, options?: RecordOptions<I>): Promise<void>;
  /** Goes on with work that was recorded before a restart. */
  continueWork(key: string, record: RecordState): void;
  /**
   * Records how far the work has come.
   * @returns when it survives a crash; false if another instance has taken the work over, so that this one must stop
   */
  saveWork(work: RecordState): Promise<boolean>;
  /** When the message ends, the record stays until then: a crash in between continues the work. */
  keepRecordUntil(recorded: Promise<void>): void;
}

/** A node type: its inputs and settings as data, and what it does with one message. */
export interface NodeDefinition<I extends string, S extends object, T = undefined> {
  /** Stands in errors that are found before the handler runs. */
  operation: OperationName | ((config: Config) => OperationName);
  inputs: Record<I, InputSpec>;
  /** Whether an input is used with this configuration: hidden fields of a dialog are not evaluated. Default: all are. */
  usesInput?: (name: NoInfer<I>, config: Config) => boolean;
  settings: Settings<S>;
  status: StatusTexts | ((config: Config) => StatusTexts);
  /** The default of the `output` property. */
  output?: string;
  /**
   * Messages with `msg.cancel` are taken however many are held, because they let others go, and also if the connection cannot
   * be used; they have no `api` then.
   */
  canCancel?: boolean;
  /** Its messages do nothing before their request, and so may wait to begin; see `StartQueue`. */
  mayQueue?: boolean;
  /**
   * During an outage each request of a message waits as long as is configured, since others go on after it has failed.
   * Without this the message waits that long, however many requests it makes.
   */
  requestsWaitAlone?: boolean;
  /** During an outage its requests that cannot start at once fail, instead of waiting as long as is configured. */
  failsInOutage?: boolean;
  /** Makes, when the node is deployed, what all its messages share. */
  createState?: (context: NodeContext<NoInfer<S>, NoInfer<T>>, RED: NodeAPI) => T;
  /** Its handler also runs if the connection cannot be used; without this the message ends in an error. */
  worksWithoutConnection?: boolean;
  /** Does the work; what it returns is sent on in the message itself, nothing if `undefined`. */
  run: (task: Task<NoInfer<I>, NoInfer<S>, NoInfer<T>>) => Promise<Result | typeof PENDING | undefined>;
}
