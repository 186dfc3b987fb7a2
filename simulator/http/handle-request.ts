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
import type { Exchange, HostName, Traffic } from '../wire/traffic';

/** What a request goes through. */
export interface HostContext {
  host: HostName;
  state: ServiceState;
  faults: Faults;
  traffic: Traffic;
  rateLimit: RateLimit;
}

/**
 * Handles a request: record, latency, rate limit, faults, key, path, operation, response, in this order.
 * @param route absent for paths that no API version has
 */
export async function handleRequest(
  context: HostContext,
  exchange: Exchange,
  route: Route | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { host, state, faults, traffic } = context;
  const call = readCall(request, state.settings);
  const operation = route && isOn(route, state.settings) ? route.operation(call) : 'unknown';
  exchange.record.body = call.body;
  exchange.record.operation = operation;
  traffic.count(operation);
  state.events.emit('request', exchange.record);

  await state.clock.pause(drawLatency(state));
  const full = context.rateLimit.admit(rateOf(context), performance.now());
  if (full > 0) return send(reply, exchange, toWire(tooMany(full, state.settings)));

  const rule = faults.select({ host, method: request.method, url: request.url, operation });
  const work = (): Promise<WireResponse> => perform(context, route, request, call);
  if (!rule) return send(reply, exchange, await work());

  reply.hijack();
  await serveFault(rule, work, context, exchange, reply);
  return undefined;
}

/** Responds with a fault, past the framework. */
async function serveFault(
  rule: FaultRule,
  work: () => Promise<WireResponse>,
  { state }: HostContext,
  exchange: Exchange,
  reply: FastifyReply,
): Promise<void> {
  const stallFirst = rule.slow?.where === 'headers' && !runsOperationFirst(rule) && !replacesResponse(rule);
  if (stallFirst && rule.slow) {
    // The operation waits too, and is not carried out if the client has disconnected by then.
    await state.clock.pause(rule.slow.ms === 'forever' ? Infinity : rule.slow.ms, reply.raw);
    if (reply.raw.destroyed || state.clock.hasStopped()) return;
  }
  const real = stallFirst || runsOperationFirst(rule) ? await work() : undefined;
  const response = alterResponse(rule, real);
  response.headers['x-request-id'] = requestId(exchange);
  const sending: FaultRule = stallFirst ? { ...rule, slow: { where: 'headers', ms: 0 } } : rule;
  await sendFaulty(reply.raw, response, sending, state.clock, () => {
    exchange.end(rule.drop === undefined ? response.status : undefined);
  });
}

/** Key, path, operation, in this order. Never fails: a refusal is a response. */
async function perform(
  { host, state }: HostContext,
  route: Route | undefined,
  request: FastifyRequest,
  call: Call,
): Promise<WireResponse> {
  try {
    checkKey(request, host, call, state.settings);
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

function checkKey(request: FastifyRequest, host: HostName, { viewer }: Call, settings: Readonly<Settings>): void {
  const key = keyOf(request);
  const known = key !== undefined && (key === settings.apiKey || settings.viewerKeys.includes(key));
  // An organization auth token is refused by device management (a user's report), also if it is the key set here.
  if (!known || (host === 'deviceApi' && key.startsWith('oat_'))) throw new Refusal(401, 'Unauthorized');
  if (viewer && request.method !== 'GET') throw new Refusal(403, 'The role viewer may not do this.');
}

function keyOf(request: FastifyRequest): string | undefined {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
}

function rateOf({ host, state: { settings } }: HostContext): number {
  return host === 'api' ? settings.rate : settings.deviceApiRate;
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

function readCall(request: FastifyRequest, settings: Readonly<Settings>): Call {
  const { id = '', commandId = '' } = request.params as { id?: string; commandId?: string };
  const key = keyOf(request);
  return {
    id,
    commandId,
    query: readQuery(request.url),
    url: request.url,
    viewer: settings.role === 'viewer' || (key !== undefined && settings.viewerKeys.includes(key)),
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

/** Sends a response without a fault. */
export function send(reply: FastifyReply, exchange: Exchange, response: WireResponse): FastifyReply {
  exchange.end(response.status);
  return reply
    .code(response.status)
    .headers({ ...response.headers, 'x-request-id': requestId(exchange) })
    .send(response.text === '' ? undefined : response.text);
}
