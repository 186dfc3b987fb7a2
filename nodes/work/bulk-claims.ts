import { isAbsolute, resolve } from 'node:path';
import type { NodeAPI } from 'node-red';
import { invalidInput } from '../api/errors';
import { namedSource, withSource } from '../api/with-source';
import { bulkClaim, endWithoutRows, type BulkClaimEnd, type BulkClaimParams } from '../operations/bulk-claim';
import { checkRows, type CheckOutputs, type CheckSummary } from '../operations/bulk-claim-check';
import type { BulkClaimOutputs } from '../operations/bulk-claim-outputs';
import { newProgress, type BulkClaimProgress } from '../operations/bulk-claim-progress';
import { contentParts, contentSource, findSameFile } from '../operations/bulk-claim-source';
import { loadCsvParse } from '../parse/rows/cells';
import { cleanPath, fileIdentity, type FileIdentity, type RowSource } from '../parse/rows/source';
import { parseChosenTags, parseTags } from '../parse/tags';
import { loadInBackground } from '../runtime/background-load';
import { endCancelled } from '../runtime/cancelled';
import { DIALOG } from '../runtime/inputs';
import { Abort, LinkedAbort } from '../util/abort';
import { isObject } from '../util/json';
import { recordedWork } from '../runtime/journal/damaged-record';
import type { NodeContext } from '../runtime/node-context';
import type { Task } from '../runtime/node-definition';
import type { Result } from '../runtime/output';
import type { PendingMessage } from '../runtime/pending-messages';
import { countMessageParts } from '../runtime/recorded-message';

export type BulkClaimInputs = 'source' | 'tags' | 'messageTags' | 'cancel';

export interface BulkClaimSettings {
  input: 'content' | 'file';
  tokenColumn: number | string;
  tagsColumn: number | string;
  rowsPerUpload: number;
  uploadsAtOnce: number;
  onInvalid: 'skip' | 'stop';
  maxRetryRounds: number;
  dryRun: boolean;
  resume: boolean;
  store: string;
}

type Context = NodeContext<BulkClaimSettings, BulkClaims>;
type BulkClaimTask = Task<BulkClaimInputs, BulkClaimSettings, BulkClaims>;

/** What a record holds of a bulk claim, so that a restart can continue it. */
interface RecordedClaim extends Record<string, unknown> {
  /** The id of the sequence of its uploads. */
  id: string;
  /** The file; without one the content is in the record's parts. */
  file?: FileIdentity;
  /** What kind of content the record's parts hold. */
  content?: 'text' | 'bytes' | 'items';
  tags: unknown;
  tokenColumn: number | string;
  tagsColumn: number | string;
  onInvalid: 'skip' | 'stop';
  progress: BulkClaimProgress;
}

/** The types of what a record must hold. */
const CLAIM_FIELDS = { id: ['string'], progress: ['object'] } as const;

/** The bulk claims of one node, over restarts. */
export class BulkClaims {
  /** Those that are being processed or wait to be resumed, by the id of their sequence; each is aborted to cancel it. */
  readonly #running = new Map<string, Abort>();

