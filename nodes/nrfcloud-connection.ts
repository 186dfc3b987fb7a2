import type { NodeAPI, NodeDef } from 'node-red';
import { serveAdminApi } from './runtime/admin-api';
import { CONNECTION_TYPE, openConnection, type ConnectionCredentials, type ConnectionNode } from './runtime/connection';

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<ConnectionNode, NodeDef, object, ConnectionCredentials>(
    CONNECTION_TYPE,
    function (this: ConnectionNode, def: NodeDef) {
      RED.nodes.createNode(this, def);
      openConnection(RED, this, def);
    },
    { credentials: { apiKey: { type: 'password' } } },
  );
  serveAdminApi(RED);
};
