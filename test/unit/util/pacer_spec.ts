import assert from 'node:assert/strict';
import { Abort } from '../../../nodes/util/abort';
import { Pacer } from '../../../nodes/util/pacer';

describe('Pacer', () => {
  it('Pacer: turns that are asked for at once are spread over time', async () => {
    const pacer = new Pacer(() => 100);
    const signal = new Abort();
    // From before the first turn: on a busy machine all of them may come late, and together.
    const begun = performance.now();
    await Promise.all(Array.from({ length: 10 }, () => pacer.turn(signal)));
    assert.ok(performance.now() - begun >= 89);
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
