import assert from 'node:assert/strict';
import type { Api } from '../../../nodes/api/api';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { bulkClaim } from '../../../nodes/operations/bulk-claim';
import { newProgress } from '../../../nodes/operations/bulk-claim-progress';
import { UploadQueue } from '../../../nodes/operations/upload-queue';
import { PackedRows, type ValidRow } from '../../../nodes/parse/rows';
import { Abort } from '../../../nodes/util/abort';
import { stopClock, type Clock } from '../../support/clock';
import { assertSentence } from '../../support/sentences';

/** How long what has left stays recorded, in milliseconds. */
const HANDOVER_MS = 250;

describe('what a bulk claim records when results have left', () => {
  let clock: Clock;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  it('upload queue: an accepted upload is recorded as held until the next node has had time to record it', async () => {
    const accepted = { first: 0, count: 1, body: { bulkOpsRequestId: 'op' }, statusCode: 202 };
    const sent = { first: 0, count: 1, startedAt: '2026-11-28T00:00:00.000Z', accepted };
    const progress = { ...newProgress(1), sent: [sent] };
    const events: unknown[] = [];
    const outputs = {
      onUpload: () => void events.push('left'),
      onFailed: () => Promise.reject(new Error('not expected')),
      save: () => {
        events.push(`recorded ${progress.sent.length} sent, ${progress.uploads} uploads`);
        return Promise.resolve();
      },
    };
    const queue = new UploadQueue(undefined as unknown as Api, 1, progress, outputs, () => false);
    const rows: ValidRow[] = [{ ok: true, line: 1, deviceId: 'device', claimToken: 'token', tags: [] }];
    await queue.resume(sent, PackedRows.pack(rows));
    const finished = queue.finish().then(() => queue.recorded());
    await clock.pass(HANDOVER_MS - 1);
    assert.deepEqual(events, ['left']);
    await clock.pass(1);
    await finished;
    assert.deepEqual(events, ['left', 'recorded 0 sent, 0 uploads', 'recorded 0 sent, 1 uploads']);
  });

  it('bulk claim: a rejected row counts as gone when the next node has had time to record it', async () => {
    const progress = newProgress(1000);
    const events: unknown[] = [];
    const claimed = bulkClaim(
      undefined as unknown as Api,
      {
        source: { kind: 'value', value: 'claimToken\nnot-a-token\n' },
        tokenColumn: 1,
        tagsColumn: 0,
        tags: undefined,
        uploadsAtOnce: 1,
        onInvalid: 'skip',
      },
      { source: 'msg.payload', tags: 'msg.tags' },
      progress,
      {
        onUpload: () => undefined,
        onRejected: (rows) => void events.push(rows.length),
        onProgress: () => undefined,
        save: ({ rejectedRows }) => {
          events.push(`recorded ${rejectedRows}`);
          return Promise.resolve();
        },
      },
      new Abort(),
      () => false,
    );
    while (events.length === 0) await clock.pass(1);
    await clock.pass(HANDOVER_MS - 2);
    assert.deepEqual(events, [1]);
    await clock.pass(2);
    const { summary, recorded } = await claimed;
    await recorded;
    assert.equal(summary.rejected, 1);
    assert.deepEqual(events, [1, 'recorded 1']);
  });
});

describe('upload queue', () => {
  it('upload queue: an upload that was being sent before a restart may have succeeded after a stop', async () => {
    const rows: ValidRow[] = [{ ok: true, line: 1, deviceId: 'device', claimToken: 'token', tags: [] }];
    const sent = { first: 0, count: 1, startedAt: '2026-11-28T00:00:00.000Z' };
    const cause = { operation: 'bulk claim', statusCode: 401, attempts: 1 } as const;
    const progress = {
      ...newProgress(1),
      sent: [sent],
      stopped: true,
      failure: { code: 'NRFCLOUD_UNAUTHORIZED', message: 'the key is refused', cause } as const,
    };
    const failed: { error: NrfCloudError; tried: boolean }[] = [];
    const queue = new UploadQueue(
      undefined as unknown as Api,
      1,
      progress,
      {
        onUpload: () => undefined,
        onFailed: (_rows, error, tried) => {
          failed.push({ error, tried });
          return Promise.resolve();
        },
        save: () => Promise.resolve(),
      },
      () => false,
    );
    await queue.resume(sent, PackedRows.pack(rows));
    await queue.add(1, PackedRows.pack(rows));
    await queue.finish();
    assertSentence(failed[0]!.error.message);
    assert.deepEqual(
      failed.map(({ error, tried }) => [error.code, tried, error.cause.mayHaveSucceeded]),
      [
        ['NRFCLOUD_UNAUTHORIZED', true, true],
        ['NRFCLOUD_UNAUTHORIZED', false, undefined],
      ],
    );
  });
});
