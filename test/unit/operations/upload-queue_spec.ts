import assert from 'node:assert/strict';
import type { Api } from '../../../nodes/api/api';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { newProgress } from '../../../nodes/operations/bulk-claim-progress';
import { UploadQueue } from '../../../nodes/operations/upload-queue';
import { PackedRows, type ValidRow } from '../../../nodes/parse/rows';

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
    assert.deepEqual(
      failed.map(({ error, tried }) => [error.code, tried, error.cause.mayHaveSucceeded]),
      [
        ['NRFCLOUD_UNAUTHORIZED', true, true],
        ['NRFCLOUD_UNAUTHORIZED', false, undefined],
      ],
    );
  });
});
