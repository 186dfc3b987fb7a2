import assert from 'node:assert/strict';
import fc from 'fast-check';
import bulkClaimNode from '../../nodes/nrfcloud-bulk-claim';
import { startSimulator, type FaultRule, type MintedToken, type Simulator } from '../../simulator';
import { startNodeRig, stopNodeRig, type Message } from '../support/node-rig';

/** What a line of a messy file may be; `pick` chooses the device. */
const line = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('good' as const), pick: fc.nat(60) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom('blank', 'garbage', 'quote', 'tag', 'cut', 'wrapped'),
      pick: fc.nat(60),
    }),
  },
);
const fault: fc.Arbitrary<FaultRule> = fc.oneof(
  fc.constantFrom<FaultRule>(
    { status: 500 },
    { status: 429 },
    { drop: 'before' },
    { drop: 'after' },
    { status: 400 },
    { status: 401 },
  ),
  fc.constant<FaultRule>({ status: 503, html: true }),
);

describe('nrfcloud-bulk-claim: rows of messy files', function () {
  this.timeout(120_000);
  let simulator: Simulator;
  let tokens: MintedToken[];
  before(async () => {
    simulator = await startSimulator();
    tokens = simulator.mintMany(61);
  });
  after(async () => {
    await stopNodeRig();
    await simulator.close();
  });

  const text = ({ kind, pick }: { kind: string; pick: number }): string => {
    const { claimToken } = tokens[pick]!;
    return {
      good: `${claimToken},"a,b"`,
      blank: '',
      garbage: 'garbage,x',
      quote: `${claimToken},"never closed`,
      tag: `${claimToken},${'x'.repeat(101)}`,
      cut: claimToken.slice(0, 100),
      wrapped: `${claimToken},"two\nlines"`,
    }[kind]!;
  };

  it('each row leaves exactly once, with its line, for every file and every fault', async () => {
    const flow = await startNodeRig({
      node: bulkClaimNode,
      type: 'nrfcloud-bulk-claim',
      config: { rowsPerUpload: 7, tokenColumn: 1, tagsColumn: 2 },
      outputs: 3,
      connection: { baseUrl: simulator.url, retries: 0 },
    });
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 80 }),
        fc.array(fc.record({ nth: fc.integer({ min: 1, max: 8 }), rule: fault }), { maxLength: 3 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (lines, faults, newline, header) => {
          simulator.faults.clear();
          for (const { nth, rule } of faults) simulator.faults.add({ match: { method: 'POST', nth }, ...rule });
          for (const port of flow.outputs) port.length = 0;
          const payload = [...(header ? ['token,tags'] : []), ...lines.map(text)].join(newline);
          flow.send({ payload });
          await flow.ended(++ended);
          const starts: number[] = [];
          let at = header ? 2 : 1;
          for (const one of lines) {
            if (one.kind !== 'blank') starts.push(at);
            at += text(one).split('\n').length;
          }
          const accepted = flow.outputs[0]!.flatMap((msg) => msg['rows'] as Message[]);
          const rejected = flow.outputs[1]!.flatMap((msg) => msg['payload'] as Message[]);
          const seen = [...accepted, ...rejected].map((row) => row['line'] as number).sort((a, b) => a - b);
          const isAllGarbage = !header && lines.every(({ kind }) => kind === 'garbage' || kind === 'blank');
          if (isAllGarbage) {
            // A source with neither a token nor a header is refused as a whole (contract).
            assert.equal(flow.caught.at(-1)!['error'].code, 'NRFCLOUD_INVALID_INPUT');
            assert.deepEqual(seen, []);
            return;
          }
          assert.deepEqual(seen, starts);
          const summary = flow.outputs[2]![0]!['payload'] as Message;
          assert.equal(summary['rows'], starts.length);
          assert.equal(summary['uploaded'], accepted.length);
          assert.equal(summary['rejected'], rejected.length);
          assert.equal(flow.outputs[0]!.at(-1)?.['parts'].count ?? 0, summary['uploads']);
        },
      ),
      { numRuns: 150, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: false },
    );
    assert.ok(ended >= 20, `only ${ended} files were tried`);
  });
});
