import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from '../../simulator';
import { keyFor, startNodeRedProcess, type FlowNode, type NodeRedProcess } from '../support/node-red-process';
import { startBulkOperation } from '../support/start-bulk-operation';

/** A context store in which one record is sound, one can't be read, and one is listed though it was dropped. */
const storeWith = (id: string): string => `
const records = {
  nrfcloud_broken: () => { throw new Error('Unexpected end of JSON input'); },
  nrfcloud_dropped: () => null,
  nrfcloud_sound: () => (${JSON.stringify({ id, deadline: null, status: null, msg: {} })}),
};
const answer = (callback, work) => {
  try { callback(null, work()); } catch (error) { callback(error); }
};
module.exports.contextStorage = {
  default: { module: 'memory' },
  shared: {
    module: () => ({
      open: async () => {},
      close: async () => {},
      clean: async () => {},
      delete: async () => {},
      keys: (scope, callback) => callback(null, Object.keys(records)),
      get: (scope, key, callback) => answer(callback, records[key]),
      set: (scope, key, value, callback) => {
        if (value === undefined) delete records[key];
        else records[key] = () => value;
        callback(null);
      },
    }),
  },
};
`;

describe('bulk status and a context store that is not quite sound', function () {
  this.timeout(60_000);
  let simulator: Simulator;
  let nodeRed: NodeRedProcess;
  let id: string;

  before(async () => {
    simulator = await startSimulator({ bulkHold: 'PENDING' });
    id = await startBulkOperation(simulator, [simulator.mint().claimToken]);
    simulator.set({ bulkHold: 'none' });
    const flows: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'store' },
      { id: 'connection', type: 'nrfcloud-connection', baseUrl: simulator.url, api: 'guide' },
      {
        id: 'watch',
        type: 'nrfcloud-bulk-status',
        z: 'tab',
        connection: 'connection',
        store: 'shared',
        interval: 0.1,
        x: 300,
        y: 100,
        wires: [['report'], [], []],
      },
      {
        id: 'report',
        type: 'function',
        z: 'tab',
        func: 'node.warn(`ended ${msg.payload.bulkOpsRequestId}`)',
        wires: [],
      },
    ];
    nodeRed = await startNodeRedProcess({
      flows,
      credentials: keyFor(flows, 'sim-key'),
      settingsCode: storeWith(id),
    });
  });
  after(async () => {
    await nodeRed.stop();
    await simulator.close();
  });

  it('takes up what can be read, and says once what is wrong', async () => {
    await nodeRed.until(() => nodeRed.log.some((line) => line.endsWith(`ended ${id}`)), 'the end of the operation');
    const said = nodeRed.log.filter((line) => line.includes('[nrfcloud-bulk-status:watch]'));
    assert.equal(said.length, 1, said.join('\n'));
    assert.match(said[0]!, /\[warn\].*Unexpected end of JSON input/);
  });
});
