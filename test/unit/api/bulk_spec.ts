import assert from 'node:assert/strict';
import { bulkStatus, errorSummary, operationIdOf, uploadClaims, type UploadResponse } from '../../../nodes/api/bulk';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

describe('bulk claims', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());

  describe('uploadClaims', () => {
    const upload = (options = {}): Promise<UploadResponse> =>
      uploadClaims(service.api(options), Buffer.from('token\n'));

    for (const [what, status, body] of [
      ['an operation', 202, { bulkOpsRequestId: 'b1' }],
      ['claimed devices', 201, { claimedIds: [] }],
      ['failures', 200, { failed: [] }],
      ['both', 200, { failed: [], claimedIds: [] }],
      ['failures with a refusal', 422, { failed: [{}] }],
      ['failures with a refusal', 400, { claimedIds: [], failed: [{}] }],
      ['claimed devices with a refusal', 409, { claimedIds: ['a'], failed: [] }],
    ] as const) {
      it(`accepts ${what}: ${status}`, async () => {
        service.respondWith([status, body]);
        const { serviceTime, ...response } = await upload();
        assert.deepEqual(response, { statusCode: status, body, repeated: false });
        assert.ok(serviceTime!.earliest <= Date.now() && serviceTime!.latest >= Date.now() - 1000);
        const { body: sent, headers } = service.requests[0]!;
        assert.deepEqual([sent, headers['content-type']], ['token\n', 'text/csv']);
      });
    }

    for (const [status, body, code] of [
      [503, { failed: [] }, 'NRFCLOUD_UNAVAILABLE'],
      [500, { claimedIds: ['a'] }, 'NRFCLOUD_UNAVAILABLE'],
      [429, { failed: [{}] }, 'NRFCLOUD_RATE_LIMITED'],
      [401, { failed: [{}] }, 'NRFCLOUD_UNAUTHORIZED'],
      [403, { claimedIds: ['a'] }, 'NRFCLOUD_FORBIDDEN'],
      [404, { failed: [{}] }, 'NRFCLOUD_NOT_FOUND'],
      [413, { failed: [{}] }, 'NRFCLOUD_REJECTED'],
      [400, { failed: [] }, 'NRFCLOUD_REJECTED'],
      [422, { claimedIds: [], failed: [] }, 'NRFCLOUD_REJECTED'],
      [400, { message: 'at most 500 rows' }, 'NRFCLOUD_REJECTED'],
      [422, 'no', 'NRFCLOUD_REJECTED'],
    ] as const) {
      it(`does not accept ${JSON.stringify(body)} with ${status}`, async () => {
        service.respondWith([status, body]);
        const error = await errorOf(upload({ retries: 0 }));
        assert.deepEqual([error.code, error.cause.statusCode], [code, status]);
        assert.deepEqual(error.cause.body, body);
        assert.equal(error.cause.mayHaveSucceeded, status === 500 ? true : undefined);
      });
    }

    for (const body of [{}, { bulkOpsRequestId: ' ' }, { bulkOpsRequestId: 5 }, { failed: {} }, [], 'null', '<html>']) {
      it(`does not accept ${JSON.stringify(body)} with 200`, async () => {
        service.respondWith([200, body]);
        const { code, cause, message } = await errorOf(upload());
        assert.deepEqual([code, cause.mayHaveSucceeded], ['NRFCLOUD_BAD_RESPONSE', true]);
        assertSentence(message);
      });
    }

    it('accepts the result of 1000 rows with a refusal, which is longer than an error keeps', async () => {
      const failed = Array.from({ length: 1000 }, (_, index) => ({
        claimToken: 'x'.repeat(180),
        index,
        message: 'no',
      }));
      service.respondWith([422, { claimedIds: [], failed }]);
      const { statusCode, body } = await upload();
      assert.deepEqual([statusCode, body['failed']], [422, failed]);
    });

    it('keeps at most 64 KiB of another refusal', async () => {
      service.respondWith([422, { message: 'x'.repeat(100_000) }]);
      const { code, cause } = await errorOf(upload());
      assert.deepEqual([code, (cause.body as string).length], ['NRFCLOUD_REJECTED', 65_536]);
    });

    it('says whether it was sent again after a lost response', async () => {
      const accepted = [202, { bulkOpsRequestId: 'b1' }] as const;
      for (const [failure, repeated] of [
        ['reset', true],
        [[500], true],
        [[503], false],
        [[429], false],
      ] as const) {
        service.respondWith(failure, accepted);
        assert.equal((await upload()).repeated, repeated, JSON.stringify(failure));
      }
      service.respondWith([500], [422, {}]);
      assert.equal((await errorOf(upload())).cause.mayHaveSucceeded, true);
    });
  });

  it('an operation has an id without spaces around it', () => {
    assert.equal(operationIdOf({ bulkOpsRequestId: ' b1 ' }), 'b1');
  });

  it('bulkStatus is requested once', async () => {
    service.respondWith([500, {}]);
    assert.equal((await errorOf(bulkStatus(service.api(), 'b1'))).cause.attempts, 1);
    assert.deepEqual(service.lines, ['GET /bulk-ops-requests/b1']);
  });

  for (const body of [{ status: 'NEW' }, { bulkOpsRequestId: 'B1' }]) {
    it(`bulkStatus believes ${JSON.stringify(body)}`, async () => {
      service.respondWith([200, body]);
      assert.deepEqual(await bulkStatus(service.api(), 'b1'), { statusCode: 200, body });
    });
  }

  for (const body of [[], { bulkOpsRequestId: 'b2' }]) {
    it(`bulkStatus does not believe ${JSON.stringify(body)}`, async () => {
      service.respondWith([200, body]);
      const { code, message } = await errorOf(bulkStatus(service.api(), 'b1'));
      assert.equal(code, 'NRFCLOUD_BAD_RESPONSE');
      assertSentence(message);
    });
  }

  it('errorSummary says that the service names none', async () => {
    for (const errorSummaryUrl of [undefined, '', 5, null]) {
      const summary = await errorSummary(service.api(), { errorSummaryUrl });
      assert.deepEqual(summary, { problem: 'the service names no error summary' });
    }
  });

  it('errorSummary has no API key in it, even if the service writes it there', async () => {
    service.respondWith([200, '{"errors":["[0]: the key secret-key is not known"]}']);
    const api = service.api({ apiKey: 'secret-key' });
    const summary = await errorSummary(api, { errorSummaryUrl: `${service.origin}/errors` });
    assert.deepEqual(summary, { text: '{"errors":["[0]: the key … is not known"]}' });
  });

  it('errorSummary names the bulk operation when it is stopped', async () => {
    const stop = new Abort();
    service.respondWith(() => stop.abort());
    const api = service.api({}, { signal: stop });
    const { code, cause } = await errorOf(errorSummary(api, { errorSummaryUrl: `${service.origin}/errors` }));
    assert.deepEqual([code, cause.operation], ['NRFCLOUD_CLOSED', 'bulk status']);
  });
});
