import type { FastifyReply, FastifyRequest } from 'fastify';

import type { Faults } from '../faults/faults';
import { worksFirst, type FaultRule, replacesAnswer } from '../faults/rule';
import { shape } from '../faults/shape';
import { transmit } from '../faults/transmit';
import type { Settings } from '../settings';
import { Refusal } from '../world/refusal';
import type { World } from '../world/world';
import { toWire, type Answer, type WireAnswer } from './answer';
import type { Call, Route } from './call';
import type { RateLimit } from './rate-limit';
import type { Flight, Traffic } from './traffic';

/** What a request goes through. */
export interface Station {
  world: World;
  faults: Faults;
  traffic: Traffic;
  rateLimit: RateLimit;
}

/**
 * The one way through of every request: record, latency, rate limit, faults, key, path, operation, answer.
 * @param route absent for paths that no generation has
 */
export async function serve(
  station: Station,
  flight: Flight,
  route: Route | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<unknown> {
  const { world, faults, traffic } = station;
  const call = readCall(request);
  const operation = route && isOn(route, world.settings) ? route.operation(call) : 'unknown';
  flight.record.body = call.body;
  flight.record.operation = operation;
  traffic.count(operation);
  world.events.emit('request', flight.record);

  await world.clock.pause(drawLatency(world));
  const full = station.rateLimit.admit(world.settings.rate, performance.now());
  if (full > 0) return send(reply, flight, toWire(tooMany(full, world.settings)));

  const rule = faults.strike({ host: 'api', method: request.method, url: request.url, operation });
  const work = (): Promise<WireAnswer> => perform(world, route, request, call);
  if (!rule) return send(reply, flight, await work());

  reply.hijack();
  await misbehave(rule, work, station, flight, reply);
  return undefined;
}

/** Carries out a fault, on the bare response. */
async function misbehave(
  rule: FaultRule,
  work: () => Promise<WireAnswer>,
  { world }: Station,
  flight: Flight,
  reply: FastifyReply,
): Promise<void> {
  const stallFirst = rule.slow?.where === 'headers' && !worksFirst(rule) && !replacesAnswer(rule);
  if (stallFirst && rule.slow) {
    // The work waits too, and is left undone if the client has gone by then.
    await world.clock.pause(rule.slow.ms === 'forever' ? Infinity : rule.slow.ms, reply.raw);
    if (reply.raw.destroyed || world.clock.hasStopped()) return;
  }
  const real = stallFirst || worksFirst(rule) ? await work() : undefined;
  const answer = shape(rule, real);
  answer.headers['x-request-id'] = requestId(flight);
  const sending: FaultRule = stallFirst ? { ...rule, slow: { where: 'headers', ms: 0 } } : rule;
  await transmit(reply.raw, answer, sending, world.clock, () => {
    flight.land(rule.drop === undefined ? answer.status : undefined);
  });
}

/** Key, path, operation, in this order. Never fails: a refusal is an answer. */
async function perform(
  world: World,
  route: Route | undefined,
  request: FastifyRequest,
  call: Call,
): Promise<WireAnswer> {
  try {
    checkKey(request, world.settings);
    if (!route || !isOn(route, world.settings)) throw new Refusal(404, 'Not Found');
    return toWire(await route.run(world, call));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return toWire({ status: error.status, body: { message: error.message } });
  }
}

function isOn(route: Route, { api }: Readonly<Settings>): boolean {
  return api === 'both' || route.generations.includes(api);
}

function checkKey(request: FastifyRequest, settings: Readonly<Settings>): void {
  const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  if (key === settings.apiKey) return;
  if (key === undefined || !settings.viewerKeys.includes(key)) throw new Refusal(401, 'Unauthorized');
  if (request.method !== 'GET') throw new Refusal(403, 'The role viewer may not do this.');
}

function tooMany(waitMs: number, { rateRetryAfter }: Readonly<Settings>): Answer {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const body = { message: 'Too Many Requests' };
  if (rateRetryAfter === 'none') return { status: 429, body };
  const date = new Date(Date.now() + seconds * 1000).toUTCString();
  return { status: 429, body, headers: { 'retry-after': rateRetryAfter === 'date' ? date : String(seconds) } };
}

function drawLatency({ settings, random }: World): number {
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

function requestId(flight: Flight): string {
  return `sim-${flight.record.number}`;
}

/** The well-behaved way to answer. */
export function send(reply: FastifyReply, flight: Flight, answer: WireAnswer): FastifyReply {
  flight.land(answer.status);
  return reply
    .code(answer.status)
    .headers({ ...answer.headers, 'x-request-id': requestId(flight) })
    .send(answer.text === '' ? undefined : answer.text);
}
