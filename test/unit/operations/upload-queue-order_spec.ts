import assert from 'node:assert/strict';
import { newProgress } from '../../../nodes/operations/bulk-claim-progress';
import { stopClock, type Clock } from '../../support/clock';
import { assertSentence } from '../../support/sentences';
import { endOfTurn, packedRows, tokenOf, uploadError, UploadQueueRig } from '../../support/upload-rig';

const ACCEPTED = { bulkOpsRequestId: 'op' };
const STARTED_AT = '2026-11-28T00:00:00.000Z';
/** Longer than it takes until what has left is recorded, in milliseconds. */
const RECORDED_MS = 300;

describe('upload queue: order and records', () => {
  let clock: Clock;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  it('upload queue: an upload is recorded before it is sent', async () => {
    const rig = new UploadQueueRig();
    await rig.add(5, 2);
    assert.deepEqual(rig.service.uploads, [[tokenOf(6), tokenOf(7)]]);
    const [{ first, count, startedAt } = assert.fail()] = rig.saved[0]!.sent;
    assert.deepEqual([first, count, new Date(startedAt).toISOString()], [5, 2, startedAt]);
  });

  it('upload queue: sends at most the configured number of uploads at once', async () => {
    const rig = new UploadQueueRig({ uploadsAtOnce: 2 });
    for (const first of [0, 1, 2]) await rig.add(first);
    assert.equal(rig.service.uploads.length, 2);
    await rig.service.end(1, ACCEPTED);
    assert.deepEqual(rig.service.uploads, [[tokenOf(1)], [tokenOf(2)], [tokenOf(3)]]);
  });

  it('upload queue: a slow upload holds back at most four others for each one that is sent at once', async () => {
    const rig = new UploadQueueRig({ uploadsAtOnce: 2 });
    await rig.add(0);
    for (let index = 1; index < 8; index++) {
      await rig.add(index);
      await rig.service.end(index, ACCEPTED);
    }
    await rig.add(8);
    assert.equal(rig.service.uploads.length, 8);
    assert.deepEqual(rig.left, []);
    await rig.service.end(0, ACCEPTED);
    assert.equal(rig.service.uploads.length, 9);
    assert.deepEqual(
      rig.left,
      [1, 2, 3, 4, 5, 6, 7].map((accepted, index) => ({ accepted, index })),
    );
  });

  it('upload queue: results leave in order, and the last one has the count', async () => {
    const rig = new UploadQueueRig({ uploadsAtOnce: 3 });
    for (const first of [0, 1, 2]) await rig.add(first);
    await rig.service.end(2, ACCEPTED);
    await rig.service.end(1, uploadError('NRFCLOUD_REJECTED'));
    assert.deepEqual(rig.left, []);
    await rig.service.end(0, ACCEPTED);
    await rig.queue.finish();
    assert.deepEqual(rig.left, [
      { failed: 2, rows: 1, code: 'NRFCLOUD_REJECTED', tried: true },
      { accepted: 1, index: 0 },
      { accepted: 3, index: 1, count: 2 },
    ]);
  });

  it('upload queue: counts uploads, rows and reported failures when they have left, and records it later', async () => {
    const rig = new UploadQueueRig({ uploadsAtOnce: 4 });
    for (const first of [0, 2, 4, 6]) await rig.add(first, 2);
    await rig.service.end(0, { claimedIds: [], failed: [{}, {}] });
    await rig.service.end(1, { claimedIds: [{}], failed: [{}] });
    await rig.service.end(2, { claimedIds: [], failed: [{}, {}], lost: true });
    await rig.service.end(3, uploadError('NRFCLOUD_REJECTED', { statusCode: 422 }));
    await rig.queue.finish();
    const counts = { uploads: 3, uploaded: 6, failedUploads: 1, failedRows: 2, failedAtOnce: 3 };
    assert.deepEqual(rig.queue.left, counts);
    assert.deepEqual([rig.progress.uploads, rig.progress.settledRows, rig.progress.sent.length], [0, 0, 4]);
    await clock.pass(RECORDED_MS, 50);
    await rig.queue.recorded();
    const { failure, ...progress } = rig.saved.at(-1)!;
    assert.equal(failure?.code, 'NRFCLOUD_REJECTED');
    assert.deepEqual(progress, { ...newProgress(1000), ...counts, settledRows: 8, statusCode: 422 });
  });

  describe('the begin of an upload that is sent again', () => {
    const HOUR_MS = 3_600_000;
    const TOOK_MS = 5000;

    /** How much later the upload began, in milliseconds, than the local clock says. */
    async function correction(aheadMs: number): Promise<number> {
      const rig = new UploadQueueRig();
      await rig.add(0);
      const [sent = assert.fail()] = rig.progress.sent;
      const startedAt = Date.parse(sent.startedAt);
      clock.lag(TOOK_MS);
      const date = new Date(startedAt + TOOK_MS + aheadMs).toUTCString();
      await rig.service.end(0, { ...ACCEPTED, lost: true, date });
      return Date.parse(sent.accepted!.repeatedSince!) - startedAt;
    }

    it('upload queue: is that of the local clock if the Date of the response agrees with it', async () => {
      assert.equal(await correction(0), 0);
    });

    for (const [what, aheadMs] of [
      ['behind', HOUR_MS],
      ['ahead', -HOUR_MS],
    ] as const) {
      it(`upload queue: is on the service's clock if the local one is ${what}, and never too early`, async () => {
        const corrected = await correction(aheadMs);
        assert.ok(corrected >= aheadMs && corrected <= aheadMs + 1100, String(corrected));
      });
    }

    it("upload queue: is on the service's clock after a restart, too", async () => {
      const rig = new UploadQueueRig();
      const sent = { first: 0, count: 1, startedAt: STARTED_AT };
      rig.progress.sent.push(sent);
      await rig.queue.resume(sent, packedRows(0, 1));
      await rig.service.end(0, { ...ACCEPTED, date: new Date(Date.now() + HOUR_MS).toUTCString() });
      const corrected = Date.parse(rig.progress.sent[0]!.accepted!.repeatedSince!) - Date.parse(STARTED_AT);
      assert.ok(corrected >= HOUR_MS && corrected <= HOUR_MS + 1100, String(corrected));
    });
  });

  it('upload queue: an upload whose response was lost says since when it may have been accepted', async () => {
    const rig = new UploadQueueRig({ uploadsAtOnce: 3 });
    const sent = { first: 0, count: 1, startedAt: STARTED_AT };
    rig.progress.sent.push(sent);
    await rig.queue.resume(sent, packedRows(0, 1));
    for (const first of [1, 2]) await rig.add(first);
    const [, lost] = rig.progress.sent;
    await rig.service.end(0, ACCEPTED);
    await rig.service.end(1, { ...ACCEPTED, lost: true });
    await rig.service.end(2, ACCEPTED);
    const accepted = rig.progress.sent.map((one) => one.accepted?.repeatedSince);
    assert.deepEqual(accepted, [STARTED_AT, lost!.startedAt, undefined]);
    await rig.queue.finish();
    assert.deepEqual(rig.left, [
      { accepted: 1, index: 0, repeated: true },
      { accepted: 2, index: 1, repeated: true },
      { accepted: 3, index: 2, count: 3 },
    ]);
  });

  it('upload queue: rows of an upload that is refused after a restart may have been claimed', async () => {
    const rig = new UploadQueueRig();
    const sent = { first: 0, count: 1, startedAt: STARTED_AT };
    rig.progress.sent.push(sent);
    await rig.queue.resume(sent, packedRows(0, 1));
    await rig.service.end(0, uploadError('NRFCLOUD_REJECTED', { statusCode: 422 }));
    await rig.queue.finish();
    assert.deepEqual(rig.left, [
      { failed: 1, rows: 1, code: 'NRFCLOUD_REJECTED', tried: true, mayHaveSucceeded: true },
    ]);
    const { message, cause } = rig.progress.failure!;
    assert.equal(cause.mayHaveSucceeded, true);
    assertSentence(message);
  });

  it('upload queue: a held upload leaves first, or last of all with the count', async () => {
    for (const next of [0, 1]) {
      const held = { first: 0, count: 2, body: { claimedIds: ['a'], failed: [{}] }, statusCode: 202 };
      const progress = { ...newProgress(1000), uploads: 3, uploaded: 7, failedAtOnce: 2, settledRows: 9, held };
      const rig = new UploadQueueRig({ progress });
      rig.queue.hold(held, packedRows(0, 2));
      if (next === 1) {
        await rig.add(2);
        await rig.service.end(0, ACCEPTED);
      }
      await rig.queue.finish();
      assert.deepEqual(rig.left[0], next === 0 ? { accepted: 1, index: 3, count: 4 } : { accepted: 1, index: 3 });
      assert.equal(rig.left.length, next + 1);
      await clock.pass(RECORDED_MS, 50);
      await rig.queue.recorded();
      const { uploads, uploaded, failedAtOnce, settledRows, held: last } = rig.saved.at(-1)!;
      assert.deepEqual([uploads, uploaded, failedAtOnce], [4 + next, 9 + next, 3]);
      assert.deepEqual([settledRows, last], [9 + next, undefined]);
    }
  });

  it('upload queue: a held upload does not leave after a suspension', async () => {
    const held = { first: 0, count: 2, body: ACCEPTED, statusCode: 202 };
    const rig = new UploadQueueRig({ progress: { ...newProgress(1000), held } });
    rig.queue.hold(held, packedRows(0, 2));
    rig.suspended = true;
    await rig.queue.finish();
    assert.deepEqual([rig.left, rig.progress.held], [[], held]);
  });

  it('upload queue: nothing is sent and nothing leaves after a suspension', async () => {
    const rig = new UploadQueueRig();
    await rig.add(0);
    const { added } = await rig.add(1);
    rig.suspended = true;
    await rig.service.end(0, ACCEPTED);
    await added;
    await rig.add(2);
    await rig.queue.finish();
    assert.deepEqual([rig.service.uploads, rig.left], [[[tokenOf(1)]], []]);
  });

  it('upload queue: an upload is not sent after a suspension while it is recorded', async () => {
    const rig = new UploadQueueRig();
    rig.onSave = () => (rig.suspended = true);
    await rig.add(0);
    await rig.queue.finish();
    assert.deepEqual([rig.service.uploads, rig.left], [[], []]);
    assert.deepEqual(rig.progress.sent, rig.saved.at(-1)!.sent);
    assert.equal(rig.progress.sent.length, 1);
  });
});

