import assert from 'node:assert/strict';
import { serveConnectionProblem } from '../../../nodes/runtime/connection-problem';
import { serveConnectionTest } from '../../../nodes/runtime/connection-test';
import { serveTagPicker } from '../../../nodes/runtime/tag-picker';
import { serveStores } from '../../../nodes/runtime/context-store';

describe('the endpoints of the dialogs', () => {
  it('each want a permission, and those that make Node-RED do something the one to deploy', () => {
    const served: string[] = [];
    const serve =
      (method: string) =>
      (path: string, permission: string): void =>
        void served.push(`${method} ${path}: ${permission}`);
    const RED = {
      httpAdmin: { get: serve('GET'), post: serve('POST') },
      auth: { needsPermission: (permission: string) => permission },
    };
    for (const room of [serveConnectionProblem, serveConnectionTest, serveTagPicker, serveStores]) room(RED as never);
    assert.deepEqual(served.sort(), [
      'GET /nrfcloud-bulk-status/stores: nrfcloud-bulk-status.read',
      'GET /nrfcloud-connection/problem: nrfcloud-connection.read',
      'GET /nrfcloud-connection/tags: nrfcloud-connection.read',
      'GET /nrfcloud-connection/variable: nrfcloud-connection.write',
      'POST /nrfcloud-connection/test: nrfcloud-connection.write',
    ]);
  });
});