  constructor(
    private readonly RED: NodeAPI,
    private readonly context: Context,
  ) {
    const withdraw = loadInBackground(RED.events, loadCsvParse);
    context.signal.addEventListener('abort', withdraw, { once: true });
    context.onRecords((record, pending) => {
      const { id } = recordedWork(record, CLAIM_FIELDS) as RecordedClaim;
      const waiting = new Abort();
      this.#running.set(id, waiting);
      void this.context.end(pending, async (task) => {
        try {
          return await this.#continue(task as BulkClaimTask, record, pending, () => waiting.aborted);
        } finally {
          if (this.#running.get(id) === waiting) this.#running.delete(id);
        }
      });
    });
  }

  /** Claims the devices of a message's rows. */
  async run(task: BulkClaimTask): Promise<Result | undefined> {
    if (task.inputs.cancel === true) {
      await this.#cancel(task);
      return endCancelled(task);
    }
    const { inputs, settings, source } = task;
    this.#checkRetryRound(task);
    const file = settings.input === 'file' ? this.#path(inputs.source, source.source) : undefined;
    const tags = chosenTags(task);
    if (settings.dryRun) return this.#check(task, file, tags);
    const work: RecordedClaim = {
      id: this.RED.util.generateId(),
      tags,
      tokenColumn: settings.tokenColumn,
      tagsColumn: settings.tagsColumn,
      onInvalid: settings.onInvalid,
      progress: newProgress(settings.rowsPerUpload),
    };
    const rows = this.#sourceOf(task, file);
    if (rows.kind === 'file') rows.was = work.file = await withSourceOf(task, () => fileIdentity(rows.path));
    await this.#record(task, work);
    return this.#claim(task, { ...this.#params(task, work), source: rows }, work);
  }

  /** Checks the rows of a message, and sends nothing to the service. */
  async #check(task: BulkClaimTask, file: string | undefined, tags: string[]): Promise<Result> {
    const { tokenColumn, tagsColumn } = task.settings;
    const id = this.RED.util.generateId();
    const outputs: CheckOutputs = {
      onClaimable: ({ payload, rows, part }) =>
        task.emit({ port: 0, payload, properties: { rows }, part: { id, ...part } }),
      onRejected: (rows) => task.emit({ port: 1, payload: rows }),
    };
    const params = { source: this.#sourceOf(task, file), tokenColumn, tagsColumn, tags };
    const summary = await checkRows(params, task.source, outputs, task.signal);
    return { port: 2, payload: summary, ending: endingOfCheck(summary) };
  }

  /** Continues a bulk claim that a restart interrupted. @param isCancelled whether it was cancelled meanwhile */
  async #continue(
    task: BulkClaimTask,
    record: Record<string, unknown>,
    pending: PendingMessage,
    isCancelled: () => boolean,
  ): Promise<Result | undefined> {
    const work = record['work'] as RecordedClaim;
    task.continueWork(pending.key, record);
    if (isCancelled()) return endCancelled(task);
    const { file, content = 'text' } = work;
    const was = file === undefined ? undefined : await findSameFile(file);
    if (file !== undefined && was === undefined) {
      const changed = invalidInput(
        'bulk claim',
        'the file was changed while the bulk claim was interrupted, so it cannot be continued; ' +
          'send the file again: devices that are already yours are reported as such',
      );
      throw await endWithoutRows(work.progress, { onUpload: this.#uploadOutput(task, work.id) }, changed);
    }
    const read = (): Promise<RowSource> =>
      contentSource(content, this.context.store!.parts(pending.key), countMessageParts(record));
    const source: RowSource | undefined = was
      ? { kind: 'file', path: was.path, was }
      : await this.context.read(pending, read, () => !isCancelled());
    if (isCancelled()) return endCancelled(task);
    if (source === undefined) throw task.signal.reason;
    return this.#claim(task, { ...this.#params(task, work), source }, work);
  }

  #uploadOutput(task: BulkClaimTask, id: string): BulkClaimOutputs['onUpload'] {
    return ({ payload, statusCode, rows, repeatedSince, part }) => {
      // Rows that are fed back come with the results of an earlier upload, which are not about this one.
      const properties = { rows, repeatedSince, claimedRows: undefined, failedRows: undefined };
      return task.emit({ port: 0, payload, statusCode, properties, part: { id, ...part } });
    };
  }

  async #claim(task: BulkClaimTask, params: BulkClaimParams, work: RecordedClaim): Promise<Result | undefined> {
    const { id, progress } = work;
    // The flow may have been stopped while the message was being recorded.
    const cancelled = new LinkedAbort(task.signal);
    this.#running.set(id, cancelled);
    const outputs: BulkClaimOutputs = {
      onUpload: this.#uploadOutput(task, id),
      onRejected: (rows, statusCode) => {
        const properties = { retryRound: roundOf(task) + 1 };
        return task.emit({ port: 1, payload: rows, properties, ...(statusCode === undefined ? {} : { statusCode }) });
      },
      onProgress: (rows) => task.progress(`↑ ${rows}`),
      save: async () => {
        if (!(await task.saveWork(work))) cancelled.abort();
      },
    };
    try {
      const isSuspended = (): boolean => cancelled.aborted && (task.resumes || !task.signal.aborted);
      const api = task.api.endingWith(cancelled);
      const end = await bulkClaim(api, params, task.source, progress, outputs, cancelled, isSuspended);
      task.keepRecordUntil(end.recorded);
      const status = progress.statusCode === undefined ? {} : { statusCode: progress.statusCode };
      if (end.failure === undefined) return { port: 2, payload: end.summary, ...status, ending: endingOf(end) };
      // The message itself goes to Catch as it came, so the summary leaves in a copy.
      await task.emit({ port: 2, payload: end.summary, ...status });
      if (isPartly(end)) task.failAs(endingOf(end));
      throw end.failure;
    } catch (error) {
      if (!cancelled.aborted || task.signal.aborted) throw error;
      await endCancelled(task);
      return undefined;
    } finally {
      this.#running.delete(id);
      cancelled.leave();
    }
  }

