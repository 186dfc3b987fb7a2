import { randomUUID } from 'node:crypto';
import { getCommand } from '../api/commands';
import { closed, hasCode } from '../api/errors';
import { interruptedCreation, sendCommand, type CheckedCommand } from '../operations/command';
import { Poller } from '../operations/poller';
import type { RunningClock } from '../operations/running-clock';
import { WatchedCommand, type CommandResult, type CommandWatch } from '../operations/watched-command';
import { endCancelled } from '../runtime/cancelled';
import { recordedWork } from '../runtime/journal/damaged-record';
import type { RecordState } from '../runtime/journal/record-store';
import type { NodeContext } from '../runtime/node-context';
import { PENDING, type Task } from '../runtime/node-definition';
import type { Result } from '../runtime/output';
import type { PendingMessage } from '../runtime/pending-messages';
import { createClock, restoreClock } from './node-clock';

export interface CommandSettings {
  wait: boolean;
  interval: number;
  maxInterval: number;
  timeout: number;
  resume: boolean;
  store: string;
}

type CommandTask = Task<never, CommandSettings, CommandTracker>;
/** Inputs that hold the request of a command, or secrets in it. */
const REQUEST_INPUTS = ['content', 'requestInput', 'command'] as const;
type CreationTask = Task<(typeof REQUEST_INPUTS)[number], CommandSettings, CommandTracker>;
/** The types of what a record holds of a command, before and after its creation. */
const INTENT_FIELDS = { deviceId: ['string'], commandId: ['string', 'undefined'] } as const;
const WATCH_FIELDS = {
  deadline: ['number', 'null'],
  begunAt: ['number'],
  createdAt: ['string'],
  status: ['string', 'null'],
} as const;

/** Creates the commands of one node and waits for their ends, over restarts. */
export class CommandTracker {
  readonly #watched = new Map<string, { target: WatchedCommand; pending: PendingMessage }>();
  readonly #poller: Poller;
  readonly #clock: RunningClock;
  #troubled = 0;

  constructor(private readonly context: NodeContext<CommandSettings, CommandTracker>) {
    this.#poller = new Poller((key, signal) => {
      const { deviceId, commandId } = this.#watched.get(key)!.target.watch;
      return context.request(signal, async (api) => {
        const found = await getCommand(api, deviceId, commandId);
        return found ?? { statusCode: 404, body: undefined };
      });
    });
    this.#clock = createClock(context);
    context.signal.addEventListener('abort', () => this.#poller.close());
    context.onRecords(
      (record, pending) => this.#resume(record, pending),
      (own) => restoreClock(this.#clock, own),
    );
  }

  /** Records the intent without the request, creates the command, and waits for its end if that is wanted. */
  async run(command: CheckedCommand, task: CreationTask): Promise<Result | typeof PENDING> {
    const { wait, timeout } = task.settings;
    const { deviceId } = command;
    const key = randomUUID();
    await this.context.records.loaded();
    await task.recordWork(key, { phase: 'creating', deviceId }, { secret: REQUEST_INPUTS });
    const { statusCode, body } = await create(command, task);
    const status = typeof body['status'] === 'string' ? body['status'] : 'PENDING';
    const { id } = body;
    if (!wait) {
      const ending = { level: 'done', text: 'nrfcloud-command.status.created' } as const;
      return { payload: { id, deviceId, status }, statusCode, ending };
    }
    const begunAt = this.#clock.now();
    const watch: CommandWatch = {
      deviceId,
      commandId: id,
      deadline: timeout > 0 ? begunAt + timeout * 1000 : null,
      begunAt,
      createdAt: new Date().toISOString(),
      status: null,
    };
    const pending = await task.holdWork(key, { ...watch });
    this.#watch(watch, pending, 0);
    return PENDING;
  }

  /** Ends the wait for commands, also for those of earlier runs; their messages end without a result. */
  async cancel(ids: readonly string[]): Promise<void> {
    const isMeant = (record: RecordState): boolean =>
      ids.includes(recordedWork(record, INTENT_FIELDS)['commandId'] as string);
    if (await this.context.records.cancelWaiting((record) => (isMeant(record) ? undefined : record))) return;
    for (const [key, { target }] of this.#watched) {
      if (ids.includes(target.watch.commandId)) this.#end(key, endCancelled);
    }
  }

  #resume(record: RecordState, pending: PendingMessage): void {
    const { deviceId, commandId } = recordedWork(record, INTENT_FIELDS);
    if (commandId === undefined) {
      const error = interruptedCreation(deviceId as string);
      void this.context.end(pending, () => Promise.reject(error));
      return;
    }
    this.#watch(
      recordedWork(record, WATCH_FIELDS) as unknown as CommandWatch,
      pending,
      this.context.settings().interval * 1000,
    );
  }

  #watch(watch: CommandWatch, pending: PendingMessage, spreadMs: number): void {
    // The flow was stopped while the command was being recorded.
    if (this.context.signal.aborted) return;
    const { interval, maxInterval } = this.context.settings();
    const { key } = pending;
    const target = new WatchedCommand(key, interval, maxInterval, watch, this.#clock, {
      onChange: ({ payload, statusCode }) => {
        void this.context.pending.update(pending, { ...watch });
        this.context.emit(pending, { port: 2, payload, statusCode });
      },
      onEnd: (result) => this.#end(key, () => Promise.resolve(toResult(result))),
      onFailure: (error) => this.#end(key, () => Promise.reject(error)),
      onTrouble: (trouble) => this.#setTrouble(trouble),
    });
    this.#watched.set(key, { target, pending });
    this.#clock.run();
    this.#poller.add(target, spreadMs);
  }

  #end(key: string, handler: (task: CommandTask) => Promise<Result | undefined>): void {
    const { target, pending } = this.#watched.get(key)!;
    target.dispose();
    this.#watched.delete(key);
    this.#poller.remove(target);
    if (this.#watched.size === 0) this.#clock.stop();
    void this.context.end(pending, handler);
  }

  #setTrouble(trouble: boolean): void {
    this.#troubled += trouble ? 1 : -1;
    this.context.setTrouble(this.#troubled > 0 && this.#troubled >= this.#watched.size);
  }
}

/** Creates a command; one that the service did not get when the flow was stopped does not continue after the restart. */
async function create(command: CheckedCommand, task: CreationTask): ReturnType<typeof sendCommand> {
  try {
    return await sendCommand(task.api, command);
  } catch (error) {
    if (!hasCode(error, 'NRFCLOUD_CLOSED') || error.mayHaveSucceeded) throw error;
    // Its record, which only says that the command may exist, goes with the message.
    task.resumes = false;
    throw closed('create command', error.cause.attempts);
  }
}

function toResult({ payload, statusCode, hasSucceeded }: CommandResult): Result {
  if (hasSucceeded) return { port: 0, payload, statusCode };
  return { port: 1, payload, statusCode, ending: { level: 'failed', text: 'nrfcloud-command.status.failed' } };
}
