import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import devicesNode from '../../nodes/nrfcloud-devices';
import claimNode from '../../nodes/nrfcloud-claim';
import type { Simulator } from '../../simulator';
import { startNodeRig } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const MIB = 2 ** 20;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

describe('the memory of bodies that can’t be used', function () {
  // Bodies of 64 MiB take their time on a busy computer.
  this.timeout(120_000);
  let simulator: Simulator;
  useSimulator((started) => (simulator = started));

  /** What is still held, in MiB, when what was let go has been given back: the engine does that bit by bit. */
  const held = async (enough: number): Promise<number> => {
    let least = Infinity;
    for (let round = 0; round < 20 && least > enough * MIB; round++) {
      collectGarbage();
      await setImmediate();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      least = Math.min(least, heapUsed + arrayBuffers);
    }
    return least / MIB;
  };

  for (const [name, fault] of [
    ['have no end', { hugeBody: Infinity }],
    ['are not JSON', { body: 'x'.repeat(32 * MIB) }],
  ] as const) {
    it(`is given back although the failed messages are kept: bodies that ${name}`, async () => {
      simulator.faults.add({ ...fault, status: 200 });
      const flow = await startNodeRig({
        node: devicesNode,
        type: 'nrfcloud-devices',
        connection: { baseUrl: simulator.url, concurrency: 1 },
      });
      const failed = async (count: number, enough = 0): Promise<number> => {
        for (let round = 0; round < count; round++) {
          flow.send({ payload: round });
          await flow.ended(flow.caught.length + 1);
        }
        return held(enough);
      };
      // The engine itself may hold on to the last text that it could not parse, and the simulator to the last that it sent.
      const before = await failed(1);
      const after = await failed(2, before + 72);
      assert.deepEqual(
        flow.caught.map((msg) => msg['error'].code as string),
        Array<string>(3).fill('NRFCLOUD_BAD_RESPONSE'),
      );
      assert.ok(after - before <= 72, `two more failed messages hold ${(after - before).toFixed(1)} MiB more`);
    });
  }

  it('is small for what is about one thing: a megabyte is too much', async () => {
    simulator.faults.add({ match: { operation: 'claim' }, status: 201, body: { id: 'x', more: 'x'.repeat(2 * MIB) } });
    const flow = await startNodeRig({
      node: claimNode,
      type: 'nrfcloud-claim',
      connection: { baseUrl: simulator.url },
    });
    flow.send({ payload: simulator.mint().claimToken });
    await flow.ended(1);
    assert.equal(flow.caught[0]?.['error'].code, 'NRFCLOUD_BAD_RESPONSE');
    assertSentence(flow.caught[0]['error'].message);
  });
});
