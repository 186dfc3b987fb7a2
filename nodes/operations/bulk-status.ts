import { randomUUID } from 'node:crypto';
import { errorSummary, isBulkResult, operationIdOf } from '../api/bulk';
import { invalidInput, isClosed } from '../api/errors';
import type { Api } from '../api/api';
import { describeType, isObject } from '../util/json';
import type { AbortSignalLike } from '../util/abort';
import { parseErrorSummary } from '../parse/error-summary';
import { readUploadRows, reportFailedItems, reportFailures, type RowErrors } from './row-errors';
import type { Poll, Poller } from './poller';

/** What is kept of a watch until it ends, so that a restart can take it up again. */
export interface PendingOperation {
  id: string;
  /** Milliseconds since 1970; `null` = never. */
  deadline: number | null;
  /** The status that was told last. */
  status: string | null;
  /** The message, without `req` and `res`. */
  msg: Record<string, unknown>;
}

/** Where records are kept. Each may fail; the watch goes on without. */
export interface PendingStore {
  put: (key: string, record: PendingOperation) => Promise<void>;
  drop: (key: string) => Promise<void>;
}

/** How a watch behaves. */
export interface PollSettings {
  /** Seconds. */
  interval: number;
  maxInterval: number;
  /** Seconds; 0 = never. */
  timeout: number;
}

/** A result that leaves by one of the three outputs. */
export interface BulkStatusResult {
  port: 0 | 1 | 2;
  payload: unknown;
  statusCode?: number;
  properties?: Record<string, unknown>;
}

/** What a watch tells while it goes on. */
export interface ProgressListener {
  onProgress: (outcome: BulkStatusResult, status: string) => void;
  onTrouble: (trouble: boolean) => void;
}

/** What a watch gets from the message that asks for it. */
export interface BulkStatusTask {
  api: Api;
  /** Aborted when the flow is stopped. */
  signal: AbortSignalLike;
  listener: ProgressListener;
  /** Leaves work for when the watch's ending has left the node. */
  afterwards: (work: () => Promise<void>) => void;
}

/** What a message asks of the watch. */
export type BulkStatusRequest =
  { kind: 'cancel'; id: string } | { kind: 'result'; result: Record<string, unknown> } | { kind: 'watch'; id: string };

/**
 * Reads what a message asks for: an id to watch, or to watch no longer, or a result that is there already.
 * @param where names the operation's source in errors, e.g. `msg.payload`
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT`
 */
export function readBulkStatusRequest(operation: unknown, cancel: unknown, where: string): BulkStatusRequest {
  const id = typeof operation === 'string' ? operation.trim() : operationIdOf(operation);
  if (id !== undefined && id !== '') return { kind: cancel === true ? 'cancel' : 'watch', id };
  if (isBulkResult(operation) && cancel !== true) return { kind: 'result', result: operation };
  const found = isObject(operation)
    ? 'has no bulkOpsRequestId'
    : operation === ''
      ? 'is empty'
      : `is ${describeType(operation)}`;
  const verb = operation === undefined || operation === null ? 'is missing' : found;
  throw invalidInput(
    'bulk status',
    `${where} ${verb}; give the bulkOpsRequestId of a bulk operation, or what bulk claim sends`,
  );
}

/** The outcome of a result that came with the upload's answer. */
export function resultOfUpload(result: Record<string, unknown>, rows: unknown): BulkStatusResult {
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
export class BulkStatusTracker {
  constructor(
    private readonly watch: Poller,
    private readonly records: PendingStore | undefined,
  ) {}

  /** Ends all watches over an operation; their messages end without a result. */
  cancel(id: string): void {
    this.watch.cancel(id);
  }

  /**
   * Watches an operation to its end.
   * @param msg the message as it is kept
   * @returns what leaves then, or `undefined` if the watch was cancelled
   * @throws {NrfCloudError} see {@link Poller.follow}
   */
  async begin(
    id: string,
    settings: PollSettings,
    msg: () => Record<string, unknown>,
    rows: unknown,
    task: BulkStatusTask,
  ): Promise<BulkStatusResult | undefined> {
    const deadline = settings.timeout > 0 ? Date.now() + settings.timeout * 1000 : null;
    const record: PendingOperation = { id, deadline, status: null, msg: this.records === undefined ? {} : msg() };
    return this.resume(randomUUID().replaceAll('-', ''), record, settings, rows, task, true);
  }

  /** Goes on with a watch that was kept. */
  async resume(
    key: string,
    record: PendingOperation,
    settings: PollSettings,
    rows: unknown,
    { api, signal, listener, afterwards }: BulkStatusTask,
    fresh = false,
  ): Promise<BulkStatusResult | undefined> {
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
      const outcome = end === undefined ? undefined : await outcomeOf(api, end, rows);
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

async function outcomeOf(api: Api, { body, statusCode }: Poll, rows: unknown): Promise<BulkStatusResult> {
  if (String(body['status']).toUpperCase() === 'SUCCEEDED') {
    return { port: 0, payload: body, statusCode, properties: { failedRows: undefined } };
  }
  const summary = await errorSummary(api, body);
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

function failed(body: Record<string, unknown>, { errors, failedRows }: RowErrors): BulkStatusResult {
  return { port: 1, payload: { ...body, errors }, properties: { failedRows } };
}
