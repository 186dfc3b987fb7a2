import type { NodeAPI, NodeDef } from 'node-red';
import { CONNECTION_TYPE, openConnection, type ConnectionCredentials, type ConnectionNode } from './runtime/connection';
import { serveConnectionProblem } from './runtime/connection-problem';
import { serveConnectionTest } from './runtime/connection-test';
import { serveTagPicker } from './runtime/tag-picker';

export = (RED: NodeAPI): void => {
  RED.nodes.registerType<ConnectionNode, NodeDef, object, ConnectionCredentials>(
    CONNECTION_TYPE,
    function (this: ConnectionNode, def: NodeDef) {
      RED.nodes.createNode(this, def);
      openConnection(RED, this, def);
    },
    { credentials: { apiKey: { type: 'password' } } },
  );
  serveConnectionProblem(RED);
  serveConnectionTest(RED);
  serveTagPicker(RED);
};