  async #cancel(task: BulkClaimTask): Promise<void> {
    const parts = task.get('parts');
    const id = isObject(parts) ? parts['id'] : undefined;
    if (typeof id !== 'string') {
      throw invalidInput('bulk claim', 'msg.parts.id is missing; to cancel, send a message that the bulk claim sent');
    }
    const isWaiting = await this.context.records.cancelWaiting((record) =>
      recordedWork(record, CLAIM_FIELDS)['id'] === id ? undefined : record,
    );
    if (!isWaiting) this.#running.get(id)?.abort();
  }

  /** @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` when the rows were fed back too often */
  #checkRetryRound(task: BulkClaimTask): void {
    const round = roundOf(task);
    const { maxRetryRounds } = task.settings;
    if (maxRetryRounds === 0 || round < maxRetryRounds) return;
    throw invalidInput(
      'bulk claim',
      `these rows were fed back ${round} times, and the limit is ${maxRetryRounds}; look at why they fail, or raise "Retry rounds"`,
    );
  }

  #params(task: BulkClaimTask, work: RecordedClaim): Omit<BulkClaimParams, 'source'> {
    const { tags, tokenColumn, tagsColumn, onInvalid } = work;
    return { tags, tokenColumn, tagsColumn, onInvalid, uploadsAtOnce: task.settings.uploadsAtOnce };
  }

  #sourceOf({ inputs, source }: BulkClaimTask, file: string | undefined): BulkClaimParams['source'] {
    if (file !== undefined) return { kind: 'file', path: file };
    const { source: value } = inputs;
    if (value !== undefined && value !== null) return { kind: 'value', value };
    const sentence = `${source.source} is missing; enter CSV text, a Buffer of CSV, or an array of claim tokens`;
    throw invalidInput('bulk claim', sentence);
  }

  /** A file's path, relative to where core's file nodes look. */
  #path(value: unknown, source: string): string {
    const path = withSource('bulk claim', source, () => cleanPath(value));
    const folder = (this.RED.settings as { fileWorkingDirectory?: string }).fileWorkingDirectory;
    return folder === undefined || isAbsolute(path) ? path : resolve(folder, path);
  }

  /** Records the bulk claim before anything is sent. */
  async #record(task: BulkClaimTask, work: RecordedClaim): Promise<void> {
    const { source } = task.inputs;
    if (work.file !== undefined) return task.recordWork(work.id, work);
    const content = contentParts(source);
    if (content === undefined) return;
    work.content = content.kind;
    await task.recordWork(work.id, work, { parts: content.parts, replaced: ['source'] });
  }
}

/** The tags for every row; an empty field of the dialog leaves them to the message. */
function chosenTags({ inputs, source }: BulkClaimTask): string[] {
  if (inputs.tags === '' && source.tags === DIALOG) {
    return withSource('bulk claim', source.messageTags, () => parseTags(inputs.messageTags));
  }
  const isMessageTags = source.tags === source.messageTags;
  const read = isMessageTags ? parseTags : parseChosenTags;
  return withSource('bulk claim', source.tags, () => read(inputs.tags));
}

/** Names the source of what cannot be read. */
async function withSourceOf<T>(task: BulkClaimTask, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw namedSource('bulk claim', task.source.source, error);
  }
}

/** How often the rows of a message were fed back. */
function roundOf(task: BulkClaimTask): number {
  const round = task.get('retryRound');
  return typeof round === 'number' && round > 0 ? round : 0;
}

/** Some rows failed, and some did not. */
function isPartly({ summary: { rows, rejected }, failedAtOnce }: BulkClaimEnd): boolean {
  const failed = rejected + failedAtOnce;
  return failed > 0 && failed < rows;
}

function endingOf(end: BulkClaimEnd): NonNullable<Result['ending']> {
  const { rows, rejected } = end.summary;
  const text = (name: string): string => `nrfcloud-bulk-claim.status.${name}`;
  if (rows === 0) return { level: 'partial', text: text('empty') };
  if (isPartly(end)) return { level: 'partial', text: text('partly') };
  if (rejected + end.failedAtOnce > 0) return { level: 'failed', text: text('allFailed') };
  if (end.ignoredContent) return { level: 'partial', text: text('ignoredColumn') };
  return { level: 'done', text: text('uploaded') };
}

function endingOfCheck({ rows, claimable, rejected }: CheckSummary): NonNullable<Result['ending']> {
  const text = (name: string): string => `nrfcloud-bulk-claim.status.${name}`;
  if (rows === 0) return { level: 'partial', text: text('empty') };
  if (claimable === 0) return { level: 'failed', text: text('allFailed') };
  return rejected > 0 ? { level: 'partial', text: text('partly') } : { level: 'done', text: text('claimable') };
}
