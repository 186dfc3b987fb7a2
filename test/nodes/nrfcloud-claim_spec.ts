import assert from 'node:assert/strict';
import claimNode from '../../nodes/nrfcloud-claim';
import { startSimulator, type Simulator } from '../../simulator';
import { startRig, stopRig, type Rig } from '../support/rig';

describe('nrfcloud-claim', () => {
  let simulator: Simulator;
  beforeEach(async () => {
    simulator = await startSimulator();
  });
  afterEach(async () => {
    await stopRig();
    await simulator.close();
  });

  const rig = (config: Record<string, unknown> = {}, connection: Record<string, unknown> = {}): Promise<Rig> =>
    startRig({
      node: claimNode,
      type: 'nrfcloud-claim',
      config,
      connection: { baseUrl: simulator.url, ...connection },
    });

  it('claims a device and sends the message on, changed in place', async () => {
    const { send, outputs, ended, completed, caught } = await rig({ tags: 'a, b,,a' });
    const { claimToken, deviceUuid } = simulator.mint();
    send({ payload: claimToken, topic: 'kept', req: { id: 1 } });
    await ended(1);
    assert.deepEqual(caught, []);
    const [msg] = outputs[0]!;
    assert.equal(msg!['payload'].id, deviceUuid);
    assert.deepEqual(msg!['payload'].tags, ['a', 'b']);
    assert.equal(msg!['deviceId'], deviceUuid);
    assert.equal(msg!['statusCode'], 201);
    assert.equal(msg!['topic'], 'kept');
    assert.equal('alreadyClaimed' in msg!, false);
    assert.equal(completed.length, 1);
  });
});
