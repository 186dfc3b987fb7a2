import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { generate } from 'selfsigned';
import { Agent, request as ask } from 'undici';
import { listen, LOOPBACK } from '../../harness/ports';
import type { Simulator } from '../../simulator/index';
import type { Answer, Fault, Struck } from './fault-table';

/** What a cell sends requests to: the two APIs, and where error summaries are. */
export type Host = 'service' | 'deviceApi' | 'summary';
const HOSTS: readonly Host[] = ['service', 'deviceApi', 'summary'];

/** A request as the tests look at it. */
export interface Arrival {
  host: Host;
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
  /** The host that the fault is on. */
  host: Host;
  /** Which requests the fault is for. */
  strikes: (arrival: Arrival) => boolean;
  /** How many of them it strikes. */
  times: number;
  /** Written down as they come. */
  arrivals: Arrival[];
  onArrival: () => void;
  /** Called when the service has done what was asked. */
  onWorked: (arrival: Arrival) => void;
}

/** Stands between the product and a simulator, and spoils what the script of the request's cell says. */
export interface FaultServer {
  /**
   * Opens a cell's own ports, as what a connection learns of an origin counts for all connections to it.
   * @returns the URLs of the cell's connection
   */
  open: (cell: string, script: Script) => Promise<{ baseUrl: string; deviceApiUrl: string }>;
  /** Asks the simulator itself. @throws {Error} for a refusal */
  ask: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** What no cell may ever do, such as showing a key to another host. */
  readonly offences: string[];
  /** Open connections from the product, on all ports. */
  connections: () => Promise<number>;
  /** Closes the connections to the simulator. */
  disconnect: () => Promise<void>;
  /** Closes the ports of the cells. */
  forget: () => Promise<void>;
  close: () => Promise<void>;
}

/** Where a cell's requests go. */
interface CellServers {
  servers: Server[];
  origins: Record<Host, string>;
  script: Script;
}

/** Starts it: for each cell both APIs and a host of error summaries; for all a third host that nobody may come to, and one with TLS. */
export async function startFaultServer(current: () => Simulator): Promise<FaultServer> {
  const cells = new Map<string, CellServers>();
  const offences: string[] = [];
  let agent = new Agent({ connections: 64 });

  const stranger: RequestListener = ({ method, url, headers }, response) => {
    offences.push(`${method} ${url} came to another host${headers.authorization === undefined ? '' : ' with a key'}`);
    response.end('{}');
  };
  const elsewhere = createServer(stranger);
  const { private: key, cert } = await generate([{ name: 'commonName', value: LOOPBACK }]);
  const unknownCertificate = createTlsServer({ key, cert }, stranger);
  const servers = { elsewhere, unknownCertificate };
  const origins = {} as Record<keyof typeof servers | 'closed', string>;
  for (const [name, server] of Object.entries(servers) as [keyof typeof servers, Server][]) {
    const scheme = name === 'unknownCertificate' ? 'https' : 'http';
    origins[name] = `${scheme}://${LOOPBACK}:${await listen(server, 0)}`;
  }
  // A port that was free a moment ago may become that of a cell.
  origins.closed = `http://${LOOPBACK}:1`;

  /** Where requests to a host go: elsewhere, if the fault lies on the way to it. */
  const leadsTo = (host: Host, { origins: own, script }: CellServers): string => {
    const origin = own[host];
    switch (script.host === host ? script.fault.place : undefined) {
      case 'closed port':
        return origins.closed;
      case 'unknown name':
        return 'https://no-such-host.invalid';
      case 'unknown certificate':
        return origins.unknownCertificate;
      case 'no TLS':
        return origin.replace('http:', 'https:');
      default:
        return origin;
    }
  };

  async function serve(
    host: Host,
    cell: CellServers,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { script } = cell;
    const { url = '' } = request;
    const [path = '', query = ''] = url.replace(/^\/v1(?=\/)/, '').split('?');
    const { method = '' } = request;
    const arrival: Arrival = { host, method, path, query, struck: false, worked: false, at: Date.now() };
    checkKey(arrival, request.headers.authorization, script);
    const body = await read(request);
    arrival.struck = script.fault.place === undefined && script.times > 0 && script.strikes(arrival);
    script.arrivals.push(arrival);
    script.onArrival();
    const work = async (): Promise<Answer> => {
      arrival.worked = true;
      const answered = await forward(host, cell, request, body);
      script.onWorked(arrival);
      return answered;
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
      here: `${cell.origins[host]}${url}`,
      elsewhere: `${origins.elsewhere}${url}`,
    };
    await script.fault.play?.(struck);
  }

  function checkKey({ host, method, path }: Arrival, authorization: string | undefined, { key }: Script): void {
    if (host === 'summary' && authorization !== undefined)
      offences.push(`${method} ${path} shows a key to the summary host`);
    if (host !== 'summary' && authorization !== `Bearer ${key}`)
      offences.push(`${method} ${path} has another key than its connection`);
  }

  async function forward(
    host: Host,
    cell: CellServers,
    { method, headers, url = '' }: IncomingMessage,
    body: Buffer,
  ): Promise<Answer> {
    const { url: service, deviceApiUrl: deviceApi, summaryUrl: summary } = current();
    const base = { service, deviceApi, summary }[host].replace(/\/v1$/, '');
    const type = headers['content-type'];
    const reply = await ask(`${base}${url}`, {
      method: method as 'GET',
      dispatcher: agent,
      headers: {
        ...(host === 'summary' ? {} : { authorization: 'Bearer sim-key' }),
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      ...(body.length > 0 ? { body } : {}),
    });
    const text = await reply.body.text();
    return { status: reply.statusCode, text: text.replaceAll(summary, leadsTo('summary', cell)) };
  }

  return {
    ask: async (method, path, body) => {
      const csv = typeof body === 'string';
      const reply = await ask(`${current().url}${path}`, {
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
    open: async (id, script) => {
      const cell: CellServers = { servers: [], origins: { service: '', deviceApi: '', summary: '' }, script };
      cells.set(id, cell);
      for (const host of HOSTS) {
        const server = createServer((request, response) => void serve(host, cell, request, response));
        server.keepAliveTimeout = 60_000;
        server.on('clientError', (_error, socket) => socket.destroy());
        cell.servers.push(server);
        cell.origins[host] = `http://${LOOPBACK}:${await listen(server, 0)}`;
      }
      return { baseUrl: `${leadsTo('service', cell)}/v1`, deviceApiUrl: `${leadsTo('deviceApi', cell)}/v1` };
    },
    connections: async () => {
      const own = [...cells.values()].flatMap((cell) => cell.servers);
      const counts = await Promise.all([...own, ...Object.values(servers)].map(count));
      return counts.reduce((sum, one) => sum + one, 0);
    },
    disconnect: async () => {
      await agent.destroy();
      agent = new Agent({ connections: 64 });
    },
    forget: async () => {
      const own = [...cells.values()].flatMap((cell) => cell.servers);
      cells.clear();
      await Promise.all(own.map(close));
    },
    close: async () => {
      await agent.destroy();
      await Promise.all(Object.values(servers).map(close));
    },
  };
}

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

function count(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, connections) => resolve(connections)));
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
