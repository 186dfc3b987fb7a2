import assert from 'node:assert/strict';
import bulkStatusNode from '../../nodes/nrfcloud-bulk-status';
import { startNodeRig, stopNodeRig } from '../support/node-rig';

describe('a flow with many nodes', () => {
  afterEach(stopNodeRig);

  it('starts without a warning of a leak', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', note);
    const place = { z: 'tab', x: 1, y: 1, wires: [[], [], []] };
    const others = Array.from({ length: 20 }, (_, index) => ({
      ...place,
      id: `other${index}`,
      type: 'nrfcloud-bulk-status',
    }));
    await startNodeRig({ node: bulkStatusNode, type: 'nrfcloud-bulk-status', outputs: 3, nodes: others });
    // Node.js tells of it a turn later.
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', note);
    assert.deepEqual(warnings, []);
  });
});
