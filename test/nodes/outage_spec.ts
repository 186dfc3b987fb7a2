import assert from 'node:assert/strict';
import deviceNode from '../../nodes/nrfcloud-device';
import { freePort } from '../../harness/ports';
import { startNodeRig, stopNodeRig } from '../support/node-rig';

describe('messages of a node during an outage', () => {
  afterEach(stopNodeRig);

  it('outage: each waits outageWait from its arrival, also those that have not begun', async () => {
    const waitMs = 1500;
    const rig = await startNodeRig({
      node: deviceNode,
      type: 'nrfcloud-device',
      config: { operation: 'get' },
      connection: { baseUrl: `http://127.0.0.1:${await freePort(0)}`, outageWait: waitMs / 1000, retries: 100 },
    });
    const endedAt: number[] = [];
    rig.other('catch-out').on('input', () => endedAt.push(performance.now()));
    for (let index = 0; index < 160; index++) rig.send({ payload: `device-${index}` });
    await rig.ended(160);
    assert.ok(rig.caught.every(({ error }) => error.code === 'NRFCLOUD_UNAVAILABLE'));
    // One after another, five groups of 32 would take five times as long.
    assert.ok(Math.max(...endedAt) - Math.min(...endedAt) < waitMs, JSON.stringify(endedAt));
  });
});
