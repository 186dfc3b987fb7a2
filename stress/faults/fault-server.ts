import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';
import { Agent, request as ask } from 'undici';
import type { Simulator } from '../../simulator/index';
import type { Answer, Fault, Struck } from './fault-table';

const LOOPBACK = '127.0.0.1';

/** A request as the tests look at it. */
export interface Arrival {
  host: 'service' | 'summary';
  method: string;
  /** Below the base URL, without the query. */
  path: string;
  query: string;
  struck: boolean;
  /** The service got to see it. */
  worked: boolean;
  at: number;
}

/** What happens to the requests of one cell of the matrix. */
export interface Script {
  /** The key that the cell's connection has; no other cell's. */
  key: string;
  fault: Fault;
  /** Which requests the fault is for. */
  strikes: (arrival: Arrival) => boolean;
  /** How many of them it strikes. */
  times: number;
  /** Written down as they come. */
  arrivals: Arrival[];
  onArrival: () => void;
}

/** Stands between the product and a simulator, and spoils what the script of the request's cell says. */
export interface FaultServer {
  /** Base URL of a cell's connection. */
  baseUrl: (cell: string, script: Script) => string;
  /** Asks the simulator itself. @throws {Error} for a refusal */
  ask: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** What no cell may ever do, such as showing a key to another host. */
  readonly offences: string[];
  /** Open connections from the product, on all ports. */
  connections: () => Promise<number>;
  /** Drops what is known of the cells, and closes the connections to the simulator. */
  forget: () => Promise<void>;
  close: () => Promise<void>;
}

