import type { AbortSignalLike } from '../util/abort';

/** On whose behalf a request is made. */
export interface RequestOwner {
  /** Aborted when the message's flow stops. */
  signal: AbortSignalLike;
  /** Which node requests; requests of different lanes take turns. */
  lane: unknown;
  /** When the message came in, of `performance.now()`; its wait during an outage counts from then. Default: the request. */
  receivedAt?: number | undefined;
  /** During an outage its requests that cannot start at once fail, instead of waiting. */
  failsInOutage?: boolean;
  /** Called when the request starts or stops waiting for a retry, a hold or an outage. */
  onWaiting?(waiting: boolean): void;
  /** Called whenever an attempt starts. */
  onStart?(): void;
}
