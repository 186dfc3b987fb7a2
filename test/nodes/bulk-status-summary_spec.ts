import assert from 'node:assert/strict';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import { startNodeRig, stopNodeRig, type Message, type NodeRig } from '../support/node-rig';
import { ScriptedServer } from '../support/scripted-server';

const ID = '4961c873-408c-45ce-b1ba-7c0d99d88179';

describe('bulk status, with a scripted service', () => {
  let server: ScriptedServer;
  beforeEach(async () => (server = await ScriptedServer.start({ backOff: false })));
  afterEach(async () => {
    await stopNodeRig();
    await server.stop();
  });
  const scriptedRig = (): Promise<NodeRig> =>
    startNodeRig({
      node: bulkStatusNode,
      type: 'nrfcloud-bulk-status',
      config: { interval: 0.02, maxInterval: 0.05 },
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
