import { uploadClaims } from '../api/bulk';
import { namedSource, withSource } from '../api/with-source';
import { closed, invalidInput, NrfCloudError } from '../api/errors';
import type { Api } from '../api/api';
import type { AbortSignalLike } from '../util/abort';
import { readRows, writeCsv, type InvalidRow, type ValidRow, type Row, type RowSource } from '../parse/rows/index';
import type { UploadRow } from './row-errors';
import { parseTags } from '../parse/tags';

/** What a bulk claim needs. */
export interface BulkClaimParams {
  source: RowSource;
  /** Columns from 1, 0 = find out. */
  tokenColumn: number;
  tagsColumn: number;
  /** Tags for every row. */
  tags: unknown;
  rowsPerUpload: number;
  /** What one bad row does: it comes out alone, or it keeps everything from going up. */
  onInvalid: 'skip' | 'stop';
}

/** A row that does not go up, or came back: bad itself, or its upload failed. */
export interface RejectedRow {
  line: number;
  code: string;
  reason: string;
  claimToken?: string;
  deviceId?: string;
  tags?: string[];
}

/** An accepted upload. */
export interface AcceptedUpload {
  /** `{ bulkOpsRequestId, rows, firstLine, lastLine }`, or `{ claimedIds, failed, rows, firstLine, lastLine }`. */
  payload: Record<string, unknown>;
  statusCode: number;
  rows: UploadRow[];
  part: { index: number; count?: number };
}

/** What became of all rows. */
export interface BulkSummary {
  /** Every input row: `rows = uploaded + rejected`. */
  rows: number;
  uploaded: number;
  /** All rows that came out by the second output, duplicates and failed uploads among them. */
  rejected: number;
  duplicates: number;
  /** Accepted uploads. */
  uploads: number;
  failedUploads: number;
}

/** Where the results go, as they come. */
export interface BulkClaimOutputs {
  onUpload: (upload: AcceptedUpload) => Promise<void> | undefined;
  onRejected: (rows: RejectedRow[]) => Promise<void> | undefined;
  onProgress: (summary: Readonly<BulkSummary>) => void;
}

/** Most rows in one message of rejected rows. */
const MAX_REJECTED_ROWS = 1000;
/** Most bad rows that a refused file is explained with. */
const MAX_EXPLAINED_ROWS = 100;
/** How long a stopped bulk claim may go on reading, so that what remains gets its answer; Node-RED waits 15 s. */
const DRAIN_TIMEOUT_MS = 10_000;

/**
 * Claims the devices of many rows: reads and checks them, uploads the good ones in parts and in order, and gives back
 * every row exactly once, uploaded or rejected. One part is on its way while the next is read, and reading waits for it.
 * @param where names the source in errors, e.g. `msg.payload`
 * @returns the account, and the failure that the message is to end with after it, if there was one
 * @throws {NrfCloudError} `NRFCLOUD_INVALID_INPUT` when nothing was read or sent
 */
export async function bulkClaim(
  api: Api,
  order: BulkClaimParams,
  where: { source: string; tags: string },
  outputs: BulkClaimOutputs,
  signal: AbortSignalLike,
): Promise<{ summary: BulkSummary; failure?: NrfCloudError }> {
  const options = {
    tokenColumn: order.tokenColumn,
    tagsColumn: order.tagsColumn,
    tags: withSource('bulk claim', where.tags, () => parseTags(order.tags)),
  };
  const read = (until: AbortSignalLike): AsyncIterable<Row[]> => readRows(order.source, options, until);
  const unreadable = (error: unknown): unknown => namedSource('bulk claim', where.source, error);
  try {
    if (order.onInvalid === 'stop') await refuseBadRows(read(signal), where.source);
  } catch (error) {
    throw unreadable(error);
  }
  const run = new BulkRun(api, order.rowsPerUpload, outputs);
  const drain = new AbortController();
  let limit: NodeJS.Timeout | undefined;
  const stop = (): void => {
    limit = setTimeout(() => drain.abort(), DRAIN_TIMEOUT_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const rows of read(drain.signal)) await run.take(rows);
  } catch (error) {
    await run.settled();
    const reason = drain.signal.aborted ? closed('bulk claim') : unreadable(error);
    if (run.summary.rows === 0 || !(reason instanceof NrfCloudError)) throw reason;
    run.fail(reason);
  } finally {
    clearTimeout(limit);
    signal.removeEventListener('abort', stop);
  }
  await run.finish();
  const { summary, failure } = run;
  return failure === undefined ? { summary } : { summary, failure: withAccount(failure, summary) };
}

function withAccount({ code, message, cause }: NrfCloudError, { uploads, failedUploads }: BulkSummary): NrfCloudError {
  const account = `${uploads} uploads were accepted and ${failedUploads} failed; the rows of these left by output 2`;
  return new NrfCloudError(code, `${message} (${account})`, cause);
}

