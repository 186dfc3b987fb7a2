import type { NodeAPI } from 'node-red';
import { CONNECTION_TYPE, type ConnectionNode } from './connection';
import type { InvalidSetting } from './settings';

/** What the dialog of a connection is told, to say it in the language of the browser. Never holds a value of a setting. */
interface Problem {
  /** The property that can't be used, by its name in the configuration. */
  property: string;
  /** The environment variable that the property asks for in vain, if that is what is wrong. */
  variable?: string;
}

/**
 * Serves what a connection's dialog says without being asked:
 * `GET <admin>/nrfcloud-connection/problem?id=<connection>` gives `{ problem? }`, why the deployed connection can't be
 * used; `GET <admin>/nrfcloud-connection/variable?id=<connection>&name=<NAME>` gives `{ set }`, whether Node-RED would
 * put something in place of `${NAME}`. The second is only for those who may deploy such a connection anyway.
 */
export function serveConnectionProblem(RED: NodeAPI): void {
  const connection = (id: unknown): ConnectionNode | undefined => {
    const node = typeof id === 'string' ? (RED.nodes.getNode(id) as ConnectionNode | null) : null;
    return node?.type === CONNECTION_TYPE ? node : undefined;
  };
  RED.httpAdmin.get(
    `/${CONNECTION_TYPE}/problem`,
    RED.auth.needsPermission(`${CONNECTION_TYPE}.read`),
    (request, response) => {
      const deployed = connection(request.query['id']);
      response.json(deployed === undefined || deployed.client ? {} : { problem: tell(deployed.problem) });
    },
  );
  RED.httpAdmin.get(
    `/${CONNECTION_TYPE}/variable`,
    RED.auth.needsPermission(`${CONNECTION_TYPE}.write`),
    (request, response) => {
      const { id, name } = request.query;
      response.json({ set: typeof name === 'string' && variable(RED, connection(id), name) !== undefined });
    },
  );
}

/** The value of an environment variable as Node-RED puts it in at deployment, `undefined` if it isn't set. */
export function variable(RED: NodeAPI, node: ConnectionNode | undefined, name: string): string | undefined {
  return node === undefined ? process.env[name] : RED.util.getSetting(node, name);
}

function tell({ property, variable: name }: InvalidSetting): Problem {
  return { property, ...(name === undefined ? {} : { variable: name }) };
}
