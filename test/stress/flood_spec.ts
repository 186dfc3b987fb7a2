import assert from 'node:assert/strict';
import { shareConnection } from '../../stress/flood/fairness';
import { flood } from '../../stress/flood/flood';

describe('a flood, in short', function () {
  this.timeout(60_000);

  it('is held within the queue limit, the rest refused, and each message ends once', async () => {
    const result = await flood({ messages: 10_000, queueLimit: 200 });
    assert.equal(result.ended, 10_000);
    assert.equal(result.twice, 0);
    // One more comes in for a moment, before it is refused.
    assert.ok(result.most <= 200 + 16 + 1, `${result.most} messages were held at once`);
    assert.deepEqual(Object.keys(result.codes).sort(), ['NRFCLOUD_QUEUE_FULL', 'ok']);
    assert.equal(result.claimed, result.codes['ok']);
    assert.equal(result.claimedAgain, 0);
    assert.ok(result.maxInFlight <= 16);
    assert.ok(result.rssMiB - result.rssBeforeMiB < 600, `${result.rssMiB - result.rssBeforeMiB} MiB more`);
  });

  for (const concurrency of [1, 16]) {
    it(`leaves their turn to single claims: beside upload, listing and backlog, concurrency ${concurrency}`, async () => {
      const { overtaken, others } = await shareConnection({ concurrency, claims: 30, backlog: 500, busy: true });
      // First come, first served would be thousands: those that are on their way, and those of a round or two.
      assert.ok(overtaken <= 3 * concurrency + 8, `${overtaken} requests came before a single claim`);
      assert.ok(others > 0, 'the others got nothing through');
    });
  }
});
