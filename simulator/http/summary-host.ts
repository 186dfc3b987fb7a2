import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';

import type { Faults } from '../faults/faults';
import { alterResponse } from '../faults/alter-response';
import { sendFaulty } from '../faults/send-faulty';
import type { Simulator } from '../simulator';
import { errorSummary, summaryFault } from './error-summary';
import type { ServiceState } from '../state/service-state';
import { toWire, type WireResponse } from '../wire/response';
import { addControls } from './controls';
import type { Traffic } from '../wire/traffic';

/**
 * The second port: the host of uploads and error summaries, which is another origin than the service's, and the controls.
 * A request with an `Authorization` header is refused and recorded: the API key must never be sent here.
 */
export function buildSummaryHost(
  simulator: Simulator,
  state: ServiceState,
  faults: Faults,
  traffic: Traffic,
): FastifyInstance {
  const app = fastify({ forceCloseConnections: true, exposeHeadRoutes: false });
  const visit = async (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const authorization = request.headers.authorization !== undefined;
    const seen = { url: request.url, authorization, at: Date.now() };
    traffic.summaryVisits.push(seen);
    state.events.emit('summary', seen);
    const rule = faults.select({ host: 'summary', method: request.method, url: request.url });
    const answer = authorization ? refuseKey() : find(state, request);
    const sending = rule ?? (answer.status === 404 || authorization ? undefined : summaryFault(state.settings));
    if (!sending) return reply.code(answer.status).headers(answer.headers).send(answer.text);
    reply.hijack();
    await sendFaulty(reply.raw, alterResponse(sending, answer), sending, state.clock, () => undefined);
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

function refuseKey(): WireResponse {
  return toWire({ status: 403, body: { message: 'This host must not be shown an Authorization header.' } });
}

function find(state: ServiceState, request: FastifyRequest): WireResponse {
  const { tenant, file = '' } = request.params as { tenant?: string; file?: string };
  const [, id = '', kind] = /^(\w+)\.(json|csv)$/.exec(file) ?? [];
  const operation = tenant === state.tenantId ? state.bulk.find(id) : undefined;
  if (operation && kind === 'csv')
    return { status: 200, headers: { 'content-type': 'text/csv' }, text: operation.upload };
  if (operation?.status === 'FAILED') return errorSummary(operation.failed, state.settings);
  return toWire({ status: 404, body: { message: 'Not Found' } });
}