/** Starts it: the service, the host of the error summaries, a third host that nobody may come to, and one with TLS. */
export async function startFaultServer(simulator: Simulator): Promise<FaultServer> {
  const scripts = new Map<string, Script>();
  const offences: string[] = [];
  let agent = new Agent({ connections: 64 });

  const service = createServer((request, response) => void serve('service', request, response));
  const summary = createServer((request, response) => void serve('summary', request, response));
  const stranger: RequestListener = ({ method, url, headers }, response) => {
    offences.push(`${method} ${url} came to another host${headers.authorization === undefined ? '' : ' with a key'}`);
    response.end('{}');
  };
  const elsewhere = createServer(stranger);
  const { private: key, cert } = await generate([{ name: 'commonName', value: LOOPBACK }]);
  const unknownCertificate = createTlsServer({ key, cert }, stranger);
  const servers = { service, summary, elsewhere, unknownCertificate };
  const origins = {} as Record<keyof typeof servers | 'closed', string>;
  for (const [name, server] of Object.entries(servers) as [keyof typeof servers, Server][]) {
    server.keepAliveTimeout = 60_000;
    server.on('clientError', (_error, socket) => socket.destroy());
    const scheme = name === 'unknownCertificate' ? 'https' : 'http';
    origins[name] = `${scheme}://${LOOPBACK}:${await listen(server)}`;
  }
  const gone = createServer();
  origins.closed = `http://${LOOPBACK}:${await listen(gone)}`;
  await new Promise((resolve) => gone.close(resolve));

  /** Where a fault that lies on the way leads instead. */
  const origin = (host: 'service' | 'summary', { place }: Fault): string => {
    switch (place) {
      case 'closed port':
        return origins.closed;
      case 'unknown name':
        return 'https://no-such-host.invalid';
      case 'unknown certificate':
        return origins.unknownCertificate;
      case 'no TLS':
        return origins[host].replace('http:', 'https:');
      default:
        return origins[host];
    }
  };

  async function serve(host: Arrival['host'], request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, cell = '', rest = ''] = /^\/([^/]+)(\/.*)$/.exec(request.url ?? '') ?? [];
    const script = scripts.get(cell);
    if (script === undefined) {
      offences.push(`${request.method} ${request.url} belongs to no cell`);
      response.end();
      return;
    }
    const [path = '', query = ''] = rest.replace(/^\/v1(?=\/)/, '').split('?');
    const { method = '' } = request;
    const arrival: Arrival = { host, method, path, query, struck: false, worked: false, at: Date.now() };
    checkKey(arrival, request.headers.authorization, script);
    const body = await read(request);
    arrival.struck = script.fault.place === undefined && script.times > 0 && script.strikes(arrival);
    script.arrivals.push(arrival);
    script.onArrival();
    const work = (): Promise<Answer> => {
      arrival.worked = true;
      return forward(host, cell, script, request, rest, body);
    };
    if (!arrival.struck) {
      answer(response, await work());
      return;
    }
    script.times--;
    const struck: Struck = {
      response,
      socket: request.socket,
      work,
      answer: (given) => answer(response, given),
      here: `${origins[host]}/${cell}${rest}`,
      elsewhere: `${origins.elsewhere}/${cell}${rest}`,
    };
    await script.fault.play?.(struck);
  }

  function checkKey({ host, method, path }: Arrival, authorization: string | undefined, { key }: Script): void {
    if (host === 'summary' && authorization !== undefined)
      offences.push(`${method} ${path} shows a key to the summary host`);
    if (host === 'service' && authorization !== `Bearer ${key}`)
      offences.push(`${method} ${path} has another key than its connection`);
  }

  async function forward(
    host: Arrival['host'],
    cell: string,
    script: Script,
    { method, headers }: IncomingMessage,
    rest: string,
    body: Buffer,
  ): Promise<Answer> {
    const base = host === 'service' ? simulator.url.replace(/\/v1$/, '') : simulator.summaryUrl;
    const type = headers['content-type'];
    const reply = await ask(`${base}${rest}`, {
      method: method as 'GET',
      dispatcher: agent,
      headers: {
        ...(host === 'service' ? { authorization: 'Bearer sim-key' } : {}),
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...(body.length > 0 ? { body } : {}),
    });
    const text = await reply.body.text();
    const summaries =
      script.fault.place === undefined || !script.strikes(SUMMARY) ? origins.summary : origin('summary', script.fault);
    return { status: reply.statusCode, text: text.replaceAll(simulator.summaryUrl, `${summaries}/${cell}`) };
  }

  return {
    ask: async (method, path, body) => {
      const csv = typeof body === 'string';
      const reply = await ask(`${simulator.url}${path}`, {
        method: method as 'GET',
        dispatcher: agent,
        headers: { authorization: 'Bearer sim-key', 'content-type': csv ? 'text/csv' : 'application/json' },
        ...(body === undefined ? {} : { body: csv ? body : JSON.stringify(body) }),
      });
      const text = await reply.body.text();
      if (reply.statusCode >= 300) throw new Error(`${method} ${path}: ${reply.statusCode} ${text}`);
      return text === '' ? undefined : (JSON.parse(text) as unknown);
    },
    offences,
    baseUrl: (cell, script) => {
      scripts.set(cell, script);
      const place = script.strikes(SUMMARY) ? origins.service : origin('service', script.fault);
      return `${place}/${cell}/v1`;
    },
    connections: async () => {
      const counts = await Promise.all(Object.values(servers).map(count));
      return counts.reduce((sum, one) => sum + one, 0);
    },
    forget: async () => {
      scripts.clear();
      await agent.destroy();
      agent = new Agent({ connections: 64 });
    },
    close: async () => {
      await agent.destroy();
      for (const server of Object.values(servers)) {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      }
    },
  };
}

/** By which a script is asked whether its fault is for the host of the error summaries. */
const SUMMARY: Arrival = { host: 'summary', method: 'GET', path: '', query: '', struck: false, worked: false, at: 0 };

function answer(response: ServerResponse, { status, text, headers = {} }: Answer): void {
  if (response.destroyed) return;
  const type = text === '' ? {} : { 'content-type': 'application/json' };
  const length = status === 204 ? {} : { 'content-length': String(Buffer.byteLength(text)) };
  response.writeHead(status, { ...type, ...length, ...headers });
  response.end(text);
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  return (server.address() as AddressInfo).port;
}

function count(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, connections) => resolve(connections)));
}
