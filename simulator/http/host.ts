import fastify, { type FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';

import { BULK_ROUTES } from './bulk-routes';
import type { Route } from './route';
import { CLAIM_ROUTES } from './claim-routes';
import { DEVICE_ROUTES } from './device-routes';
import { toWire } from '../wire/response';
import { send, serve, type HostContext } from './handle-request';
import { TAG_ROUTES } from './tag-routes';
import type { Exchange } from '../wire/traffic';

const ROUTES: readonly Route[] = [...CLAIM_ROUTES, ...TAG_ROUTES, ...DEVICE_ROUTES, ...BULK_ROUTES];

/**
 * The service's host: every path of both versions under `/v1`.
 * @param bodyLimit most bytes of a request body, beyond which the answer is 413
 */
export function buildService(context: HostContext, bodyLimit: number): FastifyInstance {
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
    exchanges.set(request.raw, context.traffic.begin({ method, url, headers }, reply.raw, keep));
    done();
  });
  for (const route of ROUTES) {
    app.route({
      method: route.method,
      url: `/v1${route.path}`,
      handler: (request, reply) => serve(context, exchangeOf(request.raw), route, request, reply),
    });
  }
  app.setNotFoundHandler((request, reply) => serve(context, exchangeOf(request.raw), undefined, request, reply));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const answer = toWire({ status: error.statusCode ?? 500, body: { message: error.message } });
    return send(reply, exchangeOf(request.raw), answer);
  });
  return app;
}
