import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import type { BulkClaimEnd } from '../../../nodes/operations/bulk-claim';
import { newProgress, type BulkClaimProgress } from '../../../nodes/operations/bulk-claim-progress';
import { fileIdentity, type Row } from '../../../nodes/parse/rows';
import type { FoundRow } from '../../../nodes/parse/rows/row';
import { RowValidator } from '../../../nodes/parse/rows/validate-row';
import { stopClock, type Clock } from '../../support/clock';
import { errorOf } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';
import { ClaimRig, endOfTurn, uploadError, UploadService } from '../../support/upload-rig';
import { mintTokens } from '../parse/rows/read-all-rows';

const ACCEPTED = { bulkOpsRequestId: 'op' };
const STARTED_AT = '2026-11-28T00:00:00.000Z';
/** How long a stopped bulk claim goes on reading, in milliseconds. */
const DRAIN_MS = 10_000;
/** Rows that are read at once. */
const BATCH_ROWS = 500;

describe('bulk claim', () => {
  const tokens = mintTokens(4);
  const accepting = (): UploadService => new UploadService(() => ACCEPTED);
  let clock: Clock;
  let isRunning: boolean;
  beforeEach(() => {
    clock = stopClock();
    isRunning = true;
  });
  afterEach(() => {
    clock.restore();
    isRunning = false;
  });

  /** The end of a bulk claim, while time passes. */
  async function inTime<T>(work: Promise<T>): Promise<T> {
    const state = { ended: false };
    const end = (): void => void (state.ended = true);
    work.then(end, end);
    // The disk may need many turns.
    while (isRunning && !state.ended) await clock.pass(50, 50);
    return work;
  }

  describe('inputs', () => {
    for (const [source, options, rows] of [
      ['msg.tags', { tags: 7 }, tokens],
      ['msg.payload', {}, 7],
      ['msg.payload', { onInvalid: 'stop' }, 7],
    ] as const) {
      it(`bulk claim: refuses ${source} with ${JSON.stringify(options)} by its name`, async () => {
        const rig = new ClaimRig(accepting(), options);
        const { code, message, cause } = await inTime(errorOf(rig.run(rows)));
        assert.deepEqual([code, cause.operation], ['NRFCLOUD_INVALID_INPUT', 'bulk claim']);
        assert.ok(message.startsWith(`bulk claim: ${source} `));
        assert.deepEqual([rig.service.uploads, rig.rejected], [[], []]);
      });
    }

    it('bulk claim: sends nothing if invalid rows stop it, and reports at most 100 of them', async () => {
      const rig = new ClaimRig(accepting(), { onInvalid: 'stop' });
      const { code, message, cause } = await errorOf(rig.run([tokens[0], ...Array<string>(101).fill('x')]));
      assertSentence(message);
      assert.equal(cause.operation, 'bulk claim');
      const rows = cause['rows'] as { line: number; ok?: boolean }[];
      assert.deepEqual([code, rows.length, rows[0]!.line, 'ok' in rows[0]!], ['NRFCLOUD_INVALID_INPUT', 100, 2, false]);
      assert.deepEqual([rig.service.uploads, rig.rejected], [[], []]);
    });

    it('bulk claim: invalid rows do not stop one without them, or one that goes on after a restart', async () => {
      const sent = [{ first: 0, count: 1, startedAt: '2026-11-28T00:00:00.000Z' }];
      const cases = [
        [newProgress(1), tokens, 4],
        [{ ...newProgress(1), settledRows: 1 }, ['x', ...tokens], 3],
        [{ ...newProgress(1), sent }, ['x', ...tokens], 4],
      ] as const;
      for (const [progress, rows, count] of cases) {
        const rig = new ClaimRig(accepting(), { onInvalid: 'stop', progress });
        const { failure } = await rig.run(rows);
        assert.deepEqual([failure, rig.service.uploads.length], [undefined, count]);
      }
    });
  });

  describe('errors while rows are read', () => {
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'bulk-claim-'))));
    afterEach(() => rmSync(directory, { recursive: true }));

    it('bulk claim: a source that breaks off is the failure, and what was read is uploaded', async () => {
      const path = join(directory, 'rows.csv');
      writeFileSync(path, `${tokens[0]}\n${tokens[1]}\n${'\n'.repeat(270_000)}${tokens[2]}\n`);
      const service = new UploadService(() => {
        truncateSync(path, 1000);
        return ACCEPTED;
      });
      const rig = new ClaimRig(service, { source: { kind: 'file', path }, progress: newProgress(1) });
      const { summary, failure } = await inTime(rig.run(undefined));
      assert.deepEqual([failure!.code, failure!.cause.operation], ['NRFCLOUD_INVALID_INPUT', 'bulk claim']);
      assert.deepEqual([summary.rows, summary.uploaded, summary.uploads], [2, 2, 2]);
      assert.equal(rig.uploads.at(-1)!.part.count, 2);
    });

    it('bulk claim: the failure of an upload is not replaced by that of the source', async () => {
      const path = join(directory, 'rows.csv');
      writeFileSync(path, `${tokens[0]}\n${tokens[1]}\n${'\n'.repeat(270_000)}${tokens[2]}\n`);
      const service = new UploadService(() => {
        truncateSync(path, 1000);
        return uploadError('NRFCLOUD_REJECTED');
      });
      const rig = new ClaimRig(service, { source: { kind: 'file', path }, progress: newProgress(1) });
      const { summary, failure } = await inTime(rig.run(undefined));
      assert.deepEqual([failure!.code, summary.rows, summary.rejected], ['NRFCLOUD_REJECTED', 2, 2]);
      assertSentence(failure!.message);
    });

    it('bulk claim: a file that becomes longer until its last upload has ended is the failure, after all rows', async () => {
      const path = join(directory, 'rows.csv');
      writeFileSync(path, `${tokens[0]}\n${tokens[1]}\n`);
      const was = await fileIdentity(path);
      const service = new UploadService((index) => {
        if (index === 1) appendFileSync(path, `${tokens[2]}\n`);
        return ACCEPTED;
      });
      const rig = new ClaimRig(service, { source: { kind: 'file', path, was }, progress: newProgress(1) });
      const { summary, failure } = await inTime(rig.run(undefined));
      assert.deepEqual([failure!.code, failure!.cause.operation], ['NRFCLOUD_INVALID_INPUT', 'bulk claim']);
      assertSentence(failure!.message);
      assert.deepEqual([summary.rows, summary.uploaded, rig.uploads.length], [2, 2, 2]);
    });

    for (const when of ['before', 'while'] as const) {
      for (const isAccepted of [false, true]) {
        const what = isAccepted ? 'accepted uploads leave without rows' : 'an upload may have been accepted';
        it(`bulk claim: ${what} if the file changes ${when} it is read again after a restart`, async () => {
          const path = join(directory, 'rows.csv');
          writeFileSync(path, `${tokens[0]}\n${tokens[1]}\n${'\n'.repeat(270_000)}${tokens[2]}\n`);
          const was = await fileIdentity(path);
          const held = { first: 0, count: 1, firstLine: 1, lastLine: 1, body: ACCEPTED, statusCode: 202 };
          const accepted = { ...held, first: 1, count: 2, lastLine: 7, repeatedSince: STARTED_AT };
          const sent = { first: 1, count: 2, startedAt: STARTED_AT, ...(isAccepted ? { accepted } : {}) };
          const progress = { ...newProgress(2), uploads: 3, settledRows: 1, held, sent: [sent] };
          const rig = new ClaimRig(accepting(), { source: { kind: 'file', path, was }, progress });
          const truncating = (row: FoundRow): Row => {
            truncateSync(path, 1000);
            return new RowValidator([]).validate(row);
          };
          if (when === 'before') truncateSync(path, 1000);
          else mock.method(RowValidator.prototype, 'validate', truncating, { times: 1 });
          const { code, message, cause } = await inTime(errorOf(rig.run(undefined)));
          assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_INVALID_INPUT', isAccepted ? undefined : true]);
          assertSentence(message);
          const first = { ...ACCEPTED, rows: 1, firstLine: 1, lastLine: 1 };
          const second = { ...ACCEPTED, rows: 2, firstLine: 1, lastLine: 7, repeated: true };
          assert.deepEqual(
            rig.uploads.map(({ payload, rows, repeatedSince, part }) => [payload, rows, repeatedSince, part]),
            isAccepted
              ? [
                  [first, undefined, undefined, { index: 3 }],
                  [second, undefined, STARTED_AT, { index: 4, count: 5 }],
                ]
              : [[first, undefined, undefined, { index: 3, count: 4 }]],
          );
          assert.deepEqual([rig.service.uploads, rig.rejected], [[], []]);
        });
      }
    }

    it('bulk claim: a file that changes between its check and its upload has no uploads', async () => {
      const path = join(directory, 'rows.csv');
      writeFileSync(path, `${tokens[0]}\n${tokens[1]}\n`);
      const was = await fileIdentity(path);
      const rig = new ClaimRig(accepting(), { source: { kind: 'file', path, was }, onInvalid: 'stop' });
      // All of a small file was read before its first row is checked.
      const changing = (row: FoundRow): Row => {
        appendFileSync(path, `${tokens[2]}\n`);
        return new RowValidator([]).validate(row);
      };
      mock.method(RowValidator.prototype, 'validate', changing, { times: 1 });
      const { code, message } = await inTime(errorOf(rig.run(undefined)));
      assert.equal(code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(message);
      assert.deepEqual([rig.service.uploads, rig.rejected], [[], []]);
    });

    it('bulk claim: a defect of the next node is thrown', async () => {
      const defect = new TypeError('a defect');
      const rig = new ClaimRig(accepting(), { onRejected: () => Promise.reject(defect) });
      await assert.rejects(inTime(rig.run(Array<string>(1001).fill('x'))), (error) => error === defect);
    });

    it('bulk claim: a defect is thrown when the uploads that are being sent have ended', async () => {
      const defect = new TypeError('a defect');
      const rig = new ClaimRig(new UploadService(), {
        progress: newProgress(1),
        onRejected: () => Promise.reject(defect),
      });
      const state = { ended: false };
      const failed = assert.rejects(
        rig.run([tokens[0], ...Array<string>(1000).fill('x')]).finally(() => (state.ended = true)),
        (error) => error === defect,
      );
      while (isRunning && rig.rejected.length === 0) await endOfTurn();
      await clock.pass(1000, 50);
      assert.equal(state.ended, false);
      await rig.service.end(0, ACCEPTED);
      await inTime(failed);
      assert.equal(rig.saved.at(-1)!.uploaded, 1);
    });
  });

  describe('a stop', () => {
    /** Two batches of rows, of which the first three, and the last one, are valid. */
    const rows = [...tokens.slice(0, 3), ...Array<string>(BATCH_ROWS - 3).fill('x'), tokens[3]];
    let stop: AbortController;
    let rig: ClaimRig;
    let progress: BulkClaimProgress;
    let end: Promise<BulkClaimEnd>;
    /** The first upload lasts until it is ended. */
    const start = async (signal?: AbortSignal): Promise<void> => {
      stop = new AbortController();
      progress = newProgress(1);
      const service = new UploadService((index) => (index === 0 ? undefined : ACCEPTED));
      rig = new ClaimRig(service, { signal: signal ?? stop.signal, progress });
      end = rig.run(rows);
      end.catch(() => undefined);
      await endOfTurn();
      assert.equal(service.uploads.length, 1);
    };

    it('bulk claim: reads and uploads everything however long it takes, if it is not stopped', async () => {
      await start();
      await clock.pass(2 * DRAIN_MS, DRAIN_MS);
      await rig.service.end(0, ACCEPTED);
      const { summary, failure } = await inTime(end);
      assert.deepEqual([summary.rows, summary.uploaded, failure], [BATCH_ROWS + 1, 4, undefined]);
      assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
    });

    it('bulk claim: a stopped one still reads all rows if that takes less than 10 seconds', async () => {
      await start();
      stop.abort();
      await clock.pass(DRAIN_MS - 1, DRAIN_MS);
      await rig.service.end(0, uploadError('NRFCLOUD_CLOSED'));
      const { summary, failure } = await end;
      assert.deepEqual([summary.rows, summary.uploaded, summary.rejected], [BATCH_ROWS + 1, 0, BATCH_ROWS + 1]);
      assert.deepEqual([failure!.code, failure!.cause.resumes], ['NRFCLOUD_CLOSED', undefined]);
    });

    it('bulk claim: a stopped one reads no further rows after 10 seconds', async () => {
      await start();
      stop.abort();
      await clock.pass(DRAIN_MS, DRAIN_MS);
      await rig.service.end(0, ACCEPTED);
      const { summary, failure } = await inTime(end);
      assert.deepEqual([summary.rows, summary.uploaded, summary.rejected], [BATCH_ROWS, 3, BATCH_ROWS - 3]);
      assert.deepEqual([failure!.code, failure!.cause.operation], ['NRFCLOUD_CLOSED', 'bulk claim']);
      assert.equal(failure!.cause.resumes, undefined);
    });

    it('bulk claim: one that was stopped before it began reads no further rows after 10 seconds', async () => {
      await start(AbortSignal.abort());
      await clock.pass(DRAIN_MS, DRAIN_MS);
      await rig.service.end(0, ACCEPTED);
      const { summary, failure } = await inTime(end);
      assert.deepEqual([summary.rows, failure!.code], [BATCH_ROWS, 'NRFCLOUD_CLOSED']);
    });

    it('bulk claim: one that was suspended before it began reads no row', async () => {
      let reads = 0;
      const row = {
        get claimToken() {
          reads++;
          return tokens[0];
        },
      };
      rig = new ClaimRig(accepting(), { signal: AbortSignal.abort() });
      rig.suspended = true;
      const { code, cause } = await inTime(errorOf(rig.run([row])));
      assert.deepEqual([code, cause.operation, cause.resumes], ['NRFCLOUD_CLOSED', 'bulk claim', true]);
      assert.equal(reads, 0);
    });

    it('bulk claim: a suspended one ends at once, and nothing leaves any more', async () => {
      await start();
      rig.suspended = true;
      stop.abort();
      await rig.service.end(0, uploadError('NRFCLOUD_CLOSED'));
      const { code, cause } = await inTime(errorOf(end));
      assert.deepEqual([code, cause.operation, cause.resumes], ['NRFCLOUD_CLOSED', 'bulk claim', true]);
      assert.deepEqual([rig.uploads, rig.rejected, rig.service.uploads.length], [[], [], 1]);
      assert.equal(progress.failure, undefined);
      assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
    });

    it('bulk claim: one that is suspended while its last upload is being sent continues after the restart', async () => {
      const service = new UploadService();
      stop = new AbortController();
      rig = new ClaimRig(service, { signal: stop.signal });
      end = rig.run(tokens);
      end.catch(() => undefined);
      for (let turn = 0; turn < 5; turn++) await endOfTurn();
      assert.equal(service.uploads.length, 1);
      rig.suspended = true;
      stop.abort();
      await service.end(0, uploadError('NRFCLOUD_CLOSED'));
      const { code, cause } = await inTime(errorOf(end));
      assert.deepEqual([code, cause.operation, cause.resumes], ['NRFCLOUD_CLOSED', 'bulk claim', true]);
      assert.deepEqual([rig.uploads, rig.rejected], [[], []]);
    });
  });
});
