import { isBulkResult, operationIdOf } from '../api/bulk';
import { limitBody } from '../api/error-mapping';
import { invalidInput, NrfCloudError, saysNotFound } from '../api/errors';
import type { ApiResponse } from '../api/request';
import { describeType, isObject } from '../util/json';
import { sanitize } from '../util/sanitize';
import { isPendingStatus } from './pending-status';
import { isFinal, MAX_UNKNOWN_MS, RefusedKey } from './poll-errors';
import type { PollTarget } from './poller';
import type { RunningClock } from './running-clock';

/** What a message requests: an id to watch, or to watch no longer, or a result that is there already. */
export type BulkStatusRequest =
  { kind: 'cancel'; id: string } | { kind: 'result'; result: Record<string, unknown> } | { kind: 'watch'; id: string };

/**
 * Reads what a message requests.
 * @param source names the operation's source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function readBulkStatusRequest(operation: unknown, cancel: unknown, source: string): BulkStatusRequest {
  const id = typeof operation === 'string' ? operation.trim() : operationIdOf(operation);
  if (id !== undefined && id !== '') return { kind: cancel === true ? 'cancel' : 'watch', id };
  if (isBulkResult(operation) && cancel !== true) return { kind: 'result', result: operation };
  throw invalidInput('bulk status', `${source} ${whatElse(operation)}`);
}

function whatElse(operation: unknown): string {
  const todo = 'enter the bulkOpsRequestId of a bulk operation, or wire output 1 of bulk claim into this node';
  if (operation === undefined || operation === null) return `is missing; ${todo}`;
  if (operation === '') return `is empty; ${todo}`;
  if (!isObject(operation)) return `is ${describeType(operation)}; ${todo}`;
  const isSummary = 'uploaded' in operation && 'rejected' in operation;
  if (isSummary) return 'is the summary of bulk claim (output 3); wire its output 1 into this node';
  return `has no bulkOpsRequestId; ${todo}`;
}

/** Whether a field holds a time in either form in which services write one. */
function hasTime(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || (typeof value === 'number' && value > 0);
}

/** A message that waits for the end of an operation. */
export interface Watcher {
  /** When to give up, on the node's clock; `null` = never. */
  deadline: number | null;
  /** When it began to wait, on the node's clock. */
  begunAt: number;
  /** The status that was reported last. */
  status: string | null;
  /** The operation has another status, which `status` says already. */
  onChange(response: ApiResponse): void;
  /** The operation ended. */
  onEnd(response: ApiResponse): void;
  /** The watch ended without a result. */
  onFailure(error: Error): void;
}

/** Statuses that end an operation (guide); any other one ends it if it has `completedAt` (our choice). */
const ENDED = new Set(['SUCCEEDED', 'FAILED']);

/** An id of the service (guide); anything else may be a secret that came here by mistake. */
const OPERATION_ID = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** What is known of a poll, for the error of a timeout. */
type Facts = Partial<NrfCloudError['cause']>;

/** One bulk operation and all messages that wait for it: it is polled once for all of them. */
export class WatchedOperation implements PollTarget {
  /** Replaced by each change: an array of one element's size, as ten thousand operations may be pending. */
  #watchers: readonly Watcher[] = [];
  #polls = 0;
  #lastStatus: unknown;
  #error: NrfCloudError | undefined;
  readonly #refusedKey = new RefusedKey();

  /** @param onTrouble called when polling fails, and when it works again */
  constructor(
    readonly id: string,
    readonly interval: number,
    readonly maxInterval: number,
    private readonly clock: RunningClock,
    private readonly onTrouble: (trouble: boolean) => void,
  ) {}

