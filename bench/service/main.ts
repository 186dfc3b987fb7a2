/**
 * The service of the benches, in its own process. It does as little as possible, so that a bench measures its client.
 * Node.js' own server without a framework, answers made beforehand, bodies looked at only as far as counting needs.
 * POST /control takes a `Behaviour` and begins to count anew; GET /control gives the `Counts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../../harness/ports';
import { PLAIN, type Behaviour } from './behaviour';
import { Counter } from './counter';
import { pageOf } from './listing';
import { onboardingAnswer } from './onboarding';

const CLAIM = '/v1/identities/claimed-devices';
const UPLOAD = '/v1/claimed-devices/bulk';
const OPERATION = '/v1/bulk-ops-requests/';
const LIST = '/v1/claimed-devices';
const CONTROL = '/control';

/** A device as the guide shows it, with its id left out. */
const [DEVICE_BEFORE_ID, DEVICE_AFTER_ID] = [
  '{"id":"',
  '","provisionerUuid":"7ff0c3c2-7f0c-4b5e-8d29-4f0f9a3c3bb1","tags":[],"status":"READY","createdAt":"2026-11-24T12:00:00.000Z"}',
];
/** Where the device's UUID stands in the body of a claim, and in how many characters of Base64. */
const UUID_OFFSET = '{"claimToken":"2dn3hQFQ'.length;
const UUID_CHARACTERS = 22;
const JSON_TYPE = 'application/json';

let behaviour: Behaviour = PLAIN;
let outageEnd = 0;
let counter = new Counter(behaviour.limit);
const polls = new Map<string, number>();

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    if (request.url === CONTROL) control(request, response, body);
    else if (behaviour.latencyMs > 0) setTimeout(() => answer(request, response, body), behaviour.latencyMs);
    else answer(request, response, body);
  });
});

function control({ method }: IncomingMessage, response: ServerResponse, body: Buffer): void {
  if (method === 'POST') {
    behaviour = { ...PLAIN, ...(JSON.parse(body.toString()) as Partial<Behaviour>) };
    counter = new Counter(behaviour.limit);
    outageEnd = performance.now() + behaviour.outageMs;
    polls.clear();
  }
  say(response, 200, Buffer.from(JSON.stringify(counter.counts)));
}

function answer({ method, url = '' }: IncomingMessage, response: ServerResponse, body: Buffer): void {
  if (!counter.admit()) {
    if (behaviour.retryAfter > 0) response.setHeader('retry-after', behaviour.retryAfter);
    response.writeHead(429).end();
    return;
  }
  if (performance.now() < outageEnd) {
    response.writeHead(500).end();
    return;
  }
  const isClaimed = (id: string): boolean => behaviour.allClaimed || counter.hasClaimed(id);
  const onboarding = method === 'GET' ? onboardingAnswer(url, isClaimed) : undefined;
  if (onboarding !== undefined) say(response, onboarding.status, onboarding.body);
  else if (method === 'POST' && url === CLAIM) {
    const id = deviceIdOf(body);
    counter.claim(id);
    say(response, 201, Buffer.from(DEVICE_BEFORE_ID + id + DEVICE_AFTER_ID));
  } else if (method === 'POST' && url === UPLOAD) {
    const bulkOpsRequestId = String(counter.upload(body)).padStart(26, '0');
    say(response, 202, Buffer.from(JSON.stringify({ bulkOpsRequestId })));
  } else if (url.startsWith(OPERATION)) say(response, 200, Buffer.from(JSON.stringify(operation(url))));
  else if (url.startsWith(LIST)) say(response, 200, pageOf(url, behaviour));
  else say(response, 404, Buffer.from('{"message":"not found"}'));
}

/** The id of a claimed device: the UUID in its token, as a response about another device is not believed. */
function deviceIdOf(claim: Buffer): string {
  const text = claim.toString('latin1', UUID_OFFSET, UUID_OFFSET + UUID_CHARACTERS);
  const hex = Buffer.from(text, 'base64url').toString('hex', 0, 16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function operation(url: string): object {
  const bulkOpsRequestId = url.slice(OPERATION.length);
  counter.poll(bulkOpsRequestId);
  const looks = (polls.get(bulkOpsRequestId) ?? 0) + 1;
  polls.set(bulkOpsRequestId, looks);
  return { bulkOpsRequestId, status: looks === behaviour.polls ? 'SUCCEEDED' : 'PENDING' };
}

function say(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, { 'content-type': JSON_TYPE, 'content-length': body.length }).end(body);
}

// Clients that keep their sockets between rounds find them open.
server.keepAliveTimeout = 600_000;
server.on('connection', (socket) => {
  counter.opened(1);
  socket.on('close', () => counter.opened(-1));
});
void listen(server, 0).then((port) => console.log(`listening on ${port}`));
