import type { Command } from '../api/commands';
import { limitBody } from '../api/error-mapping';
import { NrfCloudError } from '../api/errors';
import type { ApiResponse } from '../api/request';
import { sanitize } from '../util/sanitize';
import { hasEnded, hasSucceeded, HOW_TO_CONTACT, reasonOf } from './command-end';
import { isFinal, MAX_UNKNOWN_MS, RefusedKey } from './poll-errors';
import type { PollTarget } from './poller';
import type { RunningClock } from './running-clock';

/** A command that is watched, and when to give up. */
export interface CommandWatch {
  deviceId: string;
  commandId: string;
  /** On the node's clock; `null` = never. */
  deadline: number | null;
  /** When the watch began, on the node's clock. */
  begunAt: number;
  /** ISO 8601. */
  createdAt: string;
  /** The status that was reported last. */
  status: string | null;
}

/** What became of a command. */
export interface CommandResult {
  payload: { id: string; deviceId: string; status: string; response?: unknown; reason?: string };
  statusCode: number;
  hasSucceeded: boolean;
}

/** Called when something happens to a command. */
export interface CommandCallbacks {
  onChange: (result: CommandResult) => void;
  onEnd: (result: CommandResult) => void;
  onFailure: (error: Error) => void;
  /** Polling fails, or works again. */
  onTrouble: (trouble: boolean) => void;
}

/** The status that is reported for a command that the service does not know any more (our choice). */
const REMOVED = 'REMOVED';
/** Watches one command until the device has run it. */
export class WatchedCommand implements PollTarget {
  #polls = 0;
  #wasMissing = false;
  #wasSeen: boolean;
  #last: ApiResponse | undefined;
  #error: NrfCloudError | undefined;
  readonly #refusedKey = new RefusedKey();

  constructor(
    /** Unique in its node. */
    readonly id: string,
    readonly interval: number,
    readonly maxInterval: number,
    readonly watch: CommandWatch,
    private readonly clock: RunningClock,
    private readonly callbacks: CommandCallbacks,
  ) {
    this.#wasSeen = watch.status !== null;
  }

  /** Milliseconds until the deadline; `undefined` if there is none, or if it is not judged without a connection. */
  nextWithin(): number | undefined {
    const { deadline } = this.watch;
    return deadline === null || this.#isNotConfigured ? undefined : Math.max(0, deadline - this.clock.now());
  }

  /** @param response its body is `undefined` if the device has no such command (any more) */
  onResponse(response: ApiResponse, startedAt: number): boolean {
    this.#polls++;
    this.#refusedKey.reset();
    this.#setError(undefined);
    const command = response.body as Command | undefined;
    if (command === undefined) return this.#onMissing(response, startedAt);
    this.#last = response;
    this.#wasSeen = true;
    this.#wasMissing = false;
    const { watch } = this;
    if (hasEnded(command)) {
      this.callbacks.onEnd(this.#resultOf(command, response.statusCode));
      return false;
    }
    if (watch.status !== command.status) {
      watch.status = command.status;
      this.callbacks.onChange(this.#resultOf(command, response.statusCode));
    }
    return this.#judge(startedAt);
  }

  onError(thrown: Error, startedAt: number): boolean {
    this.#polls++;
    const error = thrown instanceof NrfCloudError ? thrown : undefined;
    this.#setError(error);
    const now = this.clock.at(startedAt);
    if (error === undefined || isFinal(error) || this.#refusedKey.persists(error, now)) {
      this.callbacks.onFailure(thrown);
      return false;
    }
    // Work waits as long as there is no connection, whatever its timeout.
    return this.#isNotConfigured || this.#judge(startedAt);
  }

  get #isNotConfigured(): boolean {
    return this.#error?.code === 'NRFCLOUD_NOT_CONFIGURED';
  }

  /** It is not watched any more. */
  dispose(): void {
    this.#setError(undefined);
  }

  /** A new command may not be visible yet; one that was there and is missing twice was removed. */
  #onMissing({ statusCode }: ApiResponse, startedAt: number): boolean {
    const isNew = !this.#wasSeen && this.clock.at(startedAt) - this.watch.begunAt < MAX_UNKNOWN_MS;
    const isRemoved = !isNew && (this.#wasMissing || !this.#wasSeen);
    this.#wasMissing = true;
    if (!isRemoved) return this.#judge(startedAt);
    const { deviceId, commandId: id } = this.watch;
    const reason =
      'the command disappeared: an earlier command of the device probably failed, which removes those after it; look at the earlier commands, and send them again';
    this.callbacks.onEnd({ payload: { id, deviceId, status: REMOVED, reason }, statusCode, hasSucceeded: false });
    return false;
  }

  #resultOf(command: Command, statusCode: number): CommandResult {
    const { deviceId, commandId: id } = this.watch;
    const { status, response } = command;
    const isEnd = hasEnded(command);
    const succeeded = hasSucceeded(command);
    const payload = {
      id,
      deviceId,
      status,
      ...(isEnd && response !== undefined ? { response } : {}),
      ...(isEnd && !succeeded ? { reason: reasonOf(command) } : {}),
    };
    return { payload, statusCode, hasSucceeded: succeeded };
  }

  /** Gives up if the time had passed when the poll began. @returns whether it is polled again */
  #judge(startedAt: number): boolean {
    const { deadline } = this.watch;
    if (deadline === null || deadline > this.clock.at(startedAt)) return true;
    this.callbacks.onFailure(this.#timeout());
    return false;
  }

  #setError(error: NrfCloudError | undefined): void {
    const changed = (this.#error === undefined) !== (error === undefined);
    this.#error = error;
    if (changed) this.callbacks.onTrouble(error !== undefined);
  }

  #timeout(): NrfCloudError {
    const { commandId, createdAt, status } = this.watch;
    const why =
      this.#error === undefined
        ? `its status is ${status === null || status === '' ? 'not known' : sanitize(status)} since ${createdAt}`
        : `the service could not be asked: ${this.#error.message}`;
    const facts =
      this.#error?.cause ?? (this.#last && { statusCode: this.#last.statusCode, body: limitBody(this.#last.body) });
    return new NrfCloudError(
      'NRFCLOUD_TIMEOUT',
      `get command: the device did not run the command ${sanitize(commandId)} in time (${why}); make it contact the service: ${HOW_TO_CONTACT}`,
      { ...facts, operation: 'get command', attempts: this.#polls },
    );
  }
}
