import assert from 'node:assert/strict';
import { serveAdminApi } from '../../../nodes/runtime/admin-api';

describe('serveAdminApi', () => {
  it('needs a permission for each endpoint, and for those that make Node-RED do something the one to deploy', () => {
    const served: string[] = [];
    const serve =
      (method: string) =>
      (path: string, permission: string): void =>
        void served.push(`${method} ${path}: ${permission}`);
    const RED = {
      httpAdmin: { get: serve('GET'), post: serve('POST') },
      auth: { needsPermission: (permission: string) => permission },
    };
    serveAdminApi(RED as never);
    assert.deepEqual(served.sort(), [
      'GET /nrfcloud-bulk-status/stores: nrfcloud-bulk-status.read',
      'GET /nrfcloud-connection/problem: nrfcloud-connection.read',
      'GET /nrfcloud-connection/tags: nrfcloud-connection.read',
      'GET /nrfcloud-connection/variable: nrfcloud-connection.write',
      'POST /nrfcloud-connection/test: nrfcloud-connection.write',
    ]);
  });
});
