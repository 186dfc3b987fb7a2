import type { StopSignal } from './stop';
import type { Complaint, Reply } from './usable';

/** On whose behalf a request is made. */
export interface Job {
  /** Aborted when the message's flow stops. */
  signal: StopSignal;
  /** Who asks; requests of different lanes take turns. */
  lane: unknown;
  /** Told when the request begins and stops to wait before a retry. */
  onWaiting?(waiting: boolean): void;
  /** Told whenever a request of this job starts. */
  onStart?(): void;
}

/** What an operation sends. */
export interface Call {
  id?: string;
  query?: URLSearchParams;
  json?: unknown;
  csv?: string | Buffer;
  /** Asks, after a reply was lost, whether the work was done: its answer then, or `undefined` if not or unknown. */
  lookup?: (job: Job) => Promise<Reply | undefined>;
  /** Which replies other than 2xx are an answer, too. */
  accept?: (reply: Reply) => boolean;
  complaint?: Complaint;
  /** Attempts after the first, instead of the connection's. */
  retries?: number;
}
