import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { newProgress } from '../../../nodes/operations/bulk-claim-progress';
import { deviceIdOf } from '../../../nodes/parse/claim-token';
import { stopClock, type Clock } from '../../support/clock';
import { assertSentence } from '../../support/sentences';
import { ClaimRig, endOfTurn, uploadError, UploadService } from '../../support/upload-rig';
import { mintTokens } from '../parse/rows/read-all-rows';

const ACCEPTED = { bulkOpsRequestId: 'op' };
const STARTED_AT = '2026-11-28T00:00:00.000Z';
/** How long what has left stays recorded, in milliseconds. */
const HANDOVER_MS = 250;
/** Most rejected rows of one message. */
const MAX_ROWS = 1000;

describe('bulk claim: rows', () => {
  const tokens = mintTokens(8);
  const accepting = (): UploadService => new UploadService(() => ACCEPTED);
  let clock: Clock;
  beforeEach(() => (clock = stopClock()));
  afterEach(() => clock.restore());

  it('bulk claim: each upload leaves with its rows, its place and its index, and progress is shown', async () => {
    const progress = newProgress(2);
    const rig = new ClaimRig(accepting(), { progress });
    const { summary, failure, failedAtOnce } = await rig.run([tokens[0], [tokens[1], 'a'], 'x', tokens[2]]);
    assert.deepEqual(rig.service.uploads, [tokens.slice(0, 2), [tokens[2]]]);
    assert.deepEqual(
      rig.uploads.map(({ payload, statusCode, repeatedSince, part }) => [payload, statusCode, repeatedSince, part]),
      [
        [{ ...ACCEPTED, rows: 2, firstLine: 1, lastLine: 2 }, 202, undefined, { index: 0 }],
        [{ ...ACCEPTED, rows: 1, firstLine: 4, lastLine: 4 }, 202, undefined, { index: 1, count: 2 }],
      ],
    );
    assert.deepEqual(
      rig.uploads.flatMap(({ rows }) => rows!.map(({ line, claimToken, tags }) => [line, claimToken, tags])),
      [
        [1, tokens[0], []],
        [2, tokens[1], ['a']],
        [4, tokens[2], []],
      ],
    );
    assert.deepEqual(rig.shown, [2, 3]);
    const recorded = rig.saved.flatMap(({ sent }) => sent.map(({ first }) => first));
    assert.deepEqual(new Set(recorded), new Set([0, 2]));
    const { columns, ...counts } = summary;
    assert.equal(columns.header, null);
    assert.deepEqual(counts, { rows: 4, uploaded: 3, rejected: 1, duplicates: 0, uploads: 2, failedUploads: 0 });
    assert.deepEqual([failure, failedAtOnce], [undefined, 0]);
  });

  it('bulk claim: an upload whose response was lost is repeated, and its failures are not counted', async () => {
    const rig = new ClaimRig(new UploadService(() => ({ claimedIds: [], failed: [{}], lost: true })));
    const { failedAtOnce } = await rig.run([tokens[0]]);
    const [{ payload, repeatedSince } = assert.fail()] = rig.uploads;
    assert.equal(payload['repeated'], true);
    assert.equal(typeof repeatedSince, 'string');
    assert.equal(failedAtOnce, 0);
  });

  it('bulk claim: counts duplicates among the rejected rows', async () => {
    const rig = new ClaimRig(accepting());
    const { summary } = await rig.run([tokens[0], tokens[0], 'x', tokens[0]]);
    assert.deepEqual([summary.rows, summary.uploaded, summary.rejected, summary.duplicates], [4, 1, 3, 2]);
  });

  it('bulk claim: counts the rows that the service reports as failed', async () => {
    const rig = new ClaimRig(new UploadService(() => ({ claimedIds: [], failed: [{}, {}] })));
    assert.equal((await rig.run(tokens.slice(0, 2))).failedAtOnce, 2);
    assert.equal('repeated' in rig.uploads[0]!.payload, false);
  });

  for (const [what, body, failed] of [
    ['no row is in its lists', { claimedIds: [], failed: [] }, 2],
    ['it names devices of others', { claimedIds: [randomUUID()] }, 2],
    ['it names one of the rows, and a device of others', { claimedIds: [deviceIdOf(tokens[0]!), randomUUID()] }, 1],
  ] as const) {
    it(`bulk claim: rows that the service does not account for count as failed if ${what}`, async () => {
      const rig = new ClaimRig(new UploadService(() => body));
      assert.equal((await rig.run(tokens.slice(0, 2))).failedAtOnce, failed);
    });
  }

  it('bulk claim: no row of an operation counts as failed before its end is known', async () => {
    const rig = new ClaimRig(new UploadService(() => ({ ...ACCEPTED, failed: [{}] })));
    assert.equal((await rig.run(tokens.slice(0, 2))).failedAtOnce, 0);
  });

  /** Rows 0 and 1 have left, 2 is held, 3 to 5 were sent. */
  const interrupted = (accepted: boolean) => {
    const sent = { first: 3, count: 3, startedAt: STARTED_AT };
    const body = { bulkOpsRequestId: 'sent' };
    return {
      ...newProgress(2),
      ...{ settledRows: 3, rejectedRows: 1, uploads: 1, uploaded: 2 },
      held: { first: 2, count: 1, body: { bulkOpsRequestId: 'held' }, statusCode: 202 },
      sent: [accepted ? { ...sent, accepted: { first: 3, count: 3, body, statusCode: 200 } } : sent],
    };
  };
  for (const accepted of [false, true]) {
    const what = accepted ? 'was accepted' : 'may have been accepted';
    it(`bulk claim: goes on after a restart, with an upload that ${what}`, async () => {
      const rig = new ClaimRig(accepting(), { progress: interrupted(accepted) });
      const { summary } = await rig.run(['x', ...tokens.slice(0, 4), 'y', ...tokens.slice(4)]);
      const sentAgain = accepted ? [] : [tokens.slice(3, 6)];
      assert.deepEqual(rig.service.uploads, [...sentAgain, tokens.slice(6)]);
      assert.deepEqual(
        rig.uploads.map(({ payload, repeatedSince, rows, part }) => [
          ...[payload['bulkOpsRequestId'], payload['repeated'], repeatedSince],
          ...[rows!.map(({ claimToken }) => tokens.indexOf(claimToken)), part],
        ]),
        [
          ['held', undefined, undefined, [2], { index: 1 }],
          accepted
            ? ['sent', undefined, undefined, [3, 4, 5], { index: 2 }]
            : ['op', true, STARTED_AT, [3, 4, 5], { index: 2 }],
          ['op', undefined, undefined, [6, 7], { index: 3, count: 4 }],
        ],
      );
      assert.deepEqual(
        rig.rejected.map(({ rows }) => rows.map(({ line }) => line)),
        [[6]],
      );
      assert.deepEqual([summary.rows, summary.uploaded, summary.rejected, summary.uploads], [10, 8, 2, 4]);
    });
  }

  it('bulk claim: goes on after a restart with rows that were not sent', async () => {
    const progress = { ...newProgress(2), settledRows: 3, uploads: 2, uploaded: 3 };
    const rig = new ClaimRig(accepting(), { progress });
    await rig.run(tokens.slice(0, 6));
    assert.deepEqual(rig.service.uploads, [tokens.slice(3, 5), tokens.slice(5, 6)]);
  });

  it('bulk claim: an upload that was sent before a restart begins with its first row', async () => {
    const sent = [{ first: 0, count: 1, startedAt: STARTED_AT }];
    const rig = new ClaimRig(accepting(), { progress: { ...newProgress(2), sent } });
    await rig.run(tokens.slice(0, 3));
    assert.deepEqual(rig.service.uploads, [tokens.slice(0, 1), tokens.slice(1, 3)]);
  });

  it('bulk claim: invalid rows leave in messages of at most 1000', async () => {
    const rig = new ClaimRig(accepting());
    await rig.run(Array<string>(MAX_ROWS + 1).fill('x'));
    assert.deepEqual(
      rig.rejected.map(({ rows }) => rows.length),
      [MAX_ROWS, 1],
    );
  });

  describe('of a large upload', () => {
    let many: string[];
    before(() => (many = mintTokens(MAX_ROWS + 1)));

    for (const sizes of [[MAX_ROWS], [MAX_ROWS, 1]]) {
      it(`bulk claim: rows of a failed upload leave in messages of ${sizes.join(' and ')}, with its status`, async () => {
        const service = new UploadService(() => uploadError('NRFCLOUD_REJECTED', { statusCode: 422 }));
        const rig = new ClaimRig(service, { progress: newProgress(2 * MAX_ROWS) });
        await rig.run(many.slice(sizes.length === 1 ? 1 : 0));
        assert.deepEqual(
          rig.rejected.map(({ rows, statusCode }) => [rows.length, rows[0]?.line, statusCode]),
          sizes.map((size, index) => [size, index * MAX_ROWS + 1, 422]),
        );
      });
    }
  });

  it('bulk claim: only rows that were tried may have been claimed', async () => {
    const error = uploadError('NRFCLOUD_FORBIDDEN', { statusCode: 403, mayHaveSucceeded: true });
    const rig = new ClaimRig(new UploadService(() => error), { progress: newProgress(1) });
    const { summary, failure } = await rig.run([[tokens[0], 'a'], tokens[1]]);
    assert.equal(rig.service.uploads.length, 1);
    const [tried, untried] = rig.rejected.map(({ rows }) => rows[0]!);
    assert.deepEqual([tried!.code, tried!.mayHaveSucceeded], ['NRFCLOUD_FORBIDDEN', true]);
    assert.deepEqual([tried!.line, tried!.claimToken, tried!.tags], [1, tokens[0], ['a']]);
    assert.deepEqual([untried!.code, 'mayHaveSucceeded' in untried!], ['NRFCLOUD_FORBIDDEN', false]);
    assertSentence(untried!.reason);
    assert.deepEqual([summary.uploaded, summary.rejected, summary.failedUploads], [0, 2, 1]);
    assert.equal(failure!.code, 'NRFCLOUD_FORBIDDEN');
  });

  it('bulk claim: rows of a refused upload were not claimed', async () => {
    const rig = new ClaimRig(new UploadService(() => uploadError('NRFCLOUD_REJECTED')));
    await rig.run([tokens[0]]);
    assert.equal('mayHaveSucceeded' in rig.rejected[0]!.rows[0]!, false);
  });

  it('bulk claim: what has left is recorded after the next nodes have had time to record it', async () => {
    const rig = new ClaimRig(accepting());
    const { recorded } = await rig.run([tokens[0], 'x']);
    let isRecorded = false;
    void recorded.then(() => (isRecorded = true));
    await clock.pass(HANDOVER_MS - 1);
    assert.deepEqual([isRecorded, rig.saved.at(-1)!.uploads], [false, 0]);
    await clock.pass(1);
    await endOfTurn();
    assert.equal(isRecorded, true);
    const { uploads, uploaded, rejectedRows, settledRows } = rig.saved.at(-1)!;
    assert.deepEqual([uploads, uploaded, rejectedRows, settledRows], [1, 1, 1, 1]);
  });
});
