import assert from 'node:assert/strict';
import { newProgress } from '../../../nodes/operations/bulk-claim-progress';
import {
  endOfTurn,
  packedRows,
  tokenOf,
  tooLarge,
  uploadError,
  UploadQueueRig,
  UploadService,
} from '../../support/upload-rig';

const ACCEPTED = { bulkOpsRequestId: 'op' };

describe('upload queue: uploads that are too large', () => {
  it('upload queue: an upload that is too large is sent in halves, in its place, and each is recorded', async () => {
    const rig = new UploadQueueRig({ progress: newProgress(5) });
    await rig.add(10, 5);
    const { startedAt } = rig.progress.sent[0]!;
    await rig.service.end(0, tooLarge());
    const halves = [
      { first: 10, count: 3, firstLine: 11, lastLine: 13, startedAt },
      { first: 13, count: 2, firstLine: 14, lastLine: 15, startedAt },
    ];
    assert.deepEqual(rig.saved.at(-1)!.sent, halves);
    assert.deepEqual([rig.progress.rowsPerUpload, rig.progress.halvings], [3, 1]);
    await rig.service.end(1, ACCEPTED);
    await rig.service.end(2, ACCEPTED);
    await rig.queue.finish();
    assert.deepEqual(rig.service.uploads.slice(1), [
      [tokenOf(11), tokenOf(12), tokenOf(13)],
      [tokenOf(14), tokenOf(15)],
    ]);
    assert.deepEqual(rig.left, [
      { accepted: 11, index: 0 },
      { accepted: 14, index: 1, count: 2 },
    ]);
  });

  it('upload queue: uploads that are refused at the same time halve the size once', async () => {
    const rig = new UploadQueueRig({ uploadsAtOnce: 2, progress: newProgress(4) });
    for (const first of [0, 4]) await rig.add(first, 4);
    for (const index of [0, 1]) await rig.service.end(index, tooLarge());
    assert.deepEqual([rig.progress.rowsPerUpload, rig.progress.halvings], [2, 1]);
    assert.deepEqual(
      rig.service.uploads.map((tokens) => tokens.length),
      [4, 4, 2, 2],
    );
  });

  it('upload queue: both halves of an upload are repeated if an attempt before may have been accepted', async () => {
    const rig = new UploadQueueRig();
    await rig.add(0, 2);
    await rig.service.end(0, uploadError('NRFCLOUD_REJECTED', { statusCode: 413, mayHaveSucceeded: true }));
    await rig.service.end(1, ACCEPTED);
    await rig.service.end(2, uploadError('NRFCLOUD_REJECTED', { statusCode: 422 }));
    await rig.queue.finish();
    assert.deepEqual(rig.left, [
      { failed: 2, rows: 1, code: 'NRFCLOUD_REJECTED', tried: true, mayHaveSucceeded: true },
      { accepted: 1, index: 0, count: 1, repeated: true },
    ]);
  });

  it('upload queue: the second half of an upload is not sent after a suspension', async () => {
    const rig = new UploadQueueRig();
    await rig.add(0, 2);
    await rig.service.end(0, tooLarge());
    rig.suspended = true;
    await rig.service.end(1, ACCEPTED);
    await rig.queue.finish();
    assert.deepEqual(rig.service.uploads, [[tokenOf(1), tokenOf(2)], [tokenOf(1)]]);
    assert.deepEqual([rig.left, rig.progress.sent.length], [[], 2]);
  });

  it('upload queue: an upload of two rows is halved, and one of a single row fails', async () => {
    const rig = new UploadQueueRig();
    await rig.add(0, 2);
    for (const index of [0, 1, 2]) await rig.service.end(index, tooLarge());
    await rig.queue.finish();
    assert.deepEqual(rig.service.uploads, [[tokenOf(1), tokenOf(2)], [tokenOf(1)], [tokenOf(2)]]);
    assert.deepEqual(
      rig.left,
      [1, 2].map((line) => ({ failed: line, rows: 1, code: 'NRFCLOUD_REJECTED', tried: true })),
    );
  });

  it('upload queue: the size is halved at most four times', async () => {
    const rig = new UploadQueueRig({ service: new UploadService(() => tooLarge()), progress: newProgress(32) });
    await rig.queue.add(0, packedRows(0, 32));
    await rig.queue.finish();
    const failed = Array.from({ length: 16 }, (_, index) => 2 * index + 1);
    assert.deepEqual(
      rig.left,
      failed.map((line) => ({ failed: line, rows: 2, code: 'NRFCLOUD_REJECTED', tried: true })),
    );
    assert.deepEqual([rig.progress.halvings, rig.service.uploads.length], [4, 31]);
  });

  it('upload queue: an upload that was sent before the size was reduced four times is halved as often', async () => {
    // The second upload lasts until the first one is halved.
    const service = new UploadService((index, { length }) => {
      if (index === 1) return undefined;
      return length > 1 ? tooLarge() : ACCEPTED;
    });
    const rig = new UploadQueueRig({ uploadsAtOnce: 2, service, progress: newProgress(16) });
    for (const first of [0, 16]) await rig.queue.add(first, packedRows(first, 16));
    await endOfTurn();
    assert.equal(rig.progress.halvings, 4);
    await service.end(1, tooLarge());
    await rig.queue.finish();
    assert.deepEqual(
      rig.left.map((upload) => 'accepted' in upload && upload.accepted),
      Array.from({ length: 32 }, (_, index) => index + 1),
    );
  });

  for (const [body, isHalved, statusCode = 400] of [
    ['At most 100 rows', true],
    ['Too many rows\nmax 100', true],
    [{ message: 'the limit of 100 rows is exceeded' }, true],
    [{ code: 'ROW_LIMIT', rows: 100 }, true],
    [{ maxRows: 100 }, true],
    [{ message: 'line 7 is bad' }, false],
    [{ message: 'the limit is exceeded' }, false],
    ['climax 7', false],
    [undefined, false],
    [{ message: 'the limit of 100 rows is exceeded' }, false, 422],
  ] as [unknown, boolean, number?][]) {
    const refusal = `${statusCode} ${JSON.stringify(body)}`;
    it(`upload queue: ${isHalved ? 'halves' : 'does not halve'} an upload after ${refusal}`, async () => {
      const rig = new UploadQueueRig();
      await rig.add(0, 2);
      await rig.service.end(0, uploadError('NRFCLOUD_REJECTED', { statusCode, body }));
      assert.equal(rig.service.uploads.length, isHalved ? 2 : 1);
    });
  }
});