async function refuseBadRows(batches: AsyncIterable<Row[]>, where: string): Promise<void> {
  const bad: InvalidRow[] = [];
  let count = 0;
  for await (const rows of batches) {
    for (const row of rows) {
      if (row.ok) continue;
      count++;
      if (bad.length < MAX_EXPLAINED_ROWS) bad.push(row);
    }
  }
  const [first] = bad;
  if (first === undefined) return;
  const sentence =
    `${count} rows of ${where} can't be used, the first at line ${first.line} (${first.code}), so nothing was sent; ` +
    'correct the rows in cause.rows, or let the node skip them';
  throw invalidInput('bulk claim', sentence, { rows: bad.map(toRejected) });
}

/** One bulk claim on its way. */
class BulkRun {
  readonly summary: BulkSummary = { rows: 0, uploaded: 0, rejected: 0, duplicates: 0, uploads: 0, failedUploads: 0 };
  #failure: NrfCloudError | undefined;
  /** Set when no further upload is tried. */
  #over = false;
  #part: ValidRow[] = [];
  /** The part that is on its way. */
  #sending: Promise<void> = Promise.resolve();
  #rejected: RejectedRow[] = [];
  /** The last accepted upload; it waits for the next one, because the last of all carries their count. */
  #held: AcceptedUpload | undefined;

  constructor(
    private readonly api: Api,
    private readonly rowsPerUpload: number,
    private readonly outputs: BulkClaimOutputs,
  ) {}

  /** The failure that the message ends with. */
  get failure(): NrfCloudError | undefined {
    return this.#failure;
  }

  /** Notes a failure that reading ended with; what was read before is still uploaded. */
  fail(error: NrfCloudError): void {
    this.#failure ??= error;
  }

  async take(rows: Row[]): Promise<void> {
    for (const row of rows) {
      this.summary.rows++;
      if (!row.ok) {
        if (row.code === 'DUPLICATE') this.summary.duplicates++;
        await this.#reject(toRejected(row));
      } else if (this.#over) {
        await this.#reject(this.#notTried(row));
      } else if (this.#part.push(row) >= this.rowsPerUpload) await this.#upload();
    }
  }

  /** Waits for the part that is on its way, however that ends. */
  async settled(): Promise<void> {
    await this.#sending.catch(() => undefined);
  }

  /** Uploads what is left and sends what was held back. */
  async finish(): Promise<void> {
    if (this.#part.length > 0) await this.#upload();
    await this.#sending;
    if (this.#held !== undefined) {
      this.#held.part.count = this.summary.uploads;
      await this.outputs.onUpload(this.#held);
    }
    await this.#flush();
  }

  /** Sends the part on its way, as soon as the one before has arrived. */
  async #upload(): Promise<void> {
    const part = this.#part;
    this.#part = [];
    // What was rejected so far doesn't wait for a slow service.
    await this.#flush();
    await this.#sending;
    if (this.#over) {
      for (const row of part) await this.#reject(this.#notTried(row));
      return;
    }
    this.#sending = this.#send(part);
    // Whoever waits for it next takes its failure; for Node.js that would be too late.
    this.#sending.catch(() => undefined);
  }

  async #send(part: ValidRow[]): Promise<void> {
    try {
      const { statusCode, body } = await uploadClaims(this.api, writeCsv(part));
      if (this.#held !== undefined) await this.outputs.onUpload(this.#held);
      this.#held = accepted(part, statusCode, body, this.summary.uploads);
      this.summary.uploads++;
      this.summary.uploaded += part.length;
    } catch (error) {
      if (!(error instanceof NrfCloudError)) throw error;
      this.summary.failedUploads++;
      this.#failure ??= error;
      if (/_(UNAUTHORIZED|FORBIDDEN|CLOSED)$/.test(error.code)) {
        this.#over = true;
        this.#failure = error;
      }
      const { code, message: reason } = error;
      for (const row of part) await this.#reject({ ...rejectable(row), code, reason });
    }
    this.outputs.onProgress(this.summary);
  }

  #notTried(row: ValidRow): RejectedRow {
    const { code, message } = this.#failure!;
    return { ...rejectable(row), code, reason: `not tried, because an earlier upload failed: ${message}` };
  }

  async #reject(row: RejectedRow): Promise<void> {
    this.summary.rejected++;
    if (this.#rejected.push(row) >= MAX_REJECTED_ROWS) await this.#flush();
  }

  async #flush(): Promise<void> {
    const rows = this.#rejected;
    if (rows.length === 0) return;
    this.#rejected = [];
    await this.outputs.onRejected(rows);
  }
}

/** What an accepted upload is told as; from a service that answers at once it holds the result already. */
function accepted(part: ValidRow[], statusCode: number, body: Record<string, unknown>, index: number): AcceptedUpload {
  const place = { rows: part.length, firstLine: part[0]!.line, lastLine: part.at(-1)!.line };
  const rows = part.map(({ line, deviceId, claimToken, tags }) => ({ line, deviceId, claimToken, tags }));
  return { payload: { ...body, ...place }, statusCode, rows, part: { index } };
}

function rejectable({ line, deviceId, claimToken, tags }: ValidRow): Omit<RejectedRow, 'code' | 'reason'> {
  return { line, claimToken, deviceId, tags };
}

function toRejected(bad: InvalidRow): RejectedRow {
  const row: RejectedRow & { ok?: boolean } = { ...bad };
  delete row.ok;
  return row;
}
