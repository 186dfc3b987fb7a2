import assert from 'node:assert/strict';
import { Abort } from '../../../nodes/util/abort';
import { Pacer } from '../../../nodes/util/pacer';

describe('Pacer', () => {
  it('Pacer: turns that are asked for at once are spread over time', async () => {
    const pacer = new Pacer(() => 100);
    const signal = new Abort();
    const times: number[] = [];
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        await pacer.turn(signal);
        times.push(performance.now());
      }),
    );
    assert.ok(times.at(-1)! - times[0]! >= 90);
  });

  it('Pacer: an abort ends the wait for a turn', async () => {
    const pacer = new Pacer(() => 0.001);
    const signal = new Abort();
    await pacer.turn(signal);
    const turn = pacer.turn(signal);
    signal.abort(new Error('stopped'));
    await assert.rejects(turn, /stopped/);
  });
});
