import { setImmediate as yieldToOthers } from 'node:timers/promises';

import type { Clock } from '../util/clock';
import { readRow, type UploadRow } from './csv';
import { Refusal } from './refusal';
import { ulid } from './ulid';
import type { Settings } from '../settings';

/** Rows after which the event loop gets its turn: at 0.2 ms per signature about 10 ms. */
const ROWS_AT_ONCE = 50;

/** The states of a bulk operation: the whole set (the guide). */
export type BulkStatus = 'PENDING' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';

/** A row that was not claimed. */
export interface RowFailure {
  /** From 0. */
  row: number;
  claimToken: string;
  /** Known when the token could be read. */
  id?: string;
  message: string;
}

/** The results of the rows of an upload. */
export interface RowResults {
  claimedIds: string[];
  failed: RowFailure[];
}

/** A bulk operation. */
export interface Operation {
  readonly id: string;
  readonly requestedAt: number;
  readonly upload: string;
  status: BulkStatus;
  completedAt?: number;
  claimedIds: string[];
  failed: RowFailure[];
}

/** What bulk operations need of the rest of the service. */
export interface BulkContext {
  readonly seed: string;
  readonly clock: Clock;
  settings(): Readonly<Settings>;
  /** Claims one device and returns its id. */
  claim(claimToken: string, tags: readonly string[]): string;
  /** The id inside a token, if it has one. */
  idOf(claimToken: string): string | undefined;
  changed(operation: Operation): void;
}

/** Processes bulk uploads in the background: PENDING, IN_PROGRESS, then SUCCEEDED or FAILED. */
export class BulkOperations {
  private readonly operations = new Map<string, Operation>();
  private readonly held = new Set<() => void>();
  private made = 0;

  constructor(private readonly context: BulkContext) {}

  find(id: string): Operation | undefined {
    return this.operations.get(id);
  }

  all(): Operation[] {
    return [...this.operations.values()];
  }

  /** Forgets an operation, as the service may some day. */
  forget(id: string): boolean {
    return this.operations.delete(id);
  }

  /** Accepts an upload and returns at once; the work continues in the background. */
  start(upload: string, rows: readonly UploadRow[]): Operation {
    const requestedAt = Date.now();
    const operation: Operation = {
      id: ulid(this.context.seed, requestedAt, this.made++),
      requestedAt,
      upload: this.context.settings().record ? upload : '',
      status: 'PENDING',
      claimedIds: [],
      failed: [],
    };
    this.operations.set(operation.id, operation);
    void this.run(operation, rows);
    return operation;
  }

  /** Checks again whether operations are held. Called when settings change. */
  settingsChanged(): void {
    for (const check of [...this.held]) check();
  }

  /** Claims row by row. A row that fails does not keep the others from being claimed. */
  async claimRows(rows: readonly UploadRow[]): Promise<RowResults> {
    const results: RowResults = { claimedIds: [], failed: [] };
    const seen = new Set<string>();
    for (const row of rows) {
      if (row.row % ROWS_AT_ONCE === ROWS_AT_ONCE - 1) await yieldToOthers();
      if (this.context.clock.hasStopped()) break;
      this.claimRow(row, seen, results);
    }
    return results;
  }

  private async run(operation: Operation, rows: readonly UploadRow[]): Promise<void> {
    const { clock } = this.context;
    this.context.changed(operation);
    await clock.pause(this.context.settings().bulkPendingMs);
    await this.hold('PENDING');
    if (clock.hasStopped()) return;
    operation.status = 'IN_PROGRESS';
    this.context.changed(operation);
    const results = await this.claimRows(rows);
    await clock.pause(this.context.settings().bulkProgressMs);
    await this.hold('IN_PROGRESS');
    if (clock.hasStopped()) return;
    Object.assign(operation, results);
    operation.completedAt = Date.now();
    // FAILED: at least one row failed, the others are claimed (confirmed for the sister API).
    operation.status = results.failed.length > 0 ? 'FAILED' : 'SUCCEEDED';
    this.context.changed(operation);
  }

  private async hold(status: BulkStatus): Promise<void> {
    while (this.context.settings().bulkHold === status && !this.context.clock.hasStopped()) {
      await new Promise<void>((resolve) => {
        const check = (): void => {
          this.held.delete(check);
          resolve();
        };
        this.held.add(check);
      });
    }
  }

  private claimRow({ row, text }: UploadRow, seen: Set<string>, results: RowResults): void {
    let claimToken = text;
    try {
      const read = readRow(text);
      claimToken = read.claimToken;
      const id = this.context.idOf(claimToken);
      if (id !== undefined && seen.has(id)) throw new Refusal(409, 'The device occurs twice in this upload.');
      const claimed = this.context.claim(claimToken, read.tags);
      results.claimedIds.push(claimed);
      seen.add(claimed);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const id = this.context.idOf(claimToken);
      results.failed.push({ row, claimToken, ...(id !== undefined && { id }), message: error.message });
    }
  }
}
