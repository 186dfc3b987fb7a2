import assert from 'node:assert/strict';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import type { MintedToken, Simulator } from '../../simulator';
import { stopNodeRig, type Message, type NodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const GUIDE_ROW =
  '2dn3hQFQMGctS_s1SFah9Ec8pTovDQNQJQ6Xd9jnSmyoRTcyiJBnpFDeHvNg-5iCpT8LJcf7JVzK.oRDoQEmoQRBIfZYQIa6SNb3Ic7oz1UCacFTgWc63TNOE8i3rEa-cZElEUrKOOHlJ0dwGwPvZY0FXcA5L3Zh-TfQBONj1N5LPqYMmJc,"location=Oslo,color=white"';

describe('nrfcloud-bulk-claim', () => {
  let simulator: Simulator;
  let tokens: MintedToken[];
  const defineRig = useSimulator((started) => {
    simulator = started;
    tokens = simulator.mintMany(10);
  });
  const rig = defineRig({ node: bulkClaimNode, type: 'nrfcloud-bulk-claim', outputs: 3, connection: { retries: 0 } });
  const uploads = (): typeof simulator.requests => simulator.requests.filter(({ method }) => method === 'POST');
  const token = (index: number): string => tokens[index]!.claimToken;

  /** Every input row exactly once by output 1 or 2, and a summary that says the same. */
  const balance = (
    { outputs }: NodeRig,
    lines: number[],
  ): { accepted: Message[]; rejected: Message[]; summary: Message } => {
    const accepted = outputs[0]!.flatMap((msg) => msg['rows'] as Message[]);
    const rejected = outputs[1]!.flatMap((msg) => msg['payload'] as Message[]);
    assert.deepEqual(
      [...accepted, ...rejected].map(({ line }) => line as number).sort((a, b) => a - b),
      lines,
    );
    assert.equal(outputs[2]!.length, 1);
    const summary = outputs[2]![0]!['payload'] as Message;
    assert.equal(summary['rows'], lines.length);
    assert.equal(summary['uploaded'], accepted.length);
    assert.equal(summary['rejected'], rejected.length);
    assert.equal(summary['uploads'], outputs[0]!.length);
    return { accepted, rejected, summary };
  };
  const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

  for (const [api, path, status] of [
    ['guide', '/v1/claimed-devices/bulk', 202],
    ['current', '/v1/claimed-devices', 201],
  ] as const) {
    it(`uploads in parts and in order, with ${api}`, async () => {
      const flow = await rig({ rowsPerUpload: 4, tags: 'all' }, { api });
      flow.send({ payload: tokens.map(({ claimToken }, i) => `${claimToken},"n=${i},x"`).join('\r\n'), topic: 'kept' });
      await flow.ended(1);
      assert.equal(flow.completed.length, 1);
      assert.deepEqual(
        uploads().map(({ url, headers }) => [url, headers['content-type']]),
        range(1, 3).map(() => [path, 'text/csv']),
      );
      assert.equal(
        uploads()[0]!.body,
        range(0, 3)
          .map((i) => `${token(i)},"n=${i},x,all"\n`)
          .join(''),
      );
      balance(flow, range(1, 10));
      const [first, , last] = flow.outputs[0]!;
      const { rows, firstLine, lastLine } = last!['payload'] as Message;
      assert.deepEqual([rows, firstLine, lastLine], [2, 9, 10]);
      assert.deepEqual(first!['rows'][0], {
        line: 1,
        deviceId: tokens[0]!.deviceUuid,
        claimToken: token(0),
        tags: ['n=0', 'x', 'all'],
      });
      assert.deepEqual(
        flow.outputs[0]!.map(({ parts }) => [parts.index, parts.count, parts.id === first!['parts'].id]),
        [
          [0, undefined, true],
          [1, undefined, true],
          [2, 3, true],
        ],
      );
      assert.equal(first!['statusCode'], status);
      assert.equal(first!['topic'], 'kept');
      if (api === 'guide') assert.match(first!['payload'].bulkOpsRequestId, /^[0-9A-Z]{26}$/);
      else
        assert.deepEqual(
          first!['payload'].claimedIds,
          range(0, 3).map((i) => tokens[i]!.deviceUuid),
        );
      assert.deepEqual(flow.outputs[2]![0]!['payload'], {
        rows: 10,
        uploaded: 10,
        rejected: 0,
        duplicates: 0,
        uploads: 3,
        failedUploads: 0,
        columns: { header: null, token: 1, tags: 2, ignored: [] },
      });
      const { fill, text } = flow.statuses.at(-1)!;
      assert.deepEqual([fill, text], ['green', 'nrfcloud-bulk-claim.status.uploaded']);
    });
  }

  it("uploads the guide's own CSV sample as it is, damaged token included", async () => {
    const flow = await rig();
    flow.send({ payload: GUIDE_ROW });
    await flow.ended(1);
    assert.equal(uploads()[0]!.body, `${GUIDE_ROW}\n`);
  });

  it('gives bad rows back with their lines, and they can be sent in again', async () => {
    const flow = await rig();
    const payload = [
      'token,tags',
      token(0),
      '',
      'garbage,x',
      token(0),
      `${token(1)},${'y'.repeat(101)}`,
      token(2),
    ].join('\n');
    flow.send({ payload });
    await flow.ended(1);
    assert.equal(flow.completed.length, 1);
    const { rejected, summary } = balance(flow, [2, 4, 5, 6, 7]);
    assert.deepEqual(
      rejected.map(({ line, code }) => [line, code]),
      [
        [4, 'INVALID_TOKEN'],
        [5, 'DUPLICATE'],
        [6, 'INVALID_TAG'],
      ],
    );
    assert.equal(summary['duplicates'], 1);
    flow.send({ payload: rejected });
    await flow.ended(2);
    assert.equal((flow.outputs[2]![1]!['payload'] as Message)['rows'], 3);
  });

  it('refuses the whole input for one bad row if told to, and sends nothing', async () => {
    const flow = await rig({ onInvalid: 'stop' });
    const payload = [token(0), 'garbage', token(0)];
    flow.send({ payload });
    await flow.ended(1);
    const { error } = flow.caught[0]!;
    assert.equal(error.code, 'NRFCLOUD_INVALID_INPUT');
    assert.deepEqual(
      error.cause.rows.map((row: Message) => [row['line'], row['code']]),
      [
        [2, 'INVALID_TOKEN'],
        [3, 'DUPLICATE'],
      ],
    );
    assertSentence(error.message);
    assert.deepEqual(flow.caught[0]!['payload'], payload);
    assert.equal(flow.outputs.flat().length, 0);
    assert.equal(simulator.requestCount, 0);
    flow.send({ payload: [token(0), token(1)] });
    await flow.ended(2);
    assert.equal(flow.completed.length, 1);
  });

  it('lists only the first invalid rows when they keep it from starting', async () => {
    const flow = await rig({ onInvalid: 'stop' });
    flow.send({ payload: Array<string>(200).fill('garbage') });
    await flow.ended(1);
    const { error } = flow.caught[0]!;
    assertSentence(error.message);
    assert.equal(error.cause.rows.length, 100);
  });

  it('names an invalid tag of its own field', async () => {
    const flow = await rig({ tags: 'y'.repeat(101) });
    flow.send({ payload: [token(0)] });
    await flow.ended(1);
    assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
    assertSentence(flow.caught[0]!['error'].message);
    assert.equal(simulator.requestCount, 0);
  });

  it('goes on after an upload that failed, and ends in its error after the summary', async () => {
    simulator.faults.add({ match: { method: 'POST', nth: 2 }, status: 500 });
    const flow = await rig({ rowsPerUpload: 4 });
    const payload = tokens.map(({ claimToken }) => claimToken);
    flow.send({ payload });
    await flow.ended(1);
    const { error } = flow.caught[0]!;
    assert.equal(error.code, 'NRFCLOUD_UNAVAILABLE');
    assertSentence(error.message);
    assert.deepEqual(flow.caught[0]!['payload'], payload);
    const { rejected, summary } = balance(flow, range(1, 10));
    assert.deepEqual(
      rejected.map(({ line, code }) => [line, code]),
      range(5, 8).map((line) => [line, 'NRFCLOUD_UNAVAILABLE']),
    );
    assert.deepEqual([summary['uploads'], summary['failedUploads']], [2, 1]);
    assert.deepEqual(
      flow.outputs[0]!.map(({ parts }) => parts.count as unknown),
      [undefined, 2],
    );
  });

  it('recovers from an upload whose response was lost', async () => {
    simulator.faults.add({ match: { method: 'POST' }, times: 1, drop: 'after' });
    const flow = await rig({ rowsPerUpload: 5 }, { retries: 2 });
    flow.send({ payload: tokens.map(({ claimToken }) => claimToken) });
    await flow.ended(1);
    assert.equal(flow.completed.length, 1);
    balance(flow, range(1, 10));
    assert.equal(uploads().length, 3);
  });

  for (const status of [401, 403]) {
    it(`tries no further upload after ${status}; what remains comes out`, async () => {
      simulator.faults.add({ match: { method: 'POST', nth: 2 }, status });
      const flow = await rig({ rowsPerUpload: 3, uploadsAtOnce: 1 });
      flow.send({ payload: tokens.map(({ claimToken }) => claimToken) });
      await flow.ended(1);
      assert.match(flow.caught[0]!['error'].code, /UNAUTHORIZED|FORBIDDEN/);
      assert.equal(uploads().length, 2);
      const { rejected } = balance(flow, range(1, 10));
      assert.deepEqual(new Set(flow.outputs[1]!.map((msg) => msg['statusCode'] as number)), new Set([status]));
      assert.equal(rejected.length, 7);
      assert.equal(new Set(rejected.map(({ code }) => code as string)).size, 1);
      assert.deepEqual(rejected[0]!['claimToken'], token(3));
    });
  }

  it('reports what is wrong with an invalid source', async () => {
    for (const [config, payload] of [
      [{}, undefined],
      [{}, 5],
      [{}, { claimToken: token(0) }],
      [{ input: 'file' }, ''],
      [{ input: 'file' }, '/no/such/file.csv'],
      [{ rowsPerUpload: 0 }, [token(0)]],
      [{ tags: 'z'.repeat(101) }, [token(0)]],
    ] as const) {
      const flow = await rig(config);
      flow.send({ payload });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_INVALID_INPUT');
      assertSentence(flow.caught[0]!['error'].message);
      assert.equal(flow.outputs.flat().length, 0);
      await stopNodeRig();
    }
    assert.equal(simulator.requestCount, 0);
  });

  it('bulk claim: a dry run reports every row with its cells, how the source is written, and sends nothing', async () => {
    const flow = await rig({ dryRun: true });
    const lines = [
      'serial;claim token;tags',
      `S1;${token(0)};"a,b"`,
      `S2;${token(1).slice(0, 30)};`,
      `S3;${token(0)};`,
    ];
    flow.send({ payload: Buffer.from(`\ufeff${lines.join('\r\n')}`, 'utf16le') });
    await flow.ended(1);
    const [claimable] = flow.outputs[0]!;
    assert.deepEqual(claimable!['payload'], { dryRun: true, rows: 1, firstLine: 2, lastLine: 2 });
    assert.deepEqual(claimable!['rows'], [
      {
        line: 2,
        deviceId: tokens[0]!.deviceUuid,
        claimToken: token(0),
        tags: ['a', 'b'],
        cells: ['S1', token(0), 'a,b'],
      },
    ]);
    assert.equal(claimable!['parts'].count, 1);
    const rejected = flow.outputs[1]![0]!['payload'] as Message[];
    assert.deepEqual(
      rejected.map(({ line, code, cells }) => [line, code, (cells as string[])[0]]),
      [
        [3, 'INVALID_TOKEN', 'S2'],
        [4, 'DUPLICATE', 'S3'],
      ],
    );
    assert.deepEqual(flow.outputs[2]![0]!['payload'], {
      dryRun: true,
      rows: 3,
      claimable: 1,
      rejected: 2,
      duplicates: 1,
      columns: { header: 1, token: 2, tags: 3, ignored: ['serial'] },
      format: { encoding: 'utf16le', delimiter: ';', names: ['serial', 'claim token', 'tags'] },
    });
    assert.equal(simulator.requests.length, 0);
  });
});
