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

/** Status, body and headers of an answer; or `reset`: the connection is lost when the request has come. */
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

/** A service that gives the answers it was told, in their order, and remembers what it was asked. */
export class ScriptedServer {
  readonly requests: ReceivedRequest[] = [];
  readonly #answers: ScriptedResponse[] = [];
  readonly #clients: Client[] = [];
  readonly #server: Server;
  #port = 0;
  #chance: { mock: { restore(): void } } | undefined;

  private constructor() {
    this.#server = createServer((request, response) => void this.#play(request, response));
  }

  /** @param backOff false: back-offs, which chance decides, take no time until it is stopped */
  static async start({ backOff = true } = {}): Promise<ScriptedServer> {
    const service = new ScriptedServer();
    if (!backOff) service.#chance = mock.method(Math, 'random', () => 0);
    service.#port = await listen(service.#server, 0);
    return service;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What was asked, a line each: method and URL. */
  get lines(): string[] {
    return this.requests.map(({ method, url }) => `${method} ${url}`);
  }

  respondWith(...answers: ScriptedResponse[]): void {
    this.#answers.push(...answers);
  }

  client(options: Partial<ClientOptions> = {}): Client {
    const limits = { concurrency: 4, rate: 0, queueLimit: 100, timeout: 5, retries: 3 };
    const client = new Client({ baseUrl: this.origin, api: 'guide', apiKey: 'key', ...limits, ...options });
    this.#clients.push(client);
    return client;
  }

  session(options: Partial<ClientOptions> = {}, job: Partial<RequestOwner> = {}): Api {
    return new Api(this.client(options), { signal: new Abort(), lane: 'node', ...job });
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
    const answer = this.#answers.shift() ?? [599, 'no answer was prepared'];
    if (answer === 'reset') response.destroy();
    else if (typeof answer === 'function') answer(request, response);
    else {
      const [status, body, more = {}] = answer;
      response.writeHead(status, more);
      response.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
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
