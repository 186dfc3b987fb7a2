import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join, resolve, sep } from 'node:path';
import { keyFor, startNodeRedProcess, supportFolder, type FlowNode } from '../support/node-red-process';

const CONNECTION = { id: 'connection', type: 'nrfcloud-connection', baseUrl: 'https://localhost:1' };
const TAB = { id: 'tab', type: 'tab', label: 'start' };
const node = (type: string): FlowNode => ({
  id: type,
  z: 'tab',
  x: 1,
  y: 1,
  type,
  connection: 'connection',
  wires: [],
});
const LIBRARIES = ['undici', 'csv-parse/sync'];
/** Node-RED may have such a library of its own. */
const requireOfPackage = createRequire(
  join(process.env['PACKAGE_PATH'] ?? resolve(__dirname, '../..'), 'package.json'),
);

describe('start of Node-RED', function () {
  this.timeout(60_000);

  /** What a Node-RED with some flows has loaded of the package and its libraries before any message. */
  async function loadedWith(flows: FlowNode[]): Promise<{ libraries: string[]; definitions: number }> {
    const nodeRed = await startNodeRedProcess({
      flows,
      credentials: keyFor(flows, 'key'),
      settings: { nodesDir: [supportFolder('loaded-modules')] },
    });
    try {
      const loaded = (await (await nodeRed.admin('/loaded-modules')).json()) as string[];
      const isLoaded = (name: string): boolean => loaded.includes(requireOfPackage.resolve(name));
      const definitions = loaded.filter((path) => path.includes(join('dist', 'definitions', sep))).length;
      return { libraries: LIBRARIES.filter(isLoaded), definitions };
    } finally {
      await nodeRed.stop();
    }
  }

  it('start-up: without nodes of the package, neither libraries nor node definitions are loaded', async () => {
    assert.deepEqual(await loadedWith([]), { libraries: [], definitions: 0 });
  });

  it('start-up: with a connection, undici is loaded before the first message', async () => {
    const loaded = await loadedWith([TAB, CONNECTION, node('nrfcloud-claim')]);
    assert.deepEqual(loaded, { libraries: ['undici'], definitions: 1 });
  });

  it('start-up: with a bulk claim, csv-parse is loaded before the first message', async () => {
    const loaded = await loadedWith([TAB, CONNECTION, node('nrfcloud-bulk-claim')]);
    assert.deepEqual(loaded, { libraries: LIBRARIES, definitions: 1 });
  });
});
