import assert from 'node:assert/strict';
import type { Api } from '../../../nodes/api/api';
import { resultOfOperation, resultOfUpload, type BulkResultParams } from '../../../nodes/operations/bulk-result';
import type { UploadRow } from '../../../nodes/operations/row-errors';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const uuid = (number: number): string => `00000000-0000-4000-8000-00000000000${number}`;
const row = (number: number): UploadRow => ({
  line: 10 + number,
  deviceId: uuid(number),
  claimToken: `token${number}`,
  tags: ['t'],
});
const [BEFORE, REQUESTED, AFTER] = ['2026-11-28T00:00:00.000Z', '2026-11-28T01:00:00.000Z', '2026-11-28T02:00:00.000Z'];

describe('bulk result', () => {
  let service: ScriptedServer;
  let api: Api;
  let summary: ScriptedResponse;
  /** When devices were claimed, by the last digit of their id; or the status of their look-up. */
  let devices: Record<number, string | number>;

  beforeEach(async () => {
    service = await ScriptedServer.start({ backOff: false });
    api = service.api({ retries: 0 });
    summary = [200, ''];
    devices = {};
    const respond: ScriptedResponse = (request, response) => {
      const number = Number(request.url!.at(-1));
      const found = devices[number] ?? 404;
      const [status, body] = request.url!.endsWith('/summary')
        ? (summary as [number, unknown])
        : typeof found === 'number'
          ? [found, undefined]
          : [200, { id: uuid(number), claimedAt: found }];
      response.writeHead(status);
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    };
    service.respondWith(...Array.from({ length: 30 }, () => respond));
  });
  afterEach(() => service.stop());

  const rows = [row(1), row(2), row(3)];
  const params = (more: Partial<BulkResultParams> = {}): BulkResultParams => ({
    rows,
    whenClaimed: 'ok',
    retryRound: undefined,
    ...more,
  });
  const operation = (status: string, more: object = {}): Record<string, unknown> => ({
    bulkOpsRequestId: 'op',
    status,
    requestedAt: REQUESTED,
    errorSummaryUrl: `${service.origin}/summary`,
    ...more,
  });
  const failures = (...texts: string[]): ScriptedResponse => [200, { errors: texts }];
  /** The rows of a result by the number of their device: which are claimed, which failed, and which were claimed before. */
  const numbersOf = ({ properties, payload }: Awaited<ReturnType<typeof resultOfUpload>>): unknown[] => {
    const numbers = (list: unknown): number[] | undefined =>
      (list as { claimToken?: string; deviceId?: string }[] | undefined)?.map((one) =>
        Number((one.claimToken ?? one.deviceId)!.at(-1)),
      );
    return [properties['claimedRows'], properties['failedRows'], payload['alreadyClaimed']].map(numbers);
  };
  const errorsOf = ({ payload }: Awaited<ReturnType<typeof resultOfUpload>>): Record<string, unknown>[] =>
    payload['errors'] as Record<string, unknown>[];

  it('bulk result: a success without an error summary claims all rows, and looks nothing up', async () => {
    for (const errorSummaryUrl of [undefined, '', 7]) {
      const body = operation('succeeded', { errorSummaryUrl });
      assert.deepEqual(await resultOfOperation(api, body, params()), {
        port: 0,
        payload: body,
        properties: { claimedRows: rows, failedRows: undefined },
        ending: { level: 'done' },
      });
    }
    assert.equal(service.requests.length, 0);
  });

  it('bulk result: failed rows are looked up, and leave in their order with what is known of them', async () => {
    summary = failures('[2]: certificate unknown', '[0]: not found');
    const result = await resultOfOperation(api, operation('FAILED'), params({ retryRound: 2 }));
    assert.deepEqual([result.port, numbersOf(result)], [1, [[2], [1, 3], undefined]]);
    assert.deepEqual(errorsOf(result), [
      { line: 11, row: 1, deviceId: uuid(1), claimToken: 'token1', message: 'not found' },
      { line: 13, row: 3, deviceId: uuid(3), claimToken: 'token3', message: 'certificate unknown' },
    ]);
    assert.deepEqual(result.properties['failedRows'], [
      { claimToken: 'token1', tags: ['t'] },
      { claimToken: 'token3', tags: ['t'] },
    ]);
    assert.deepEqual(
      [result.properties['retryRound'], result.ending],
      [3, { level: 'partial', text: 'nrfcloud-bulk-status.status.partly' }],
    );
    assert.equal('errorsOmitted' in result.payload || 'alreadyClaimed' in result.payload, false);
    assert.equal(service.requests.length, 3);
  });

  it('bulk result: all rows may fail', async () => {
    summary = failures('[0]: x', '[1]: x', '[2]: x');
    const { ending, properties } = await resultOfOperation(api, operation('FAILED'), params({ retryRound: '2' }));
    assert.deepEqual(ending, { level: 'failed', text: 'nrfcloud-bulk-status.status.allFailed' });
    assert.equal(properties['retryRound'], 1);
  });

  it('bulk result: devices that were claimed before count as successes, or as failures if they should', async () => {
    devices = { 1: BEFORE, 2: BEFORE };
    summary = failures('[0]: already claimed', '[1]: refused', '[2]: the tag is not known');
    const result = await resultOfOperation(api, operation('FAILED'), params());
    assert.deepEqual(numbersOf(result), [[1, 2], [3], [1, 2]]);
    assert.deepEqual(result.payload['alreadyClaimed'], [
      { line: 11, deviceId: uuid(1) },
      { line: 12, deviceId: uuid(2) },
    ]);
    assert.equal(service.requests.length, 3);
    const strict = await resultOfOperation(api, operation('FAILED'), params({ whenClaimed: 'error' }));
    assert.deepEqual(numbersOf(strict), [[], [1, 2, 3], undefined]);
    assert.equal(service.requests.length, 4);
  });

  it('bulk result: a row without a line has none in alreadyClaimed', async () => {
    devices = { 1: BEFORE };
    summary = failures('[0]: already claimed');
    const { line, ...rest } = row(1);
    assert.ok(line);
    const result = await resultOfOperation(api, operation('FAILED'), params({ rows: [rest] }));
    assert.deepEqual([result.port, result.payload['alreadyClaimed']], [0, [{ deviceId: uuid(1) }]]);
  });

  it('bulk result: words about another cause are believed, unless they are about a claim, too', async () => {
    devices = { 1: BEFORE, 2: BEFORE };
    summary = failures('[0]: malformed token', '[1]: the tags of the claimed device');
    assert.deepEqual(numbersOf(await resultOfOperation(api, operation('FAILED'), params())), [[2, 3], [1], [2]]);
  });

  it('bulk result: a device that a repeated upload claimed is not claimed before', async () => {
    devices = { 1: BEFORE, 2: REQUESTED };
    summary = failures('[0]: already claimed', '[1]: already claimed');
    const more = { repeatedSince: Date.parse(REQUESTED), whenClaimed: 'error' } as const;
    const result = await resultOfOperation(api, operation('FAILED'), params(more));
    assert.deepEqual(numbersOf(result), [[2, 3], [1], undefined]);
  });

  for (const [what, response] of [
    ['cannot be fetched', [404]],
    ['is not readable', [200, 'something else']],
    ['is empty', [200, '']],
  ] as [string, ScriptedResponse][]) {
    it(`bulk result: each device of a failed operation is looked up if its error summary ${what}`, async () => {
      summary = response;
      devices = { 1: BEFORE, 2: REQUESTED, 3: 401 };
      const result = await resultOfOperation(api, operation('FAILED'), params());
      assert.deepEqual([result.port, numbersOf(result)], [1, [undefined, [3], [1]]]);
      assertSentence(errorsOf(result)[0]!['message']);
      assert.equal(typeof result.payload['errorSummary'], 'string');
      const strict = await resultOfOperation(api, operation('FAILED'), params({ whenClaimed: 'error' }));
      assert.deepEqual(numbersOf(strict), [undefined, [1, 3], undefined]);
    });
  }

  it('bulk result: a success whose error summary is empty is one', async () => {
    const result = await resultOfOperation(api, operation('SUCCEEDED'), params());
    assert.deepEqual([result.port, numbersOf(result)[0]], [0, [1, 2, 3]]);
  });

  it('bulk result: rows of a success are looked up if its error summary is not readable', async () => {
    summary = [200, 'something else'];
    devices = { 1: AFTER, 2: BEFORE };
    const result = await resultOfOperation(api, operation('SUCCEEDED'), params({ whenClaimed: 'error' }));
    assert.deepEqual(numbersOf(result), [[1], [2, 3], undefined]);
    for (const { message } of errorsOf(result)) assertSentence(message);
  });

  it('bulk result: all claimed devices are new if it is not known when the operation began', async () => {
    summary = [404];
    devices = { 1: BEFORE, 2: BEFORE, 3: BEFORE };
    const body = operation('FAILED', { requestedAt: undefined });
    const result = await resultOfOperation(api, body, params({ whenClaimed: 'error' }));
    assert.deepEqual([result.port, numbersOf(result)], [0, [[1, 2, 3], undefined, undefined]]);
  });

  it('bulk result: without rows, only the words of the service are known', async () => {
    summary = [404];
    const lost = await resultOfOperation(api, operation('FAILED'), params({ rows: undefined }));
    assert.deepEqual([lost.port, numbersOf(lost), errorsOf(lost).length], [1, [undefined, [], undefined], 1]);
    assert.equal(lost.ending.level, 'partial');
    summary = failures('[1]: refused');
    const result = await resultOfOperation(api, operation('FAILED'), params({ rows: undefined }));
    assert.deepEqual(errorsOf(result), [{ row: 2, message: 'refused' }]);
  });

  it('bulk result: at most 10000 errors are reported, and the others counted', async () => {
    const failed = Array.from({ length: 10_002 }, () => 'refused');
    const result = await resultOfUpload(api, { failed }, params({ rows: undefined }));
    assert.deepEqual([errorsOf(result).length, result.payload['errorsOmitted']], [10_000, 2]);
  });

  it('bulk result: a row without a device id is not looked up, and an item that is no row has no token', async () => {
    summary = failures('[0]: refused', '[1]: refused');
    const result = await resultOfOperation(api, operation('FAILED'), params({ rows: [{ claimToken: 'x' }, 7] }));
    assert.equal(service.requests.length, 1);
    assert.deepEqual(errorsOf(result), [
      { row: 1, deviceId: '', claimToken: 'x', message: 'refused' },
      { row: 2, message: 'refused' },
    ]);
    assert.deepEqual(result.properties['failedRows'], [{ claimToken: 'x', tags: [] }]);
  });

  it('bulk result: a connection that is closed during a look-up is that error', async () => {
    const client = service.client();
    summary = failures('[0]: refused');
    const closing = resultOfUpload(service.apiOf(client), { failed: [`${uuid(1)} refused`] }, params());
    await client.close();
    assert.equal((await errorOf(closing)).code, 'NRFCLOUD_CLOSED');
  });

  it('bulk result: an upload names claimed and failed devices', async () => {
    const body = { claimedIds: [uuid(1)], failed: { [uuid(2)]: 'the tag is unknown' } };
    const result = await resultOfUpload(api, body, params());
    assert.deepEqual(numbersOf(result), [[1], [2, 3], undefined]);
    assertSentence(errorsOf(result)[1]!['message']);
    const all = await resultOfUpload(
      api,
      { claimedIds: rows.map(({ deviceId }) => deviceId), failed: 'none' },
      params(),
    );
    assert.deepEqual([all.port, numbersOf(all)], [0, [[1, 2, 3], undefined, undefined]]);
    const none = await resultOfUpload(api, { claimedIds: 'x', failed: [] }, params());
    assert.deepEqual(numbersOf(none), [[], [1, 2, 3], undefined]);
  });

  it('bulk result: a failure that names no row may be that of any, so each is looked up', async () => {
    devices = { 2: AFTER, 3: 401 };
    const body = { claimedIds: [uuid(1)], failed: ['something is wrong'], requestedAt: REQUESTED };
    const result = await resultOfUpload(api, body, params());
    assert.deepEqual(numbersOf(result)[1], [3]);
    for (const { message } of errorsOf(result)) assertSentence(message);
  });

  it('bulk result: a failure that names no row does not count if all devices are claimed', async () => {
    devices = { 1: AFTER, 2: AFTER, 3: AFTER };
    summary = failures('something is wrong');
    const result = await resultOfOperation(api, operation('FAILED'), params());
    assert.deepEqual([result.port, numbersOf(result)], [0, [[1, 2, 3], undefined, undefined]]);
    devices = { 1: AFTER, 2: BEFORE };
    const partly = await resultOfOperation(api, operation('FAILED'), params({ whenClaimed: 'error' }));
    assert.deepEqual(numbersOf(partly), [[1], [2, 3], undefined]);
    for (const { message } of errorsOf(partly)) assertSentence(message);
    const other = await resultOfOperation(api, operation('FAILED'), params({ rows: [row(1), 7] }));
    assert.deepEqual(other.properties['claimedRows'], undefined);
  });
});