describe('upload queue: failures', () => {
  const failed = (line: number, code: string, tried = true): object => ({ failed: line, rows: 1, code, tried });

  it('upload queue: the first of several failures is the one of the bulk claim', async () => {
    const rig = new UploadQueueRig({ uploadsAtOnce: 2 });
    for (const first of [0, 1]) await rig.add(first);
    await rig.service.end(0, uploadError('NRFCLOUD_UNAVAILABLE', { statusCode: 503 }));
    await rig.service.end(1, uploadError('NRFCLOUD_TIMEOUT'));
    const { failure, stopped, statusCode } = rig.progress;
    assert.deepEqual([failure!.code, failure!.cause.statusCode], ['NRFCLOUD_UNAVAILABLE', 503]);
    assert.deepEqual([stopped, statusCode], [undefined, 503]);
  });

  for (const code of ['NRFCLOUD_UNAUTHORIZED', 'NRFCLOUD_FORBIDDEN', 'NRFCLOUD_CLOSED'] as const) {
    it(`upload queue: ${code} ends a bulk claim: no further upload is tried`, async () => {
      const rig = new UploadQueueRig({ uploadsAtOnce: 2 });
      await rig.add(0);
      await rig.service.end(0, uploadError('NRFCLOUD_UNAVAILABLE'));
      for (const first of [1, 2]) await rig.add(first);
      await rig.service.end(1, uploadError(code));
      await rig.service.end(2, uploadError('NRFCLOUD_FORBIDDEN', { statusCode: 403 }));
      await rig.add(3);
      await rig.queue.finish();
      assert.deepEqual([rig.progress.failure!.code, rig.progress.stopped], [code, true]);
      assert.equal(rig.progress.failure!.cause.statusCode, undefined);
      assert.deepEqual(rig.left, [
        failed(1, 'NRFCLOUD_UNAVAILABLE'),
        failed(2, code),
        failed(3, 'NRFCLOUD_FORBIDDEN'),
        failed(4, code, false),
      ]);
      assert.equal(rig.service.uploads.length, 3);
      assert.deepEqual([rig.queue.left.failedUploads, rig.queue.left.failedRows], [3, 4]);
    });
  }

  it('upload queue: a defect is thrown when the next upload is added', async () => {
    const defect = new TypeError('a defect');
    const rig = new UploadQueueRig();
    await rig.add(0);
    await rig.service.end(0, defect);
    await assert.rejects(rig.queue.add(1, packedRows(1, 1)), (error) => error === defect);
    assert.equal(rig.service.uploads.length, 1);
  });

  it('upload queue: a defect of the last upload is thrown at the end', async () => {
    const defect = new TypeError('a defect');
    const rig = new UploadQueueRig();
    await rig.add(0);
    await rig.service.end(0, defect);
    await assert.rejects(rig.queue.finish(), (error) => error === defect);
  });

  it('upload queue: a defect ends the wait of an upload that others hold back', async () => {
    const defect = new TypeError('a defect');
    const rig = new UploadQueueRig({ uploadsAtOnce: 2 });
    await rig.add(0);
    for (let index = 1; index < 8; index++) {
      await rig.add(index);
      await rig.service.end(index, ACCEPTED);
    }
    const { added } = await rig.add(8);
    let ended: unknown = 'it waits';
    added.catch((error: unknown) => (ended = error));
    await rig.service.end(0, defect);
    assert.equal(ended, defect);
  });

  it('upload queue: a defect of the next node is thrown at the end', async () => {
    const rig = new UploadQueueRig();
    rig.defect = new TypeError('a defect');
    await rig.add(0);
    await rig.service.end(0, uploadError('NRFCLOUD_REJECTED'));
    await assert.rejects(rig.queue.finish(), (error) => error === rig.defect);
    await endOfTurn();
  });
});
