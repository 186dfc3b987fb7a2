import { randomUUID } from 'node:crypto';
import { errorSummary, isResult, operationIdOf } from '../service/bulk';
import { invalidInput, isClosed } from '../service/errors';
import { isObject, type Session } from '../service/session';
import type { StopSignal } from '../service/stop';
import { kindOf } from './claim-token';
import { parseErrorSummary } from './error-summary';
import { readUploadRows, reportFailedItems, reportFailures, type RowReport } from './row-report';
import type { Poll, Watch } from './watch';

/** What is kept of a watch until it ends, so that a restart can take it up again. */
export interface WatchRecord {
  id: string;
  /** Milliseconds since 1970; `null` = never. */
  deadline: number | null;
  /** The status that was told last. */
  status: string | null;
  /** The message, without `req` and `res`. */
  msg: Record<string, unknown>;
}

/** Where records are kept. Each may fail; the watch goes on without. */
export interface WatchRecords {
  put: (key: string, record: WatchRecord) => Promise<void>;
  drop: (key: string) => Promise<void>;
}

/** How a watch behaves. */
export interface WatchSettings {
  /** Seconds. */
  interval: number;
  maxInterval: number;
  /** Seconds; 0 = never. */
  timeout: number;
}

/** A result that leaves by one of the three outputs. */
export interface WatchOutcome {
  port: 0 | 1 | 2;
  payload: unknown;
  statusCode?: number;
  properties?: Record<string, unknown>;
}

/** What a watch tells while it goes on. */
export interface WatchListener {
  onProgress: (outcome: WatchOutcome, status: string) => void;
  onTrouble: (trouble: boolean) => void;
}

/** What a watch gets from the message that asks for it. */
export interface WatchTask {
  session: Session;
  /** Aborted when the flow is stopped. */
  signal: StopSignal;
  listener: WatchListener;
  /** Leaves work for when the watch's ending has left the node. */
  afterwards: (work: () => Promise<void>) => void;
}

/** What a message asks of the watch. */
export type WatchRequest =
  { kind: 'cancel'; id: string } | { kind: 'result'; result: Record<string, unknown> } | { kind: 'watch'; id: string };

/**
 * Reads what a message asks for: an id to watch, or to watch no longer, or a result that is there already.
 * @param where names the operation's source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function readWatchRequest(operation: unknown, cancel: unknown, where: string): WatchRequest {
  const id = typeof operation === 'string' ? operation.trim() : operationIdOf(operation);
  if (id !== undefined && id !== '') return { kind: cancel === true ? 'cancel' : 'watch', id };
  if (isResult(operation) && cancel !== true) return { kind: 'result', result: operation };
  const found = isObject(operation)
    ? 'has no bulkOpsRequestId'
    : operation === ''
      ? 'is empty'
      : `is ${kindOf(operation)}`;
  const verb = operation === undefined || operation === null ? 'is missing' : found;
  throw invalidInput(
    'bulk status',
    `${where} ${verb}; give the bulkOpsRequestId of a bulk operation, or what bulk claim sends`,
  );
}

/** The outcome of a result that came with the upload's answer. */
export function outcomeOfResult(result: Record<string, unknown>, rows: unknown): WatchOutcome {
  const items = failedItems(result['failed']);
  if (items.length === 0) return { port: 0, payload: result, properties: { failedRows: undefined } };
  return failed(result, reportFailedItems(items, readUploadRows(rows)));
}

/** A list, or an object whose entries are the items; the shape is not known publicly. */
function failedItems(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isObject(value) ? Object.entries(value) : [];
}

/** Watches bulk operations of one node and keeps what is pending. */
export class BulkWatcher {
  constructor(
    private readonly watch: Watch,
    private readonly records: WatchRecords | undefined,
  ) {}

  /** Ends all watches over an operation; their messages end without a result. */
  cancel(id: string): void {
    this.watch.cancel(id);
  }

  /**
   * Watches an operation to its end.
   * @param msg the message as it is kept
   * @returns what leaves then, or `undefined` if the watch was cancelled
   * @throws {NrfCloudError} see {@link Watch.follow}
   */
  async begin(
    id: string,
    settings: WatchSettings,
    msg: () => Record<string, unknown>,
    rows: unknown,
    task: WatchTask,
  ): Promise<WatchOutcome | undefined> {
    const deadline = settings.timeout > 0 ? Date.now() + settings.timeout * 1000 : null;
    const record: WatchRecord = { id, deadline, status: null, msg: this.records === undefined ? {} : msg() };
    return this.resume(randomUUID().replaceAll('-', ''), record, settings, rows, task, true);
  }

  /** Goes on with a watch that was kept. */
  async resume(
    key: string,
    record: WatchRecord,
    settings: WatchSettings,
    rows: unknown,
    { session, signal, listener, afterwards }: WatchTask,
    fresh = false,
  ): Promise<WatchOutcome | undefined> {
    if (fresh) await this.records?.put(key, record);
    let written: Promise<void> | undefined;
    // Dropped only when its ending has left: a process that dies in between would lose that. One that dies right after it
    // sends it again, marked as resumed.
    const ends = (): void => {
      const { records } = this;
      if (records !== undefined) afterwards(() => records.drop(key));
    };
    try {
      const end = await this.watch.follow({
        id: record.id,
        interval: settings.interval,
        maxInterval: settings.maxInterval,
        deadline: record.deadline ?? undefined,
        status: record.status ?? undefined,
        signal,
        onTrouble: listener.onTrouble,
        onChange: ({ body, statusCode }, status) => {
          // One after the other: a slow store must not end up with an old status.
          written = Promise.resolve(written).then(() => this.records?.put(key, { ...record, status }));
          listener.onProgress({ port: 2, payload: body, statusCode }, status);
        },
      });
      const outcome = end === undefined ? undefined : await outcomeOf(session, end, rows);
      ends();
      return outcome;
    } catch (error) {
      // A watch that was stopped with its flow is taken up again; any other ending is one.
      if (!isClosed(error)) ends();
      throw error;
    } finally {
      // What comes after a deleted node was cleaned up would stay for ever.
      await written;
    }
  }
}

async function outcomeOf(session: Session, { body, statusCode }: Poll, rows: unknown): Promise<WatchOutcome> {
  if (String(body['status']).toUpperCase() === 'SUCCEEDED') {
    return { port: 0, payload: body, statusCode, properties: { failedRows: undefined } };
  }
  const summary = await errorSummary(session, body);
  if ('problem' in summary) {
    const message = `the error summary can't be had: ${summary.problem}`;
    return { ...failed({ ...body, errorSummary: message }, { errors: [{ message }], failedRows: [] }), statusCode };
  }
  const failures = parseErrorSummary(summary.text);
  if (failures === undefined) {
    const errors = [{ message: 'the error summary is in a form that is not known; its text is in errorSummary' }];
    return { ...failed({ ...body, errorSummary: summary.text }, { errors, failedRows: [] }), statusCode };
  }
  return { ...failed(body, reportFailures(failures, readUploadRows(rows))), statusCode };
}

function failed(body: Record<string, unknown>, { errors, failedRows }: RowReport): WatchOutcome {
  return { port: 1, payload: { ...body, errors }, properties: { failedRows } };
}
