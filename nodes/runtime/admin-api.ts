import { createRequire } from 'node:module';
import type { NodeAPI } from 'node-red';
import type * as Handlers from './admin-handlers';
import { CONNECTION_TYPE } from './connection-type';

const load = createRequire(__filename);

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
 *
 * What handles a request is loaded with the first one, see `registerNode`.
 */
export function serveAdminApi(RED: NodeAPI): void {
  const { httpAdmin, auth } = RED;
  const mayRead = auth.needsPermission(`${CONNECTION_TYPE}.read`);
  const mayWrite = auth.needsPermission(`${CONNECTION_TYPE}.write`);
  const mayReadStores = auth.needsPermission('nrfcloud-bulk-status.read');
  let loaded: Handlers.AdminHandlers | undefined;
  const handlers = (): Handlers.AdminHandlers =>
    (loaded ??= new (load('./admin-handlers') as typeof Handlers).AdminHandlers(RED));

  httpAdmin.get(`/${CONNECTION_TYPE}/problem`, mayRead, (request, response) => {
    handlers().sendProblem(request, response);
  });
  httpAdmin.get(`/${CONNECTION_TYPE}/variable`, mayWrite, (request, response) => {
    handlers().sendVariable(request, response);
  });
  httpAdmin.post(`/${CONNECTION_TYPE}/test`, mayWrite, (request, response) => {
    void handlers().test(request, response);
  });
  httpAdmin.get(`/${CONNECTION_TYPE}/tags`, mayRead, (request, response) => {
    void handlers().sendTags(request, response);
  });
  httpAdmin.get('/nrfcloud-bulk-status/stores', mayReadStores, (_request, response) => {
    handlers().sendStores(response);
  });
}
