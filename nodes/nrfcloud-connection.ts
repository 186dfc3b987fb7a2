import { createRequire } from 'node:module';
import type { NodeAPI, NodeDef } from 'node-red';
import { serveAdminApi } from './runtime/admin-api';
import type * as Connection from './runtime/connection';
import { CONNECTION_TYPE } from './runtime/connection-type';

const load = createRequire(__filename);

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<Connection.ConnectionNode, NodeDef, object, Connection.ConnectionCredentials>(
    CONNECTION_TYPE,
    function (this: Connection.ConnectionNode, def: NodeDef) {
      RED.nodes.createNode(this, def);
      (load('./runtime/connection') as typeof Connection).openConnection(RED, this, def);
    },
    { credentials: { apiKey: { type: 'password' } } },
  );
  serveAdminApi(RED);
};
