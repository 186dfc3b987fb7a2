import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Faults } from '../faults/faults';
import { runsOperationFirst, type FaultRule, replacesResponse } from '../faults/rule';
import { alterResponse } from '../faults/alter-response';
import { sendFaulty } from '../faults/send-faulty';
import type { Settings } from '../settings';
import { Refusal } from '../state/refusal';
import type { ServiceState } from '../state/service-state';
import { toWire, type ServiceResponse, type WireResponse } from '../wire/response';
import type { Call, Route } from './route';
import type { RateLimit } from './rate-limit';
import type { Exchange, Traffic } from '../wire/traffic';

/** What a request goes through. */
export interface HostContext {
  state: ServiceState;
  faults: Faults;
  traffic: Traffic;
  rateLimit: RateLimit;
}

/**
 * The one way through of every request: record, latency, rate limit, faults, key, path, operation, answer.
 * @param route absent for paths that no version has
 */
export async function serve(
  context: HostContext,
  exchange: Exchange,
  route: Route | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { state, faults, traffic } = context;
  const call = readCall(request);
  const operation = route && isOn(route, state.settings) ? route.operation(call) : 'unknown';
  exchange.record.body = call.body;
  exchange.record.operation = operation;
  traffic.count(operation);
  state.events.emit('request', exchange.record);

  await state.clock.pause(drawLatency(state));
  const full = context.rateLimit.admit(state.settings.rate, performance.now());
  if (full > 0) return send(reply, exchange, toWire(tooMany(full, state.settings)));

  const rule = faults.strike({ host: 'api', method: request.method, url: request.url, operation });
  const work = (): Promise<WireResponse> => perform(state, route, request, call);
  if (!rule) return send(reply, exchange, await work());

  reply.hijack();
  await serveFault(rule, work, context, exchange, reply);
  return undefined;
}

/** Carries out a fault, on the bare response. */
async function serveFault(
  rule: FaultRule,
  work: () => Promise<WireResponse>,
  { state }: HostContext,
  exchange: Exchange,
  reply: FastifyReply,
): Promise<void> {
  const stallFirst = rule.slow?.where === 'headers' && !runsOperationFirst(rule) && !replacesResponse(rule);
  if (stallFirst && rule.slow) {
    // The work waits too, and is left undone if the client has gone by then.
    await state.clock.pause(rule.slow.ms === 'forever' ? Infinity : rule.slow.ms, reply.raw);
    if (reply.raw.destroyed || state.clock.hasStopped()) return;
  }
  const real = stallFirst || runsOperationFirst(rule) ? await work() : undefined;
  const answer = alterResponse(rule, real);
  answer.headers['x-request-id'] = requestId(exchange);
  const sending: FaultRule = stallFirst ? { ...rule, slow: { where: 'headers', ms: 0 } } : rule;
  await sendFaulty(reply.raw, answer, sending, state.clock, () => {
    exchange.end(rule.drop === undefined ? answer.status : undefined);
  });
}

/** Key, path, operation, in this order. Never fails: a refusal is an answer. */
async function perform(
  state: ServiceState,
  route: Route | undefined,
  request: FastifyRequest,
  call: Call,
): Promise<WireResponse> {
  try {
    checkKey(request, state.settings);
    if (!route || !isOn(route, state.settings)) throw new Refusal(404, 'Not Found');
    return toWire(await route.run(state, call));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return toWire({ status: error.status, body: { message: error.message } });
  }
}

function isOn(route: Route, { api }: Readonly<Settings>): boolean {
  return api === 'both' || route.versions.includes(api);
}

function checkKey(request: FastifyRequest, settings: Readonly<Settings>): void {
  const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (key === settings.apiKey) return;
  if (key === undefined || !settings.viewerKeys.includes(key)) throw new Refusal(401, 'Unauthorized');
  if (request.method !== 'GET') throw new Refusal(403, 'The role viewer may not do this.');
}

function tooMany(waitMs: number, { rateRetryAfter }: Readonly<Settings>): ServiceResponse {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const body = { message: 'Too Many Requests' };
  if (rateRetryAfter === 'none') return { status: 429, body };
  const date = new Date(Date.now() + seconds * 1000).toUTCString();
  return { status: 429, body, headers: { 'retry-after': rateRetryAfter === 'date' ? date : String(seconds) } };
}

function drawLatency({ settings, random }: ServiceState): number {
  const { latency } = settings;
  return typeof latency === 'number' ? latency : latency[0] + random() * (latency[1] - latency[0]);
}

function readCall(request: FastifyRequest): Call {
  return {
    id: (request.params as { id?: string }).id ?? '',
    query: readQuery(request.url),
    contentType: (request.headers['content-type'] ?? '').replace(/;.*$/s, '').trim().toLowerCase(),
    body: typeof request.body === 'string' ? request.body : '',
  };
}

function readQuery(url: string): Record<string, string> {
  const start = url.indexOf('?');
  return start < 0 ? {} : Object.fromEntries(new URLSearchParams(url.slice(start + 1)));
}

function requestId(exchange: Exchange): string {
  return `sim-${exchange.record.number}`;
}

/** The well-behaved way to answer. */
export function send(reply: FastifyReply, exchange: Exchange, answer: WireResponse): FastifyReply {
  exchange.end(answer.status);
  return reply
    .code(answer.status)
    .headers({ ...answer.headers, 'x-request-id': requestId(exchange) })
    .send(answer.text === '' ? undefined : answer.text);
}
