import assert from 'node:assert/strict';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import type { MintedToken, Simulator } from '../../simulator';
import { stopNodeRig, type Message } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { startBulkOperation } from '../support/start-bulk-operation';
import { useSimulator } from '../support/use-simulator';

describe('nrfcloud-bulk-status', () => {
  let simulator: Simulator;
  let tokens: MintedToken[];
  const defineRig = useSimulator((started) => {
    simulator = started;
    tokens = simulator.mintMany(5);
  });
  const rig = defineRig({
    node: bulkStatusNode,
    type: 'nrfcloud-bulk-status',
    config: { interval: 0.03, maxInterval: 0.1 },
    outputs: 3,
    connection: { retries: 0, timeout: 1 },
  });

  /** An upload of five rows, as bulk claim tells of it; rows 3 and 4 belong to somebody else. Line = row × 10 + 3. */
  const upload = async (bad = [2, 3]): Promise<Message> => {
    for (const index of bad) simulator.claimByOther(tokens[index]!.deviceUuid);
    const bulkOpsRequestId = await startBulkOperation(
      simulator,
      tokens.map(({ claimToken }) => claimToken),
    );
    const rows = tokens.map(({ claimToken, deviceUuid }, i) => ({
      line: (i + 1) * 10 + 3,
      deviceId: deviceUuid,
      claimToken,
      tags: ['t'],
    }));
    return { payload: { bulkOpsRequestId, rows: 5, firstLine: 13, lastLine: 53 }, rows };
  };
  const polls = (): number => simulator.requests.filter(({ url }) => url.includes('/bulk-ops-requests/')).length;

  it('follows an operation to its success, telling each change of status once', async () => {
    simulator.set({ bulkHold: 'PENDING' });
    const flow = await rig();
    flow.send({ ...(await upload([])), topic: 'kept' });
    await flow.until(() => flow.outputs[2]!.length === 1);
    simulator.set({ bulkHold: 'IN_PROGRESS' });
    await flow.until(() => flow.outputs[2]!.length === 2);
    simulator.set({ bulkHold: 'none' });
    await flow.ended(1);
    assert.equal(flow.completed.length, 1);
    assert.equal(flow.outputs[0]![0]!['payload'].status, 'SUCCEEDED');
    assert.equal(flow.outputs[0]![0]!['topic'], 'kept');
    assert.equal(flow.outputs[0]![0]!['statusCode'], 200);
    assert.equal('errors' in flow.outputs[0]![0]!['payload'], false);
    assert.deepEqual(
      flow.outputs[2]!.map(({ payload }) => payload.status as unknown),
      ['PENDING', 'IN_PROGRESS'],
    );
    assert.equal(flow.outputs[1]!.length, 0);
  });

  it('bulk status: bytes of a message are bytes when its operation ends, however many', async () => {
    const flow = await rig({ store: 'default' });
    const [small, large] = [Buffer.from('small'), Buffer.alloc(2000, 'x')];
    flow.send({ ...(await upload([])), small, large, typed: new Uint16Array(600) });
    await flow.ended(1);
    const [msg] = flow.outputs[0]!;
    assert.deepEqual([msg!['small'], msg!['large']], [small, large]);
    assert.deepEqual(msg!['typed'], new Uint16Array(600));
  });

  it('bulk status: Complete and Catch have the rows, but the message that Node-RED holds no longer', async () => {
    const flow = await rig({ store: 'default' });
    const held = await upload([]);
    const { rows } = held;
    flow.send(held);
    await flow.until(() => flow.completed.length === 1);
    assert.deepEqual(flow.outputs[0]![0]!['claimedRows'], rows);
    for (const whole of [flow.outputs[0]![0]!, flow.completed[0]!]) {
      assert.equal(whole['payload'].status, 'SUCCEEDED');
      assert.deepEqual(whole['rows'], rows);
    }
    assert.deepEqual(Object.keys(held), ['payload', '_msgid']);
    await stopNodeRig();
    simulator.set({ bulkHold: 'IN_PROGRESS' });
    const late = await rig({ store: 'default', timeout: 0.3 });
    const unfinished = { ...(await upload([])), rows };
    late.send(unfinished);
    await late.ended(1);
    assert.equal(late.caught[0]!['error'].code, 'NRFCLOUD_TIMEOUT');
    assert.deepEqual(late.caught[0]!['rows'], rows);
    assert.deepEqual(Object.keys(unfinished), ['payload', '_msgid']);
  });

  for (const errorSummary of ['current', 'older'] as const) {
    it(`names the failed rows by their lines, from the ${errorSummary} error summary`, async () => {
      simulator.set({ errorSummary });
      const flow = await rig();
      flow.send(await upload());
      await flow.ended(1);
      const [msg] = flow.outputs[1]!;
      assert.equal(msg!['payload'].status, 'FAILED');
      assert.deepEqual(
        (msg!['payload'].errors as Message[]).map(({ line, row, deviceId, claimToken }) => [
          line,
          row,
          deviceId,
          claimToken,
        ]),
        [2, 3].map((i) => [(i + 1) * 10 + 3, i + 1, tokens[i]!.deviceUuid, tokens[i]!.claimToken]),
      );
      for (const { message } of msg!['payload'].errors) assert.match(message, /\w/);
      assert.deepEqual(
        msg!['failedRows'],
        [2, 3].map((i) => ({ claimToken: tokens[i]!.claimToken, tags: ['t'] })),
      );
      assert.deepEqual(
        simulator.summaryVisits.map(({ authorization }) => authorization),
        [false],
      );
    });
  }

  it('names rows without lines when it was only given an id', async () => {
    const flow = await rig();
    const { payload } = await upload();
    flow.send({ payload: payload.bulkOpsRequestId });
    await flow.ended(1);
    const { errors } = flow.outputs[1]![0]!['payload'];
    assert.deepEqual(
      (errors as Message[]).map(({ row, line }) => [row, line]),
      [
        [3, undefined],
        [4, undefined],
      ],
    );
    assert.deepEqual(flow.outputs[1]![0]!['failedRows'], []);
  });

  for (const [errorSummary, words] of [
    ['missing', /names no error summary/],
    ['expired', /HTTP 403; it may have expired/],
    ['notfound', /HTTP 404/],
    ['huge', /larger than 8 MiB/],
    ['hang', /within/],
    ['redirect', /HTTP 30\d/],
    ['text', /\w/],
  ] as const) {
    it(`gives a readable result when the error summary is ${errorSummary}`, async () => {
      simulator.set({ errorSummary });
      // One that never ends is waited for, and a large one takes its time.
      const flow = await rig({}, { timeout: errorSummary === 'hang' ? 1 : 30 });
      flow.send(await upload());
      await flow.ended(1);
      const [msg] = flow.outputs[1]!;
      assert.equal(msg!['payload'].status, 'FAILED');
      assert.match(msg!['payload'].errorSummary, words);
      // Every device is looked up instead: what is not claimed has failed.
      assert.deepEqual(
        (msg!['payload'].errors as Message[]).map(({ row }) => row as number),
        [3, 4],
      );
      assert.equal(msg!['failedRows'].length, 2);
      assert.equal(msg!['claimedRows'].length, 3);
    });
  }

  it('fetches no summary from a private address that the service names', async () => {
    for (const errorSummaryUrl of [
      'http://10.0.0.1/x.json',
      'https://192.168.1.1/x.json',
      'file:///etc/passwd',
      'https://[fd00::1]/x',
    ]) {
      simulator.set({ extras: { operation: { errorSummaryUrl } } });
      const flow = await rig();
      flow.send(await upload());
      await flow.ended(1);
      assert.match(flow.outputs[1]![0]!['payload'].errorSummary, /private network|does not begin with https/);
      await stopNodeRig();
    }
  });

  it('polls an operation once for all who ask, and answers all', async () => {
    simulator.set({ bulkHold: 'PENDING' });
    const flow = await rig({ interval: 0.2, maxInterval: 0.2 });
    const msg = await upload([]);
    for (let index = 0; index < 5; index++) flow.send({ ...msg, index });
    await flow.until(() => flow.outputs[2]!.length === 5);
    const before = polls();
    simulator.set({ bulkHold: 'none' });
    await flow.ended(5);
    assert.deepEqual(
      flow.outputs[0]!.map(({ index }) => index as number),
      [0, 1, 2, 3, 4],
    );
    assert.ok(before <= 2, `${before} polls before the end`);
  });

  it('ends a watch that is cancelled, without a result', async () => {
    simulator.set({ bulkHold: 'IN_PROGRESS' });
    const flow = await rig();
    const { payload } = await upload([]);
    flow.send({ payload });
    await flow.until(() => flow.outputs[2]!.length >= 1);
    flow.send({ payload: payload.bulkOpsRequestId, cancel: true });
    await flow.ended(2);
    assert.equal(flow.completed.length, 2);
    assert.equal(flow.outputs[0]!.length + flow.outputs[1]!.length, 0);
    const before = polls();
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(polls() <= before + 1);
  });

  it('gives up after its timeout', async () => {
    simulator.set({ bulkHold: 'IN_PROGRESS' });
    const flow = await rig({ timeout: 0.3 });
    const { payload } = await upload([]);
    flow.send({ payload });
    await flow.ended(1);
    const { error } = flow.caught[0]!;
    assert.equal(error.code, 'NRFCLOUD_TIMEOUT');
    assert.match(error.message, /IN_PROGRESS/);
    assert.deepEqual(flow.caught[0]!['payload'], payload);
  });

  for (const status of [401, 403, 404]) {
    it(`bulk status: ${status} right after the upload is waited out`, async () => {
      simulator.faults.add({ match: { method: 'GET' }, times: 2, status });
      const flow = await rig();
      flow.send(await upload([]));
      await flow.ended(1);
      assert.equal(flow.outputs[0]!.length, 1);
      assert.ok(polls() >= 3);
    });
  }

  it('waits out network failures, 429, 5xx and answers that are none', async () => {
    const flow = await rig();
    const msg = await upload([]);
    for (const rule of [{ drop: 'before' as const }, { status: 429 }, { status: 503 }, { status: 200, html: true }]) {
      simulator.faults.add({ match: { method: 'GET' }, times: 1, ...rule });
    }
    flow.send(msg);
    await flow.ended(1);
    assert.equal(flow.completed.length, 1);
    assert.equal(flow.outputs[0]!.length, 1);
    assert.ok(flow.statuses.some(({ fill, shape }) => fill === 'yellow' && shape === 'ring'));
    assert.ok(polls() >= 5);
  });

  it('waits through statuses that are not known', async () => {
    simulator.set({ bulkHold: 'PENDING', extras: { operation: { status: 'QUEUED_FOR_REVIEW' } } });
    const flow = await rig();
    flow.send(await upload([]));
    await flow.until(() => flow.outputs[2]!.length === 1);
    assert.equal(flow.outputs[2]![0]!['payload'].status, 'QUEUED_FOR_REVIEW');
    simulator.set({ bulkHold: 'none', extras: {} });
    await flow.ended(1);
    assert.equal(flow.outputs[0]!.length, 1);
  });

  it('says what is missing', async () => {
    for (const payload of [[undefined], [null], [' '], [''], [7], [{ id: 'x' }], ['..']] as const) {
      const flow = await rig();
      flow.send({ payload });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(flow.caught[0]!['error'].message);
      await stopNodeRig();
    }
    assert.equal(simulator.requestCount, 0);
  });
});
