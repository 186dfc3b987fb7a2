import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import type { Faults } from '../faults/faults';
import { shape } from '../faults/shape';
import { transmit } from '../faults/transmit';
import type { Simulator } from '../index';
import { errorSummary, summaryFault } from '../world/error-summary';
import type { World } from '../world/world';
import { toWire, type WireAnswer } from './answer';
import { addControls } from './controls';
import type { Traffic } from './traffic';

/**
 * The second port: the host of uploads and error summaries, which is another origin than the service's, and the controls.
 * Whoever shows it an `Authorization` header is refused and written down: a key must never come here.
 */
export function buildSummaryHost(
  simulator: Simulator,
  world: World,
  faults: Faults,
  traffic: Traffic,
): FastifyInstance {
  const app = fastify({ forceCloseConnections: true, exposeHeadRoutes: false });
  const visit = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const authorization = request.headers.authorization !== undefined;
    const seen = { url: request.url, authorization, at: Date.now() };
    traffic.summaryVisits.push(seen);
    world.events.emit('summary', seen);
    const rule = faults.strike({ host: 'summary', method: request.method, url: request.url });
    const answer = authorization ? refuseKey() : find(world, request);
    const sending = rule ?? (answer.status === 404 || authorization ? undefined : summaryFault(world.settings));
    if (!sending) return reply.code(answer.status).headers(answer.headers).send(answer.text);
    reply.hijack();
    await transmit(reply.raw, shape(sending, answer), sending, world.clock, () => undefined);
    return undefined;
  };
  app.get('/:tenant/claim_device_ownership/:file', visit);
  app.setNotFoundHandler(visit);
  void app.register((scope, _options, done) => {
    addControls(scope, simulator);
    done();
  });
  return app;
}

function refuseKey(): WireAnswer {
  return toWire({ status: 403, body: { message: 'This host must not be shown an Authorization header.' } });
}

function find(world: World, request: FastifyRequest): WireAnswer {
  const { tenant, file = '' } = request.params as { tenant?: string; file?: string };
  const [, id = '', kind] = /^(\w+)\.(json|csv)$/.exec(file) ?? [];
  const operation = tenant === world.tenantId ? world.bulk.find(id) : undefined;
  if (operation && kind === 'csv')
    return { status: 200, headers: { 'content-type': 'text/csv' }, text: operation.upload };
  if (operation?.status === 'FAILED') return errorSummary(operation.failed, world.settings);
  return toWire({ status: 404, body: { message: 'Not Found' } });
}
