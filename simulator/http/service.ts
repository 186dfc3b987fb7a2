import fastify, { type FastifyInstance } from 'fastify';
import type { IncomingMessage } from 'node:http';

import { BULK_ROUTES } from './bulk-routes';
import type { Route } from './call';
import { CLAIM_ROUTES } from './claim-routes';
import { DEVICE_ROUTES } from './device-routes';
import { toWire } from './answer';
import { send, serve, type Station } from './serve';
import { TAG_ROUTES } from './tag-routes';
import type { Flight } from './traffic';

const ROUTES: readonly Route[] = [...CLAIM_ROUTES, ...TAG_ROUTES, ...DEVICE_ROUTES, ...BULK_ROUTES];

/**
 * The service's host: every path of both generations under `/v1`.
 * @param bodyLimit most bytes of a request body, beyond which the answer is 413
 */
export function buildService(station: Station, bodyLimit: number): FastifyInstance {
  const app = fastify({
    bodyLimit,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 1000 },
  });
  const flights = new WeakMap<IncomingMessage, Flight>();
  const flightOf = (raw: IncomingMessage): Flight => flights.get(raw)!;

  // Bodies are read as text whatever their type: the operations decide what they understand.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', (request, reply, done) => {
    const { method, url, headers } = request;
    const keep = station.world.settings.record;
    flights.set(request.raw, station.traffic.takeOff({ method, url, headers }, reply.raw, keep));
    done();
  });
  for (const route of ROUTES) {
    app.route({
      method: route.method,
      url: `/v1${route.path}`,
      handler: (request, reply) => serve(station, flightOf(request.raw), route, request, reply),
    });
  }
  app.setNotFoundHandler((request, reply) => serve(station, flightOf(request.raw), undefined, request, reply));
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const answer = toWire({ status: error.statusCode ?? 500, body: { message: error.message } });
    return send(reply, flightOf(request.raw), answer);
  });
  return app;
}
