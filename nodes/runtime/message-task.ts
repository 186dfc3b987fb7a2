import type { NodeMessage } from 'node-red';
import type { Api } from '../api/api';
import type { OperationName } from '../api/endpoints';
import { invalidInput } from '../api/errors';
import type { NrfCloudError } from '../api/errors';
import type { RequestOwner } from '../http/request-owner';
import { Abort } from '../util/abort';
import type { NodeContext } from './node-context';
import { propertyOf, secretProperties, type Source } from './inputs';
import type { RecordState } from './journal/record-store';
import type { RecordOptions, Task } from './node-definition';
import type { Done, Send } from './incoming-message';
import type { Result, ResultSender } from './output';
import type { HoldOptions, PendingMessage } from './pending-messages';
import { fixedFields, recordParts, toRecord } from './recorded-message';
import type { Ending, MessageStatus, StatusTexts } from './status';

/** What the tasks of one node have in common. */
export interface SharedTaskContext<I extends string, S extends object, T> {
  /** The node's id: its requests take turns with those of other nodes. */
  lane: string;
  /** Of the inputs that are used. */
  sources: Readonly<Partial<Record<I, Source>>>;
  /** The same, in words for an error. */
  source: Record<I, string>;
  operation: OperationName;
  /** What the node's messages share. */
  state: T;
  context: NodeContext<S, T>;
  /** Called when a message that others wait behind lets the next one begin. */
  onProceed: () => void;
}

/**
 * A message on its way through its node: what its handler works with, and on whose behalf its requests are made. A class,
 * as a dozen functions for each message would be a tenth of what it costs.
 */
export class MessageTask<I extends string, S extends object, T> implements Task<I, S, T>, RequestOwner {
  readonly signal = new Abort();
  /** These three are set before the handler is called. */
  inputs!: Record<I, unknown>;
  settings!: S;
  api!: Api;
  connectionProblem: NrfCloudError | undefined;
  resumes = false;
  receivedAt: number | undefined;
  failsInOutage = false;
  /** Of the record of work that the handler does. */
  recordKey: string | undefined;
  /** Called when the message is recorded. */
  onRecorded: (() => void) | undefined;
  /** The record is removed after it. */
  handedOver: Promise<void> | undefined;
  #record: RecordState = {};

  /** @param ahead others wait until its request has started */
  constructor(
    private readonly shared: SharedTaskContext<I, S, T>,
    private readonly msg: NodeMessage,
    private readonly send: Send,
    private readonly done: Done,
    readonly sender: ResultSender,
    readonly status: MessageStatus,
    private ahead: boolean,
  ) {}

  get lane(): string {
    return this.shared.lane;
  }

  get source(): Record<I, string> {
    return this.shared.source;
  }

  get state(): T {
    return this.shared.state;
  }

  set(property: string, value: unknown): void {
    // One that is read-only must not end the message.
    Reflect.set(this.msg, property, value);
  }

  get(property: string): unknown {
    try {
      return (this.msg as unknown as Record<string, unknown>)[property];
    } catch {
      // A getter of the message throws whatever it likes.
      throw invalidInput(this.shared.operation, `msg.${property} cannot be read; set it to a plain value`);
    }
  }

  emit(result: Result): Promise<void> | undefined {
    // A message with results that is not recorded yet (a dry run) never is.
    this.onRecorded?.();
    return this.sender.emit(result);
  }

  waiting(waiting: boolean): void {
    this.status.waiting(waiting);
  }

  progress(text: string): void {
    this.status.progress(text);
  }

  describe(texts: StatusTexts): void {
    this.status.describe(texts);
  }

  failAs(ending: Ending): void {
    this.status.failAs(ending);
  }

  hold(key: string, state: Record<string, unknown>, options?: HoldOptions): Promise<PendingMessage> {
    return this.shared.context.pending.hold(key, this.msg, state, this.send, this.done, options);
  }

  async holdWork(key: string, work: RecordState): Promise<PendingMessage> {
    await this.saveWork(work);
    const record = this.recordKey === undefined ? undefined : this.#record;
    this.recordKey = undefined;
    return this.shared.context.pending.adopt(key, this.msg, record, this.send, this.done);
  }

  async recordWork(
    key: string,
    work: RecordState,
    { parts = [], replaced = [], secret = [] }: RecordOptions<I> = {},
  ): Promise<void> {
    const { store } = this.shared.context;
    if (store === undefined) return;
    const recorded = toRecord(this.msg, [
      ...this.#sourcesOf(replaced).flatMap((source) => propertyOf(source) ?? []),
      ...this.#sourcesOf(secret).flatMap((source) => secretProperties(source, this.msg)),
    ]);
    store.reportTooLarge(recorded.tooLarge);
    this.#record = recorded.record;
    this.resumes = await store.create(key, { ...this.#record, work }, recordParts(recorded, parts));
    if (this.resumes) this.recordKey = key;
    this.onRecorded?.();
  }

  continueWork(key: string, state: RecordState): void {
    this.#record = fixedFields(state);
    this.recordKey = key;
    this.resumes = state['work'] !== undefined;
  }

  async saveWork(work: RecordState): Promise<boolean> {
    if (this.recordKey === undefined) return true;
    return (await this.shared.context.store?.update(this.recordKey, { ...this.#record, work })) ?? true;
  }

  keepRecordUntil(recorded: Promise<void>): void {
    this.handedOver = recorded;
  }

  onWaiting(waiting: boolean): void {
    this.status.waiting(waiting);
  }

  /** Its request has started, or it has ended without one: the next message may begin. */
  onStart(): void {
    if (!this.ahead) return;
    this.ahead = false;
    this.shared.onProceed();
  }

  #sourcesOf(inputs: readonly I[]): Source[] {
    return inputs.flatMap((name) => this.shared.sources[name] ?? []);
  }
}
