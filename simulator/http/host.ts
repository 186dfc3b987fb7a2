import fastify, { type FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';

import { BULK_ROUTES } from './bulk-routes';
import type { Route } from './route';
import { CLAIM_ROUTES } from './claim-routes';
import { COMMAND_ROUTES } from './command-routes';
import { DEVICE_API_ROUTES } from './device-api-routes';
import { DEVICE_ROUTES } from './device-routes';
import { RULE_ROUTES } from './rule-routes';
import { toWire } from '../wire/response';
import { handleRequest, send, type HostContext } from './handle-request';
import { TAG_ROUTES } from './tag-routes';
import type { Exchange, HostName } from '../wire/traffic';

const ROUTES: Readonly<Record<HostName, readonly Route[]>> = {
  api: [...CLAIM_ROUTES, ...TAG_ROUTES, ...DEVICE_ROUTES, ...BULK_ROUTES, ...COMMAND_ROUTES, ...RULE_ROUTES],
  deviceApi: DEVICE_API_ROUTES,
};

/**
 * One of the two hosts of nRF Cloud: every path of both API versions under `/v1`.
 * @param bodyLimit most bytes of a request body, beyond which the response is 413
 */
export function buildHost(context: HostContext, bodyLimit: number): FastifyInstance {
  const app = fastify({
    bodyLimit,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 1000 },
  });
  const exchanges = new WeakMap<IncomingMessage, Exchange>();
  const exchangeOf = (raw: IncomingMessage): Exchange => exchanges.get(raw)!;

  // Bodies are read as text whatever their type: the operations decide what they understand.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', (request, reply, done) => {
    const { method, url, headers } = request;
    const keep = context.state.settings.record;
    exchanges.set(request.raw, context.traffic.begin({ host: context.host, method, url, headers }, reply.raw, keep));
    done();
  });
  for (const route of ROUTES[context.host]) {
    app.route({
      method: route.method,
      url: `/v1${route.path}`,
      handler: (request, reply) => handleRequest(context, exchangeOf(request.raw), route, request, reply),
    });
  }
  app.setNotFoundHandler((request, reply) =>
    handleRequest(context, exchangeOf(request.raw), undefined, request, reply),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const response = toWire({ status: error.statusCode ?? 500, body: { message: error.message } });
    return send(reply, exchangeOf(request.raw), response);
  });
  return app;
}
