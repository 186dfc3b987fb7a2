import assert from 'node:assert/strict';
import {
  checkRows,
  type CheckOutputs,
  type CheckRowsParams,
  type CheckSummary,
} from '../../../nodes/operations/bulk-claim-check';
import { Abort } from '../../../nodes/util/abort';
import { errorOf } from '../../support/scripted-server';
import { mintToken, mintTokens } from '../parse/rows/read-all-rows';

/** Most rows of one message. */
const MAX_ROWS = 1000;

type Claimable = Parameters<CheckOutputs['onClaimable']>[0];
type Rejected = Parameters<CheckOutputs['onRejected']>[0];

describe('bulk claim: dry run', () => {
  let claimable: Claimable[];
  let rejected: Rejected[];
  beforeEach(() => {
    claimable = [];
    rejected = [];
  });

  function check(value: unknown, params: Partial<CheckRowsParams> = {}): Promise<CheckSummary> {
    return checkRows(
      { source: { kind: 'value', value }, tokenColumn: 0, tagsColumn: 0, tags: [], ...params },
      { source: 'msg.payload', tags: 'msg.tags' },
      {
        onClaimable: (rows) => void claimable.push(rows),
        onRejected: (rows) => void rejected.push(rows),
      },
      new Abort(),
    );
  }

  it('dry run: each row leaves with its tags and cells, and is counted', async () => {
    const { claimToken, deviceUuid } = mintToken();
    const csv = `token,tags,note\n${claimToken},a,first\nx,,second\n${claimToken},,third\n${claimToken},,fourth\n`;
    const { columns, format, ...counts } = await check(csv, { tags: 'all' });
    assert.deepEqual(counts, { dryRun: true, rows: 4, claimable: 1, rejected: 3, duplicates: 2 });
    assert.deepEqual([columns.header, columns.token, columns.tags, format.delimiter], [1, 1, 2, ',']);
    const row = { line: 2, deviceId: deviceUuid, claimToken, tags: ['a', 'all'], cells: [claimToken, 'a', 'first'] };
    assert.deepEqual(claimable, [
      {
        payload: { dryRun: true, rows: 1, firstLine: 2, lastLine: 2 },
        rows: [row],
        part: { index: 0, count: 1 },
      },
    ]);
    assert.deepEqual(
      rejected.map((rows) => rows.map(({ line, code, cells }) => [line, code, cells])),
      [
        [
          [3, 'INVALID_TOKEN', ['x', '', 'second']],
          [4, 'DUPLICATE', [claimToken, '', 'third']],
          [5, 'DUPLICATE', [claimToken, '', 'fourth']],
        ],
      ],
    );
    assert.equal('ok' in rejected[0]![0]!, false);
  });

  it('dry run: rows of an array have no cells', async () => {
    await check(mintTokens(1));
    assert.deepEqual(Object.keys(claimable[0]!.rows[0]!), ['line', 'deviceId', 'claimToken', 'tags']);
  });

  it('dry run: nothing leaves of a source without rows', async () => {
    const { rows } = await check([]);
    assert.deepEqual([rows, claimable, rejected], [0, [], []]);
  });

  it('dry run: rejected rows leave in messages of at most 1000', async () => {
    const { rows, claimable: count } = await check(Array<string>(MAX_ROWS + 1).fill('x'));
    assert.deepEqual([rows, count, claimable], [MAX_ROWS + 1, 0, []]);
    assert.deepEqual(
      rejected.map((batch) => [batch.length, batch[0]!.line]),
      [
        [MAX_ROWS, 1],
        [1, MAX_ROWS + 1],
      ],
    );
  });

  describe('of many rows', () => {
    let tokens: string[];
    before(() => (tokens = mintTokens(MAX_ROWS + 1)));

    it('dry run: claimable rows leave in messages of at most 1000, of which the last has the count', async () => {
      await check(tokens);
      assert.deepEqual(
        claimable.map(({ payload, rows, part }) => [payload, rows.length, part]),
        [
          [{ dryRun: true, rows: MAX_ROWS, firstLine: 1, lastLine: MAX_ROWS }, MAX_ROWS, { index: 0 }],
          [{ dryRun: true, rows: 1, firstLine: MAX_ROWS + 1, lastLine: MAX_ROWS + 1 }, 1, { index: 1, count: 2 }],
        ],
      );
      assert.deepEqual(rejected, []);
    });
  });

  for (const [source, value, params] of [
    ['msg.tags', [], { tags: 7 }],
    ['msg.payload', 7, {}],
  ] as const) {
    it(`dry run: refuses ${source} by its name`, async () => {
      const { code, message, cause } = await errorOf(check(value, params));
      assert.deepEqual([code, cause.operation], ['NRFCLOUD_INVALID_INPUT', 'bulk claim']);
      assert.ok(message.startsWith(`bulk claim: ${source} `));
      assert.deepEqual([claimable, rejected], [[], []]);
    });
  }
});
