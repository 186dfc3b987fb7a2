import assert from 'node:assert/strict';
import { Crashes, EVENTS } from '../../stress/crash/crash';

/** The same orders each time; the moments differ all the same. */
const SEED = 20261128;
/** Which rounds the short form has: each event with the journal, two with a context store. */
const ROUNDS = { '': EVENTS, file: ['SIGKILL', 'full deploy'] } as const;

for (const store of ['', 'file'] as const) {
  describe(`a stop or a crash at a random moment, in short, ${store === '' ? 'journal' : 'context store'}`, function () {
    this.timeout(120_000);
    const seed = Number(process.env['CRASH_SEED'] ?? SEED);
    let crashes: Crashes;
    before(async () => {
      crashes = new Crashes(seed, store);
      await crashes.start();
    });
    after(() => crashes.stop());

    for (const event of ROUNDS[store]) {
      it(`loses nothing, ends nothing twice and claims nothing twice: ${event}`, async () => {
        const { discrepancies, devices, claimed } = await crashes.round(event);
        assert.deepEqual(discrepancies, [], `CRASH_SEED=${seed}`);
        assert.equal(claimed, devices);
      });
    }
  });
}