  /** Milliseconds until the first deadline. */
  nextWithin(): number | undefined {
    if (this.#isNotConfigured) return undefined;
    let first = Infinity;
    for (const { deadline } of this.#watchers) if (deadline !== null && deadline < first) first = deadline;
    return first === Infinity ? undefined : Math.max(0, first - this.clock.now());
  }

  /** All messages that wait for it. */
  get watchers(): readonly Watcher[] {
    return this.#watchers;
  }

  /** Another message waits, too. */
  add(watcher: Watcher): void {
    // An array literal with a spread in it gets places for sixteen more.
    this.#watchers = this.#watchers.concat(watcher);
  }

  /** A message waits no longer. */
  remove(watcher: Watcher): void {
    this.#watchers = this.#watchers.filter((other) => other !== watcher);
  }

  onResponse(response: ApiResponse, startedAt: number): boolean {
    this.#polls++;
    this.#refusedKey.reset();
    this.#setError(undefined);
    const body = response.body as Record<string, unknown>;
    const status = typeof body['status'] === 'string' ? body['status'] : '';
    this.#lastStatus = body['status'];
    const word = status.toUpperCase();
    if (ENDED.has(word) || (!isPendingStatus(status) && hasTime(body['completedAt']))) {
      this.#endAll((watcher) => watcher.onEnd(response));
      return false;
    }
    for (const watcher of this.#watchers) {
      if (watcher.status === status) continue;
      watcher.status = status;
      watcher.onChange(response);
    }
    return this.#judge(startedAt, { statusCode: response.statusCode, body: response.body });
  }

  onError(thrown: Error, startedAt: number): boolean {
    this.#polls++;
    const error = thrown instanceof NrfCloudError ? thrown : undefined;
    const now = this.clock.at(startedAt);
    if (error === undefined) {
      // A defect of this package: it is reported, and not repeated for ever.
      this.#endAll((watcher) => watcher.onFailure(thrown));
      return false;
    }
    this.#setError(error);
    const persists = this.#refusedKey.persists(error, now);
    for (const watcher of this.#watchers) {
      const isLost = saysNotFound(error) && now - watcher.begunAt >= MAX_UNKNOWN_MS;
      if (persists || isLost || isFinal(error)) this.#end(watcher, () => watcher.onFailure(error));
    }
    // Work waits as long as there is no connection, whatever its timeout.
    return this.#isNotConfigured || this.#judge(startedAt, error.cause);
  }

  get #isNotConfigured(): boolean {
    return this.#error?.code === 'NRFCLOUD_NOT_CONFIGURED';
  }

  /** No message waits for it any more. */
  dispose(): void {
    this.#setError(undefined);
  }

  /**
   * Ends those whose time had passed when the poll began.
   * @param facts of the poll, for the error
   * @returns whether anyone still waits
   */
  #judge(startedAt: number, facts: Facts): boolean {
    const began = this.clock.at(startedAt);
    for (const watcher of this.#watchers) {
      if (watcher.deadline === null || watcher.deadline > began) continue;
      this.#end(watcher, () => watcher.onFailure(this.#timeout(facts)));
    }
    return this.#watchers.length > 0;
  }

  #endAll(settle: (watcher: Watcher) => void): void {
    for (const watcher of this.#watchers) this.#end(watcher, () => settle(watcher));
  }

  #end(watcher: Watcher, settle: () => void): void {
    this.remove(watcher);
    settle();
  }

  #setError(error: NrfCloudError | undefined): void {
    const changed = (this.#error === undefined) !== (error === undefined);
    this.#error = error;
    if (changed) this.onTrouble(error !== undefined);
  }

  #timeout(facts: Facts): NrfCloudError {
    const status = this.#lastStatus;
    const why =
      this.#error === undefined
        ? `its last status is ${typeof status === 'string' ? sanitize(status) : 'not known'}`
        : `the service could not be asked: ${this.#error.message}`;
    const id = OPERATION_ID.test(this.id) ? this.id : sanitize(this.id);
    const body = facts.body === undefined ? {} : { body: limitBody(facts.body) };
    return new NrfCloudError(
      'NRFCLOUD_TIMEOUT',
      `bulk status: the operation ${id} did not end in time (${why}); raise the timeout of the node, or send the message again later`,
      { ...facts, ...body, operation: 'bulk status', attempts: this.#polls },
    );
  }
}
