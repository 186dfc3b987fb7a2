import type { NodeMessage } from 'node-red';
import type { PENDING, Task } from './node-definition';
import type { Result } from './output';

/** Node-RED's functions that come with a message. */
export type Send = (msg: NodeMessage | (NodeMessage | null)[]) => void;
export type Done = (error?: Error) => void;

/** The values of a node's inputs for one message; a promise only if one of them has to be waited for. */
export type Inputs<I extends string = string> = Record<I, unknown> | Promise<Record<I, unknown>>;

/** What is done with a message instead of the node's `run`. */
export type Handler<S, T> = (task: Task<never, S, T>) => Promise<Result | typeof PENDING | undefined>;

/** A message that has come in, or that was pending and ends now. */
export interface IncomingMessage<S, T> {
  msg: NodeMessage;
  send: Send;
  done: Done;
  /** It came in while the node held too many. */
  refused: boolean;
  /** When it came in, of `performance.now()`; absent for a message that was pending. */
  receivedAt?: number;
  /** Set for a message that waits to begin: its inputs as they were on arrival, or the error that they gave. */
  inputs?: () => Inputs;
  /** Set for a message that was pending. */
  handler?: Handler<S, T>;
  /** It is recorded: if it is stopped, its work continues after the restart. */
  resumes?: boolean;
  /** Called when it is recorded, or has ended: the node that sent it need not keep it any longer. */
  onRecorded?: (() => void) | undefined;
  /** Called when a message that was pending has ended. */
  onEnd?: () => Promise<void>;
}
