import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK } from '../../harness/ports';
import { seededRandom } from '../../simulator/identity/seeded';

/** A plain fast service, which forgets everything at once: what grows in a soak is Node-RED. */
export interface SoakService {
  url: string;
  /** Requests that came, and those that were struck by a fault. */
  readonly counts: { requests: number; faults: number; claims: number; uploads: number };
  close: () => void;
}

/** Of all requests, this part goes wrong. */
const FAULTS = 0.02;
/** Every so many of the operations ends FAILED, with an error summary. */
const FAILED_EVERY = 10;

/**
 * Starts the service. The simulator would do, but keeps every device and verifies every token: with a million of them it,
 * and not Node-RED, would be measured.
 */
export async function startSoakService(): Promise<SoakService> {
  const random = seededRandom('soak');
  const counts = { requests: 0, faults: 0, claims: 0, uploads: 0 };
  const polls = new Map<string, number>();
  let origin = '';

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, url = '' } = request;
    const say = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(body));
    };
    if (method === 'POST' && url === '/v1/claimed-devices/bulk') {
      const bulkOpsRequestId = String(++counts.uploads).padStart(26, '0');
      polls.set(bulkOpsRequestId, 0);
      say(202, { bulkOpsRequestId });
      return;
    }
    if (method === 'POST') {
      counts.claims++;
      say(201, { id: 'x', status: 'READY' });
      return;
    }
    const operation = /^\/v1\/bulk-ops-requests\/(\d+)$/.exec(url)?.[1];
    if (operation !== undefined) {
      const poll = (polls.get(operation) ?? 0) + 1;
      polls.set(operation, poll);
      if (poll < 3) {
        say(200, { bulkOpsRequestId: operation, status: poll === 1 ? 'PENDING' : 'IN_PROGRESS' });
        return;
      }
      const failed = Number(operation) % FAILED_EVERY === 0;
      const errorSummaryUrl = `${origin}/summary.json`;
      say(200, {
        bulkOpsRequestId: operation,
        status: failed ? 'FAILED' : 'SUCCEEDED',
        ...(failed ? { errorSummaryUrl } : {}),
      });
      return;
    }
    if (url === '/summary.json') {
      say(200, { errors: [{ row: 1, message: 'refused' }] });
      return;
    }
    // After a reply was lost the device is looked up.
    say(200, { id: 'x', status: 'READY' });
  };
  const faults: ((request: IncomingMessage, response: ServerResponse) => void)[] = [
    (_request, response) => response.writeHead(503).end(),
    (_request, response) => response.writeHead(500, { 'content-type': 'text/html' }).end('<html>'),
    (request) => request.socket.destroy(),
    (request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"id":', () => request.socket.destroy());
    },
  ];
  const server: Server = createServer((request, response) => {
    request.resume().on('end', () => {
      counts.requests++;
      if (random() >= FAULTS) {
        answer(request, response);
        return;
      }
      counts.faults++;
      faults[Math.floor(random() * faults.length)]!(request, response);
    });
  });
  await new Promise<void>((settle) => server.listen(0, LOOPBACK, () => settle()));
  origin = `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  return {
    url: `${origin}/v1`,
    counts,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
