import assert from 'node:assert/strict';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import { startNodeRig, stopNodeRig, type Message, type NodeRig } from '../support/node-rig';
import { ScriptedServer } from '../support/scripted-server';

const ID = '4961c873-408c-45ce-b1ba-7c0d99d88179';
const OTHER_ID = '26466472-b651-4aa7-84c2-a991b56b79fd';

describe('bulk status, with a scripted service', () => {
  let server: ScriptedServer;
  beforeEach(async () => (server = await ScriptedServer.start({ backOff: false })));
  afterEach(async () => {
    await stopNodeRig();
    await server.stop();
  });
  const scriptedRig = (more: Message = {}): Promise<NodeRig> =>
    startNodeRig({
      node: bulkStatusNode,
      type: 'nrfcloud-bulk-status',
      config: { interval: 0.02, maxInterval: 0.05, ...more },
      outputs: 3,
      connection: { baseUrl: server.origin, retries: 0 },
    });
  const ended = (status: string, more: Message = {}): Message => ({
    bulkOpsRequestId: 'A',
    status,
    completedAt: '2026-01-01T00:00:00Z',
    ...more,
  });
  const rows = (): Message[] => [{ line: 1, deviceId: ID, claimToken: 'text', tags: [] }];

  it('bulk status: an operation that was not asked for is not believed', async () => {
    server.respondWith([200, { ...ended('SUCCEEDED'), bulkOpsRequestId: 'B' }], [200, ended('SUCCEEDED')]);
    const flow = await scriptedRig();
    flow.send({ payload: 'A' });
    await flow.ended(1);
    assert.equal(flow.outputs[0]![0]!['payload'].bulkOpsRequestId, 'A');
    assert.equal(server.requests.length, 2);
  });

  for (const summary of ['', '{"errors":[]}']) {
    it(`bulk status: a SUCCEEDED operation with the error summary ${JSON.stringify(summary)} has succeeded`, async () => {
      server.respondWith([200, ended('SUCCEEDED', { errorSummaryUrl: `${server.origin}/summary` })], [200, summary]);
      const flow = await scriptedRig();
      flow.send({ payload: 'A', rows: rows() });
      await flow.ended(1);
      assert.deepEqual(flow.outputs[0]![0]!['claimedRows'], rows());
      assert.equal(server.requests.length, 2);
    });
  }

  it('bulk status: claimedRows is absent if the look-ups fail and nothing else says which rows are claimed', async () => {
    server.respondWith([200, ended('FAILED')], [403, {}]);
    const flow = await scriptedRig();
    flow.send({ payload: 'A', rows: rows() });
    await flow.ended(1);
    const [failed] = flow.outputs[1]!;
    assert.equal('claimedRows' in failed!, false);
    assert.equal(failed!['failedRows'].length, 1);
  });

  it('bulk status: a row that the result names as claimed is claimed, although a failure names no row', async () => {
    server.respondWith([404]);
    const flow = await scriptedRig();
    const other = { line: 2, deviceId: OTHER_ID, claimToken: 'other', tags: [] };
    flow.send({ payload: { claimedIds: [ID], failed: [{ odd: true }] }, rows: [...rows(), other] });
    await flow.ended(1);
    const [msg] = flow.outputs[1]!;
    assert.deepEqual([msg!['claimedRows'], msg!['failedRows']], [rows(), [{ claimToken: 'other', tags: [] }]]);
    assert.deepEqual(server.lines, [`GET /claimed-devices/${OTHER_ID}`]);
  });

  for (const [name, look, words] of [
    ['not there', [404], /is not claimed;/],
    ['not visible', [403], /not known whether/],
    ['older than the operation', [200, { id: ID, claimedAt: '2025-01-01T00:00:00Z' }], /was claimed before;/],
  ] as const) {
    it(`bulk status: the error of a row that may have failed says what its look-up gave: ${name}`, async () => {
      const operation = { requestedAt: '2026-01-01T00:00:00Z', errorSummaryUrl: `${server.origin}/summary` };
      server.respondWith([200, ended('SUCCEEDED', operation)], [200, { errors: ['something'] }], look);
      const flow = await scriptedRig({ whenClaimed: 'error' });
      flow.send({ payload: 'A', rows: rows() });
      await flow.ended(1);
      const [error] = flow.outputs[1]![0]!['payload'].errors as Message[];
      assert.equal(error!['line'], 1);
      assert.match(error!['message'] as string, words);
    });
  }

  it('bulk status: errors of a summary that are not reported are counted, however many there are', async () => {
    const errors = Array.from({ length: 15_000 }, (_, index) => `problem ${index}`);
    server.respondWith(
      [200, ended('FAILED', { errorSummaryUrl: `${server.origin}/summary` })],
      [200, { errors }],
      [404],
    );
    const flow = await scriptedRig();
    flow.send({ payload: 'A', rows: rows() });
    await flow.ended(1);
    const { payload } = flow.outputs[1]![0]!;
    // The row that may have failed is an error, too.
    assert.deepEqual([payload.errors.length, payload.errorsOmitted], [10_000, 5_001]);
  });
});
