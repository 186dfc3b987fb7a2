import assert from 'node:assert/strict';
import { discrepancies, soak } from '../../stress/soak/soak';

describe('a soak, in short', function () {
  this.timeout(120_000);

  it('ends every message once in spite of 2 % faults, and leaves no timer, socket or listener behind', async () => {
    // On a busy machine fewer claims are sent, and all that were sent count.
    const result = await soak({ claims: 6000, operations: 20, devices: 60, every: 2000, seconds: 10 });
    assert.deepEqual(discrepancies(result), []);
    assert.ok(result.service.faults > 0);
  });
});
