import type { RequestOwner } from '../http/request-owner';
import type { NodeMessage } from 'node-red';
import type { Api } from '../api/api';
import { Abort } from '../util/abort';
import type { Task } from './node-definition';
import type { ResultSender, Result } from './output';
import type { StatusTexts, MessageStatus } from './status';
import { toStorable } from './context-store';

/** What the lives of one node's messages have in common. */
export interface SharedTaskContext<I extends string, T> {
  /** The node's id: its requests take turns with those of other nodes. */
  lane: string;
  where: Record<I, string>;
  shared: T;
  /** Told when a message that others wait behind lets the next one begin. */
  onProceed: () => void;
}

/**
 * A message on its way through its node: what its handler works with, and on whose behalf its requests are made. A class,
 * as a dozen functions for each message would be a tenth of what it costs.
 */
export class MessageTask<I extends string, S, T> implements Task<I, S, T>, RequestOwner {
  readonly signal = new Abort();
  /** These three are there when the handler is called. */
  inputs!: Record<I, unknown>;
  settings!: S;
  api!: Api;
  /** What is left to do when the message has ended. */
  rest: (() => Promise<void>) | undefined;

  /**
   * @param refused it came in while the node held too many
   * @param ahead others wait until its request has started
   */
  constructor(
    private readonly msg: NodeMessage,
    private readonly common: SharedTaskContext<I, T>,
    readonly delivery: ResultSender,
    readonly ticket: MessageStatus,
    readonly refused: boolean,
    private ahead: boolean,
  ) {}

  get lane(): string {
    return this.common.lane;
  }

  get source(): Record<I, string> {
    return this.common.where;
  }

  get state(): T {
    return this.common.shared;
  }

  snapshot(): Record<string, unknown> {
    return toStorable(this.msg);
  }

  set(property: string, value: unknown): void {
    (this.msg as unknown as Record<string, unknown>)[property] = value;
  }

  emit(outcome: Result): Promise<void> | undefined {
    return this.delivery.emit(outcome);
  }

  waiting(waiting: boolean): void {
    this.ticket.waiting(waiting);
  }

  progress(text: string): void {
    this.ticket.progress(text);
  }

  describe(texts: StatusTexts): void {
    this.ticket.describe(texts);
  }

  afterEnd(work: () => Promise<void>): void {
    this.rest = work;
  }

  onWaiting(waiting: boolean): void {
    this.ticket.waiting(waiting);
  }

  /** Its request has started, or it has ended without one: the next message may begin. */
  onStart(): void {
    if (!this.ahead) return;
    this.ahead = false;
    this.common.onProceed();
  }
}
