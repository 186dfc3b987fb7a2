import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { WireResponse } from '../wire/response';
import type { Clock } from '../util/clock';
import { isEndless, type FaultRule } from './rule';
import { firstHalf } from './alter-response';

const CHUNK = 64 * 1024;

/**
 * Sends a response the way a fault wants it. Writes to the bare response: no framework would do such things.
 * @param onEnding called right before the response ends, well or badly
 */
export async function sendFaulty(
  response: ServerResponse,
  wire: WireResponse,
  rule: FaultRule,
  clock: Clock,
  onEnding: () => void,
): Promise<void> {
  const stall = rule.slow && (rule.slow.ms === 'forever' ? Infinity : rule.slow.ms);
  if (rule.drop !== undefined) {
    onEnding();
    response.destroy();
    return;
  }
  if (rule.slow?.where === 'headers' && stall !== undefined) await clock.pause(stall, response);
  if (isOver(response, clock)) return;
  if (isEndless(rule)) return writeEndlessBody(response, wire, rule, clock);
  if (rule.hugeBody !== undefined) return writeHugeBody(response, wire, rule.hugeBody, onEnding);

  const body = Buffer.from(wire.text);
  const half = Buffer.from(firstHalf(wire.text));
  response.writeHead(wire.status, { ...wire.headers, ...lengthOf(wire.status, body) });
  if (rule.cutBody) {
    onEnding();
    await written(response, half);
    response.destroy();
    return;
  }
  if (rule.slow?.where === 'body' && stall !== undefined) {
    response.flushHeaders();
    await written(response, half);
    await clock.pause(stall, response);
    if (isOver(response, clock)) return;
    onEnding();
    response.end(body.subarray(half.length));
    return;
  }
  onEnding();
  response.end(body);
}

/** Whether the client or the simulator has closed the connection. */
function isOver(response: ServerResponse, clock: Clock): boolean {
  return clock.hasStopped() || response.destroyed;
}

/** A byte now and then, until the client or the simulator ends it. */
async function writeEndlessBody(
  response: ServerResponse,
  wire: WireResponse,
  rule: FaultRule,
  clock: Clock,
): Promise<void> {
  const everyMs = typeof rule.dripBody === 'object' ? rule.dripBody.everyMs : 20;
  response.writeHead(wire.status, { ...wire.headers, 'content-type': 'application/json' });
  response.write('{"message":"');
  while (!isOver(response, clock)) {
    response.write('.');
    await clock.pause(everyMs, response);
  }
}

/** A number of bytes (perhaps without end), no faster than the client takes them. */
async function writeHugeBody(
  response: ServerResponse,
  wire: WireResponse,
  bytes: number,
  onEnding: () => void,
): Promise<void> {
  response.writeHead(wire.status, {
    ...wire.headers,
    'content-type': 'application/json',
    ...(Number.isFinite(bytes) && { 'content-length': String(bytes) }),
  });
  // The only thing that goes wrong here is that the client has seen enough.
  await pipeline(Readable.from(longText(bytes, onEnding)), response).catch(() => undefined);
}

function* longText(bytes: number, onEnding: () => void): Generator<Buffer> {
  const head = Buffer.from('{"message":"');
  const tail = Buffer.from('"}');
  yield head;
  for (let left = bytes - head.length - tail.length; left > 0; left -= CHUNK) {
    yield Buffer.alloc(Math.min(left, CHUNK), 'a');
  }
  onEnding();
  yield tail;
}

/** 204 and 304 have no body and no length. */
function lengthOf(status: number, body: Buffer): Record<string, string> {
  return status === 204 || status === 304 ? {} : { 'content-length': String(body.length) };
}

/** Waits until the bytes have left this process, so that destroying the connection does not swallow them. */
function written(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (bytes.length === 0) {
      response.flushHeaders();
      // Nothing to wait for: the header is handed over in the same turn.
      setImmediate(resolve);
      return;
    }
    response.write(bytes, () => resolve());
  });
}
