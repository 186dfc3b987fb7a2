import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import type { MintedToken, Simulator } from '../../simulator';
import { stopNodeRig, type Message, type NodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

describe('bulk results', () => {
  let simulator: Simulator;
  let tokens: MintedToken[];
  const defineRig = useSimulator((started) => {
    simulator = started;
    tokens = simulator.mintMany(6);
  });
  const claimRig = defineRig({ node: bulkClaimNode, type: 'nrfcloud-bulk-claim', outputs: 3 });
  const statusRig = defineRig({
    node: bulkStatusNode,
    type: 'nrfcloud-bulk-status',
    config: { interval: 0.02, maxInterval: 0.05 },
    outputs: 3,
  });
  /** The message of one upload of all tokens. */
  async function upload(claimed: MintedToken[] = tokens): Promise<Message> {
    const flow = await claimRig();
    flow.send({ payload: claimed.map(({ claimToken }) => claimToken) });
    await flow.ended(1);
    const [msg] = flow.outputs[0]!;
    await stopNodeRig();
    return msg!;
  }
  const claimAtOnce = async (): Promise<void> => {
    const flow = await claimRig({}, { api: 'current' });
    flow.send({ payload: tokens.map(({ claimToken }) => claimToken) });
    await flow.ended(1);
    await stopNodeRig();
  };
  const ending = ({ statuses }: NodeRig): unknown => statuses.at(-1)?.fill;

  it('bulk status: rows that a result names in neither list are failures', async () => {
    const flow = await statusRig();
    const rows = tokens.slice(0, 2).map(({ claimToken, deviceUuid }, index) => ({
      line: index + 1,
      deviceId: deviceUuid,
      claimToken,
      tags: [],
    }));
    flow.send({ payload: { claimedIds: [tokens[0]!.deviceUuid], failed: [] }, rows });
    await flow.ended(1);
    const [failed] = flow.outputs[1]!;
    assert.deepEqual(
      failed!['failedRows'].map(({ claimToken }: Message) => claimToken as string),
      [tokens[1]!.claimToken],
    );
    assert.equal(failed!['claimedRows'].length, 1);
    assert.equal(failed!['retryRound'], 1);
    assert.equal(ending(flow), 'yellow');
  });

  it('bulk status: unmatched ids count as claimed if both lists add up to the rows', async () => {
    const flow = await statusRig();
    const rows = [{ line: 1, deviceId: tokens[0]!.deviceUuid, claimToken: tokens[0]!.claimToken, tags: [] }];
    flow.send({ payload: { claimedIds: ['another-form-of-id'], failed: [] }, rows });
    await flow.ended(1);
    assert.equal(flow.outputs[0]!.length, 1);
    assert.equal(flow.outputs[0]![0]!['claimedRows'].length, 1);
  });

  for (const whenClaimed of ['ok', 'error'] as const) {
    it(`bulk status: devices that were already yours are ${whenClaimed === 'ok' ? 'successes' : 'failures'} with whenClaimed ${whenClaimed}`, async () => {
      await claimAtOnce();
      const msg = await upload();
      const flow = await statusRig({ whenClaimed });
      flow.send(msg);
      await flow.ended(1);
      if (whenClaimed === 'ok') {
        const [done] = flow.outputs[0]!;
        assert.equal(done!['payload'].status, 'FAILED');
        assert.equal(done!['payload'].alreadyClaimed.length, tokens.length);
        assert.equal(done!['failedRows'], undefined);
        assert.equal(ending(flow), 'green');
      } else {
        const [failed] = flow.outputs[1]!;
        assert.equal(failed!['failedRows'].length, tokens.length);
        assert.equal(failed!['payload'].alreadyClaimed, undefined);
        assert.equal(ending(flow), 'red');
      }
    });
  }

  it('bulk status: the summary of a SUCCEEDED operation is read, too', async () => {
    simulator.claimByOther(tokens[2]!.deviceUuid);
    const msg = await upload();
    const operation = simulator.operations()[0]!;
    while (simulator.operation(operation.bulkOpsRequestId)!.completedAt === undefined) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    simulator.set({ extras: { operation: { status: 'SUCCEEDED' } } });
    const flow = await statusRig();
    flow.send(msg);
    await flow.ended(1);
    const [failed] = flow.outputs[1]!;
    assert.deepEqual(
      failed!['failedRows'].map(({ claimToken }: Message) => claimToken as string),
      [tokens[2]!.claimToken],
    );
  });

  it('bulk claim: results of uploads that are sent at once leave in order', async () => {
    const many = simulator.mintMany(40);
    simulator.faults.add({ match: { method: 'POST', nth: 1 }, slow: { where: 'headers', ms: 300 } });
    const flow = await claimRig({ rowsPerUpload: 4, uploadsAtOnce: 4 });
    flow.send({ payload: many.map(({ claimToken }) => claimToken) });
    await flow.ended(1);
    const lines = flow.outputs[0]!.flatMap((msg) => (msg['rows'] as Message[]).map(({ line }) => line as number));
    assert.deepEqual(
      lines,
      Array.from({ length: 40 }, (_, index) => index + 1),
    );
    assert.ok(simulator.maxInFlight <= 4);
  });

  it('bulk claim: an upload whose response was lost is sent again and marked repeated', async () => {
    simulator.faults.add({ match: { method: 'POST', nth: 1 }, drop: 'after' });
    const flow = await claimRig();
    flow.send({ payload: tokens.map(({ claimToken }) => claimToken) });
    await flow.ended(1);
    const [msg] = flow.outputs[0]!;
    assert.equal(msg!['payload'].repeated, true);
    await stopNodeRig();
    const status = await statusRig({ whenClaimed: 'error' });
    status.send(msg!);
    await status.ended(1);
    // The first attempt claimed the devices, so the second one's failures are none.
    assert.equal(status.outputs[0]!.length, 1, JSON.stringify(status.outputs[1]?.[0]?.['payload']));
  });

  it('bulk claim: what the first attempt of a repeated upload claimed is no failure in the status', async () => {
    simulator.faults.add({ match: { method: 'POST', nth: 1 }, drop: 'after' });
    const flow = await claimRig({}, { api: 'current' });
    flow.send({ payload: tokens.map(({ claimToken }) => claimToken) });
    await flow.ended(1);
    assert.equal(flow.outputs[0]![0]!['payload'].repeated, true);
    assert.equal(ending(flow), 'green');
  });

  it('bulk claim: rows that were fed back too often end in an error, and nothing is sent', async () => {
    const flow = await claimRig({ maxRetryRounds: 2 });
    flow.send({ payload: [tokens[0]!.claimToken], retryRound: 2 });
    await flow.ended(1);
    assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
    assert.equal(simulator.requestCount, 0);
    flow.send({ payload: ['garbage', tokens[0]!.claimToken], retryRound: 1 });
    await flow.ended(2);
    assert.equal(flow.outputs[1]![0]!['retryRound'], 2);
    assert.equal(ending(flow), 'yellow');
  });

  it('bulk claim: the summary has the HTTP status of the last response', async () => {
    const flow = await claimRig({ rowsPerUpload: 3, uploadsAtOnce: 1 }, { retries: 0 });
    flow.send({ payload: tokens.map(({ claimToken }) => claimToken), statusCode: 418 });
    await flow.ended(1);
    const { statusCode } = flow.outputs[0]!.at(-1)!;
    assert.equal(flow.outputs[2]![0]!['statusCode'], statusCode);
    simulator.faults.add({ match: { method: 'POST' }, status: 400 });
    flow.send({ payload: [tokens[0]!.claimToken], statusCode: 418 });
    await flow.ended(2);
    assert.equal(flow.outputs[2]![1]!['statusCode'], 400);
    flow.send({ payload: ['garbage'], statusCode: 418 });
    await flow.ended(3);
    assert.equal(flow.outputs[2]![2]!['statusCode'], 418);
  });

  it('bulk claim: msg.cancel ends the work by the id of its sequence, and nothing more leaves', async () => {
    const many = simulator.mintMany(40);
    simulator.set({ latency: 50 });
    const flow = await claimRig({ rowsPerUpload: 4, uploadsAtOnce: 1 });
    flow.send({ payload: many.map(({ claimToken }) => claimToken) });
    await flow.until(() => flow.outputs[0]!.length >= 2);
    const sent = flow.outputs[0]!.length;
    flow.send({ cancel: true, parts: flow.outputs[0]![0]!['parts'] });
    await flow.ended(2);
    assert.equal(flow.completed.length, 2);
    assert.equal(flow.outputs[0]!.length, sent);
    assert.equal(flow.outputs[1]!.length + flow.outputs[2]!.length, 0);
  });

  it('bulk claim: the status is green although keys of objects were ignored, and names them in the summary', async () => {
    const flow = await claimRig();
    flow.send({ payload: tokens.map(({ claimToken }, index) => ({ token: claimToken, serial: `S${index}` })) });
    await flow.ended(1);
    assert.deepEqual(flow.outputs[2]![0]!['payload'].columns.ignored, ['serial']);
    assert.equal(ending(flow), 'green');
  });

  it('bulk claim: the status is red if no row was uploaded, and yellow if there was none', async () => {
    const flow = await claimRig();
    flow.send({ payload: ['garbage', 'more garbage'] });
    await flow.ended(1);
    assert.equal(ending(flow), 'red');
    flow.send({ payload: [] });
    await flow.ended(2);
    assert.equal(ending(flow), 'yellow');
    assert.equal(flow.outputs[2]![1]!['payload'].rows, 0);
  });

  for (const dryRun of [false, true]) {
    it(`bulk claim: an empty file is refused, so that it does not look like a finished job (dry run: ${dryRun})`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-path-'));
      const path = join(folder, 'tokens.csv');
      writeFileSync(path, '');
      const flow = await claimRig({ input: 'file', dryRun });
      flow.send({ payload: path });
      await flow.ended(1);
      const [{ error } = assert.fail()] = flow.caught;
      assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(error.message);
      assert.deepEqual([flow.outputs.flat(), ending(flow)], [[], 'red']);
      rmSync(folder, { recursive: true });
    });
  }

  it('bulk claim: the status is yellow if some uploads failed, and red if all did', async () => {
    simulator.faults.add({ match: { method: 'POST', nth: 2 }, status: 400 });
    const flow = await claimRig({ rowsPerUpload: 1, uploadsAtOnce: 1 }, { retries: 0 });
    flow.send({ payload: tokens.slice(0, 3).map(({ claimToken }) => claimToken) });
    await flow.ended(1);
    assert.deepEqual([flow.caught.length, flow.outputs[2]![0]!['payload'].uploaded], [1, 2]);
    assert.equal(ending(flow), 'yellow');
    simulator.faults.add({ match: { method: 'POST' }, status: 400 });
    flow.send({ payload: tokens.slice(0, 2).map(({ claimToken }) => claimToken) });
    await flow.ended(2);
    assert.deepEqual([flow.caught.length, ending(flow)], [2, 'red']);
  });

  it('bulk claim: the status shows the failures that the service reports at once', async () => {
    await claimAtOnce();
    const flow = await claimRig({}, { api: 'current' });
    const payload = tokens.map(({ claimToken }) => claimToken);
    flow.send({ payload });
    await flow.ended(1);
    assert.equal(ending(flow), 'red');
    flow.send({ payload: [...payload, simulator.mint().claimToken] });
    await flow.ended(2);
    assert.equal(ending(flow), 'yellow');
    assert.deepEqual([flow.completed.length, flow.outputs[2]![1]!['payload'].uploaded], [2, tokens.length + 1]);
  });

  it('bulk claim: an array that is emptied while the upload waits loses no row', async () => {
    simulator.set({ latency: 50 });
    const payload = tokens.map(({ claimToken }) => claimToken);
    const flow = await claimRig({ rowsPerUpload: 2, uploadsAtOnce: 1 });
    flow.send({ payload });
    await flow.until(() => flow.statuses.length > 0);
    payload.length = 0;
    await flow.ended(1);
    assert.equal(flow.outputs[2]![0]!['payload'].uploaded, tokens.length);
  });

  it('bulk claim: rows that are fed back leave without the results of their earlier upload', async () => {
    const flow = await claimRig();
    const failedRows = tokens.slice(1).map(({ claimToken }) => ({ claimToken, tags: [] }));
    flow.send({ payload: failedRows, failedRows, claimedRows: [{ line: 1 }], retryRound: 1 });
    await flow.ended(1);
    const [msg] = flow.outputs[0]!;
    assert.deepEqual(['claimedRows' in msg!, 'failedRows' in msg!, msg!['rows'].length], [false, false, 5]);
  });

  it('bulk claim: a quoted path is read, and a path of several lines is an error', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-path-'));
    writeFileSync(join(folder, 'tokens.csv'), tokens[0]!.claimToken);
    const flow = await claimRig({ input: 'file' }, {}, { settings: { fileWorkingDirectory: folder } });
    flow.send({ payload: '"tokens.csv"' });
    flow.send({ payload: `"${join(folder, 'tokens.csv')}"` });
    await flow.ended(2);
    assert.equal(flow.completed.length, 2);
    for (const payload of ['tokens.csv\nother.csv', 'file:///tokens.csv', '~/tokens.csv', tokens[0]!.claimToken]) {
      flow.send({ payload });
    }
    await flow.ended(6);
    for (const { error } of flow.caught) {
      assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
      assert.doesNotMatch(error.message, /does not exist/);
    }
    rmSync(folder, { recursive: true });
  });

  it('bulk claim: content of a property with a long name is in the journal once', async () => {
    const userDir = mkdtempSync(join(tmpdir(), 'nrfcloud-journal-'));
    const config = { source: 'deviceTokensOfThisBatch', sourceType: 'msg', rowsPerUpload: 1, uploadsAtOnce: 1 };
    const flow = await claimRig(config, {}, { settings: { userDir } });
    flow.send({ deviceTokensOfThisBatch: tokens.map(({ claimToken }) => claimToken).join('\n') });
    await flow.until(() => flow.outputs[0]!.length > 0, 'the first upload');
    const folder = join(userDir, 'nrfcloud-provisioning');
    const journal = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'latin1'));
    assert.equal(journal.join('\n').split(tokens[5]!.claimToken).length - 1, 1);
    await flow.ended(1);
    await stopNodeRig();
    rmSync(userDir, { recursive: true });
  });

  it('bulk claim: a file that is still being written ends in an error, after its rows and the summary', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nrfcloud-path-'));
    const path = join(folder, 'tokens.csv');
    const text = tokens.map(({ claimToken }) => `${claimToken}\n`);
    writeFileSync(path, text.slice(0, 5).join(''));
    const flow = await claimRig({ input: 'file', rowsPerUpload: 1, uploadsAtOnce: 1 });
    flow.send({ payload: path });
    await flow.until(() => flow.outputs[0]!.length > 0, 'the first upload');
    appendFileSync(path, text[5]!);
    await flow.ended(1);
    assert.deepEqual(
      flow.caught.map(({ error }) => error.code as string),
      ['NRFCLOUD_INVALID_INPUT'],
    );
    assert.equal(flow.outputs[0]!.length, 5);
    assert.deepEqual(
      flow.outputs[2]!.map(({ payload }) => [payload.rows, payload.uploaded]),
      [[5, 5]],
    );
    assert.equal(ending(flow), 'red');
    rmSync(folder, { recursive: true });
  });
});
