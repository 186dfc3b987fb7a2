import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { WireResponse } from '../wire/response';
import type { Clock } from '../util/clock';
import { isEndless, type FaultRule } from './rule';
import { firstHalf } from './alter-response';

const CHUNK = 64 * 1024;

/**
 * Sends an answer the way a fault wants it. Writes to the bare response: no framework would do such things.
 * @param ending is called right before the answer ends, well or badly
 */
export async function sendFaulty(
  response: ServerResponse,
  answer: WireResponse,
  rule: FaultRule,
  clock: Clock,
  ending: () => void,
): Promise<void> {
  const stall = rule.slow && (rule.slow.ms === 'forever' ? Infinity : rule.slow.ms);
  if (rule.drop !== undefined) {
    ending();
    response.destroy();
    return;
  }
  if (rule.slow?.where === 'headers' && stall !== undefined) await clock.pause(stall, response);
  if (isOver(response, clock)) return;
  if (isEndless(rule)) return drip(response, answer, rule, clock);
  if (rule.hugeBody !== undefined) return pour(response, answer, rule.hugeBody, ending);

  const body = Buffer.from(answer.text);
  const half = Buffer.from(firstHalf(answer.text));
  response.writeHead(answer.status, { ...answer.headers, ...lengthOf(answer.status, body) });
  if (rule.cutBody) {
    ending();
    await written(response, half);
    response.destroy();
    return;
  }
  if (rule.slow?.where === 'body' && stall !== undefined) {
    response.flushHeaders();
    await written(response, half);
    await clock.pause(stall, response);
    if (isOver(response, clock)) return;
    ending();
    response.end(body.subarray(half.length));
    return;
  }
  ending();
  response.end(body);
}

/** Whether there is nobody left to send to. */
function isOver(response: ServerResponse, clock: Clock): boolean {
  return clock.hasStopped() || response.destroyed;
}

/** A byte now and then, until the client or the simulator ends it. */
async function drip(response: ServerResponse, answer: WireResponse, rule: FaultRule, clock: Clock): Promise<void> {
  const everyMs = typeof rule.dripBody === 'object' ? rule.dripBody.everyMs : 20;
  response.writeHead(answer.status, { ...answer.headers, 'content-type': 'application/json' });
  response.write('{"message":"');
  while (!isOver(response, clock)) {
    response.write('.');
    await clock.pause(everyMs, response);
  }
}

/** So many bytes (perhaps without end), no faster than the client takes them. */
async function pour(response: ServerResponse, answer: WireResponse, bytes: number, ending: () => void): Promise<void> {
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-type': 'application/json',
    ...(Number.isFinite(bytes) && { 'content-length': String(bytes) }),
  });
  // The only thing that goes wrong here is that the client has seen enough.
  await pipeline(Readable.from(longText(bytes, ending)), response).catch(() => undefined);
}

function* longText(bytes: number, ending: () => void): Generator<Buffer> {
  const head = Buffer.from('{"message":"');
  const tail = Buffer.from('"}');
  yield head;
  for (let left = bytes - head.length - tail.length; left > 0; left -= CHUNK) {
    yield Buffer.alloc(Math.min(left, CHUNK), 'a');
  }
  ending();
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
