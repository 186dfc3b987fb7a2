import type { RequestOwner } from '../../nodes/http/request-owner';
import assert from 'node:assert/strict';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { mock } from 'node:test';
import { listen } from '../../harness/ports';
import { Client, type ClientOptions } from '../../nodes/api/client';
import type { NrfCloudError } from '../../nodes/api/errors';
import { Api } from '../../nodes/api/api';
import { Abort } from '../../nodes/util/abort';

/** Status, body and headers of a response; or `reset`: the connection is lost when the request has come. */
export type ScriptedResponse =
  readonly [status: number, body?: unknown, headers?: Record<string, string>] | 'reset' | Handler;
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A request as it came in. */
export interface ReceivedRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** A service that gives scripted responses in their order, and records its requests. */
export class ScriptedServer {
  readonly requests: ReceivedRequest[] = [];
  readonly #responses: ScriptedResponse[] = [];
  readonly #clients: Client[] = [];
  readonly #server: Server;
  #port = 0;
  #chance: { mock: { restore(): void } } | undefined;

  private constructor() {
    this.#server = createServer((request, response) => void this.#play(request, response));
  }

  /** @param backOff false: back-offs take no time until the server is stopped */
  static async start({ backOff = true } = {}): Promise<ScriptedServer> {
    const service = new ScriptedServer();
    if (!backOff) service.#chance = mock.method(Math, 'random', () => 0);
    service.#port = await listen(service.#server, 0);
    return service;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** The requests, a line each: method and URL. */
  get lines(): string[] {
    return this.requests.map(({ method, url }) => `${method} ${url}`);
  }

  respondWith(...responses: ScriptedResponse[]): void {
    this.#responses.push(...responses);
  }

  client(options: Partial<ClientOptions> = {}): Client {
    const limits = { concurrency: 4, rate: 0, queueLimit: 100, timeout: 5, retries: 3, lookUpDelaysMs: [1, 1, 1, 1] };
    const client = new Client({ baseUrl: this.origin, api: 'guide', apiKey: 'key', ...limits, ...options });
    this.#clients.push(client);
    return client;
  }

  api(options: Partial<ClientOptions> = {}, owner: Partial<RequestOwner> = {}): Api {
    return this.apiOf(this.client(options), owner);
  }

  apiOf(client: Client, owner: Partial<RequestOwner> = {}): Api {
    return new Api(client, { signal: new Abort(), lane: 'node', ...owner });
  }

  async stop(): Promise<void> {
    this.#chance?.mock.restore();
    await Promise.all(this.#clients.map((client) => client.close()));
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #play(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = '', url = '', headers } = request;
    this.requests.push({ method, url, headers, body: Buffer.concat(parts).toString() });
    const scripted = this.#responses.shift() ?? [599, 'no response was scripted'];
    if (scripted === 'reset') response.destroy();
    else if (typeof scripted === 'function') scripted(request, response);
    else {
      const [status, body, more = {}] = scripted;
      response.writeHead(status, more);
      response.end(
        typeof body === 'string' || body === undefined || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      );
    }
  }
}

/** The error that something ends with. */
export function errorOf(operation: Promise<unknown>): Promise<NrfCloudError> {
  return operation.then(
    (value) => assert.fail(`it succeeded: ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown as NrfCloudError,
  );
}
