import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { listen, LOOPBACK } from '../../harness/ports';
import { seededRandom } from '../../simulator/identity/seeded';
import { OnboardingRecords, type OnboardingCounts } from './onboarding-records';

/** A plain fast service that remembers only what it did: what grows in a soak is Node-RED. */
export interface SoakService {
  url: string;
  deviceApiUrl: string;
  /** Requests that came, and those that were struck by a fault; what was claimed and uploaded. */
  readonly counts: SoakCounts;
  close: () => void;
}

/** What the service did. */
export interface SoakCounts {
  requests: number;
  faults: number;
  /** Devices claimed one by one, and those of uploads. */
  claims: number;
  rows: number;
  uploads: number;
  onboarding: OnboardingCounts;
}

/** Where the UUID stands in the attestation message of a token. */
export const UUID_OFFSET = 6;
/** Of all requests, this part goes wrong. */
const FAULTS = 0.02;
/** One in this many operations ends FAILED, with an error summary. */
const FAILED_EVERY = 10;

/**
 * Starts the service. The simulator would do, but keeps every device and verifies every token: with a million of them it,
 * and not Node-RED, would be measured.
 */
export async function startSoakService(): Promise<SoakService> {
  const random = seededRandom('soak');
  const onboarding = new OnboardingRecords();
  const counts: SoakCounts = { requests: 0, faults: 0, claims: 0, rows: 0, uploads: 0, onboarding: onboarding.counts };
  const polls = new Map<string, number>();
  let origin = '';

  /** Ids of all devices that are claimed. */
  const claimed = new Set<string>();
  /** @returns false if it was claimed before */
  const claim = (token: string): boolean => {
    const id = deviceOf(token);
    const isNew = !claimed.has(id);
    claimed.add(id);
    return isNew;
  };

  /** Does what is asked. @returns the status and the body */
  const work = ({ method, url = '' }: IncomingMessage, text: string): [number, unknown] => {
    const ofOnboarding = onboarding.work(method, url);
    if (ofOnboarding !== undefined) return ofOnboarding;
    if (method === 'POST' && url === '/v1/claimed-devices/bulk') {
      const bulkOpsRequestId = String(++counts.uploads).padStart(26, '0');
      polls.set(bulkOpsRequestId, 0);
      for (const row of text.trim().split('\n')) if (claim(row.split(',')[0]!)) counts.rows++;
      return [202, { bulkOpsRequestId }];
    }
    if (method === 'POST') {
      const { claimToken } = JSON.parse(text) as { claimToken: string };
      if (!claim(claimToken)) return [409, { message: 'already claimed' }];
      counts.claims++;
      return [201, { id: deviceOf(claimToken), status: 'READY' }];
    }
    const operation = /^\/v1\/bulk-ops-requests\/(\d+)$/.exec(url)?.[1];
    if (operation !== undefined) {
      const poll = (polls.get(operation) ?? 0) + 1;
      polls.set(operation, poll);
      if (poll < 3) return [200, { bulkOpsRequestId: operation, status: poll === 1 ? 'PENDING' : 'IN_PROGRESS' }];
      const failed = Number(operation) % FAILED_EVERY === 0;
      const errorSummaryUrl = `${origin}/summary.json`;
      const end = failed ? { status: 'FAILED', errorSummaryUrl } : { status: 'SUCCEEDED' };
      return [200, { bulkOpsRequestId: operation, ...end }];
    }
    if (url === '/summary.json') return [200, { errors: [{ row: 1, message: 'refused' }] }];
    const id = url.split('/').at(-1)!;
    return claimed.has(id) ? [200, { id, status: 'READY' }] : [404, { message: 'not found' }];
  };
  const answer = (request: IncomingMessage, text: string, response: ServerResponse): void => {
    const [status, body] = work(request, text);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const faults: ((request: IncomingMessage, response: ServerResponse) => void)[] = [
    (_request, response) => response.writeHead(500, { 'content-type': 'text/html' }).end('<html>'),
    (request) => request.socket.destroy(),
    (request, response) => {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"id":', () => request.socket.destroy());
    },
  ];
  const spoil = (request: IncomingMessage, text: string, response: ServerResponse): void => {
    counts.faults++;
    const kind = Math.floor(random() * (faults.length + 1));
    if (kind === faults.length) {
      response.writeHead(503).end();
      return;
    }
    // Of the lost responses, half were to work that was done.
    if (random() < 0.5) work(request, text);
    faults[kind]!(request, response);
  };
  const server: Server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      counts.requests++;
      if (random() < FAULTS) spoil(request, text, response);
      else answer(request, text, response);
    });
  });
  origin = `http://${LOOPBACK}:${await listen(server, 0)}`;
  return {
    url: `${origin}/v1`,
    deviceApiUrl: `${origin}/device/v1`,
    counts,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** The device's UUID in a token, read apart from the product. */
function deviceOf(token: string): string {
  const message = Buffer.from(token.split('.')[0]!, 'base64url');
  const hex = message.subarray(UUID_OFFSET, UUID_OFFSET + 16).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
