import assert from 'node:assert/strict';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import type { MintedToken, Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig, type Message } from '../support/node-rig';
import { useSimulator } from '../support/use-simulator';

const GUIDE_ROW =
  '2dn3hQFQMGctS_s1SFah9Ec8pTovDQNQJQ6Xd9jnSmyoRTcyiJBnpFDeHvNg-5iCpT8LJcf7JVzK.oRDoQEmoQRBIfZYQIa6SNb3Ic7oz1UCacFTgWc63TNOE8i3rEa-cZElEUrKOOHlJ0dwGwPvZY0FXcA5L3Zh-TfQBONj1N5LPqYMmJc,"location=Oslo,color=white"';

describe('bulk claim and bulk status, one after the other', () => {
  let simulator: Simulator;
  let tokens: MintedToken[];
  useSimulator((started) => {
    simulator = started;
    tokens = simulator.mintMany(9);
  });

  /** Sends messages through one node of the two, and gives what left each output. */
  const through = async (type: 'claim' | 'status', messages: Message[]): Promise<Message[][]> => {
    const flow = await startNodeRig({
      node: type === 'claim' ? bulkClaimNode : bulkStatusNode,
      type: `nrfcloud-bulk-${type}`,
      config: { rowsPerUpload: 3, interval: 0.03 },
      outputs: 3,
      connection: { baseUrl: simulator.url },
    });
    for (const msg of messages) flow.send(msg);
    await flow.ended(messages.length);
    assert.deepEqual(flow.caught, []);
    const { outputs } = flow;
    await stopNodeRig();
    return outputs;
  };

  /** A file with a header, a blank line and a quoted line break; row n (from 0) begins at the line that `lines` says. */
  const file = (): { csv: string; lines: number[] } => {
    const rows = tokens.map(({ claimToken }, i) => (i === 4 ? `${claimToken},"two\nlines"` : `${claimToken},tag`));
    return {
      csv: ['token,tags', ...rows.slice(0, 2), '', ...rows.slice(2)].join('\n'),
      lines: [2, 3, 5, 6, 7, 9, 10, 11, 12],
    };
  };

  for (const errorSummary of ['current', 'older'] as const) {
    it(`name the line in the file of a failure in the third upload (${errorSummary} error summary), and take it again`, async () => {
      simulator.set({ errorSummary });
      const foreign = tokens[7]!;
      simulator.claimByOther(foreign.deviceUuid);
      const { csv, lines } = file();
      const [uploads] = await through('claim', [{ payload: csv }]);
      assert.deepEqual(
        uploads!.flatMap(({ rows }) => (rows as Message[]).map(({ line }) => line as number)),
        lines,
      );
      const [succeeded, failed] = await through('status', uploads!);
      assert.equal(succeeded!.length, 2);
      assert.equal(failed!.length, 1);
      assert.deepEqual(
        (failed![0]!['payload'].errors as Message[]).map(({ line, row, deviceId }) => [line, row, deviceId]),
        [[lines[7], 2, foreign.deviceUuid]],
      );

      simulator.releaseByOther(foreign.deviceUuid);
      const { failedRows } = failed![0]!;
      const [again] = await through('claim', [{ payload: failedRows as unknown }]);
      const [claimed] = await through('status', again!);
      assert.equal(claimed!.length, 1);
      assert.deepEqual(simulator.device(foreign.deviceUuid)!['tags'], ['tag']);
    });
  }

  it("bring what the service says of the guide's damaged sample back on its line", async () => {
    const [uploads] = await through('claim', [{ payload: `${tokens[0]!.claimToken}\n\n${GUIDE_ROW}\n` }]);
    const [, failed] = await through('status', uploads!);
    const { errors } = failed![0]!['payload'];
    assert.deepEqual(
      (errors as Message[]).map(({ line, claimToken }) => [line, claimToken]),
      [[3, GUIDE_ROW.split(',')[0]]],
    );
    assert.match(errors[0].message, /\w/);
  });
});
