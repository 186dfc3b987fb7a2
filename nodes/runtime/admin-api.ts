import type { NodeAPI } from 'node-red';
import { CONNECTION_TYPE, connectionNode, variableOf } from './connection';
import { runConnectionTest, type ConnectionTestRequest } from './connection-test';
import { contextStores, isPersistent } from './context-store';
import { TagPicker } from './tag-picker';

/**
 * All admin endpoints of this package, below Node-RED's admin root. None of them gives the API key or the value of a
 * variable back.
 *
 * - `GET nrfcloud-connection/problem?id=<connection>` → `{ problem?: { property, variable? } }`: why the deployed
 *   connection cannot work. The dialog says it in the language of the browser.
 * - `GET nrfcloud-connection/variable?id=<connection>&name=<NAME>` → `{ set }`: whether Node-RED would put something in
 *   place of `${NAME}`. Only for those who may deploy such a connection anyway.
 * - `POST nrfcloud-connection/test` with JSON `{ id?, config, apiKey? }` → {@link ConnectionTestResult}: tests what is in
 *   the dialog. Only for those who may change flows, as it makes Node-RED send a request to an address of the caller's
 *   choice; JSON only (415), because any web page can make a browser post a form.
 * - `GET nrfcloud-connection/tags?id=<connection>` → `{ tags }`: the names of the account's tags. Completing a name is a
 *   convenience, so a failure is an empty list.
 * - `GET nrfcloud-bulk-status/stores` → `{ stores: { name: survives } }`: where pending work can be kept, and whether that
 *   survives a restart. The empty name is the package's journal.
 */
export function serveAdminApi(RED: NodeAPI): void {
  const { httpAdmin, auth } = RED;
  const mayRead = auth.needsPermission(`${CONNECTION_TYPE}.read`);
  const mayWrite = auth.needsPermission(`${CONNECTION_TYPE}.write`);
  const tagPicker = new TagPicker(RED);

  httpAdmin.get(`/${CONNECTION_TYPE}/problem`, mayRead, (request, response) => {
    const node = connectionNode(RED, request.query['id']);
    if (node === undefined || node.client !== undefined) {
      response.json({});
      return;
    }
    const { property, variable } = node.problem;
    response.json({ problem: { property, ...(variable === undefined ? {} : { variable }) } });
  });

  httpAdmin.get(`/${CONNECTION_TYPE}/variable`, mayWrite, (request, response) => {
    const { id, name } = request.query;
    const node = connectionNode(RED, id);
    response.json({ set: typeof name === 'string' && variableOf(RED, node, name) !== undefined });
  });

  httpAdmin.post(`/${CONNECTION_TYPE}/test`, mayWrite, (request, response) => {
    if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
      response.status(415).json({ message: 'send application/json' });
      return;
    }
    void runConnectionTest(RED, (request.body ?? {}) as ConnectionTestRequest).then((result) => response.json(result));
  });

  httpAdmin.get(`/${CONNECTION_TYPE}/tags`, mayRead, (request, response) => {
    tagPicker.names(request.query['id']).then(
      (tags) => response.json({ tags }),
      () => response.json({ tags: [] }),
    );
  });

  const mayReadStores = auth.needsPermission('nrfcloud-bulk-status.read');
  httpAdmin.get('/nrfcloud-bulk-status/stores', mayReadStores, (_request, response) => {
    const stores = contextStores(RED).map((name) => [name, isPersistent(RED, name)]);
    response.json({ stores: { '': true, ...Object.fromEntries(stores) } as Record<string, boolean> });
  });
}
