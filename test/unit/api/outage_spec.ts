import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { listen } from '../../../harness/ports';
import { Api } from '../../../nodes/api/api';
import { claim } from '../../../nodes/api/claims';
import { Client, type ClientOptions } from '../../../nodes/api/client';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { Abort } from '../../../nodes/util/abort';
import { errorOf } from '../../support/scripted-server';

/** A service that claims devices, and is out of order while it is told so. */
class FailingService {
  readonly claimed = new Set<string>();
  requests = 0;
  outage: 'none' | 'status 500' | 'status 503' | 'reset' | 'claims, then reset' = 'none';
  readonly #server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => this.#respond(request.method!, request.url!, Buffer.concat(parts).toString(), response));
  });
  #port = 0;
  readonly clients: Client[] = [];

  async start(): Promise<void> {
    this.#port = await listen(this.#server, 0);
  }

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  client(options: Partial<ClientOptions> = {}): Client {
    const client = new Client({
      baseUrl: this.origin,
      api: 'guide',
      apiKey: 'key',
      concurrency: 16,
      rate: 0,
      queueLimit: 100_000,
      timeout: 5,
      retries: 5,
      lookUpDelaysMs: [1, 1, 1, 1],
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #respond(method: string, url: string, body: string, response: ServerResponse): void {
    this.requests++;
    if (this.outage === 'status 500' || this.outage === 'status 503') {
      response.writeHead(Number(this.outage.slice(-3))).end();
      return;
    }
    if (this.outage === 'reset') {
      response.destroy();
      return;
    }
    const id = method === 'POST' ? (JSON.parse(body) as { claimToken: string }).claimToken : url.split('/').at(-1)!;
    const conflict = method === 'POST' && this.claimed.has(id);
    if (method === 'POST') this.claimed.add(id);
    if (this.outage === 'claims, then reset') response.destroy();
    else if (conflict) response.writeHead(409).end();
    else if (this.claimed.has(id)) response.writeHead(method === 'POST' ? 201 : 200).end(JSON.stringify({ id }));
    else response.writeHead(404).end();
  }
}

describe('an outage of the service', function () {
  this.timeout(20_000);
  let service: FailingService;
  beforeEach(async () => {
    service = new FailingService();
    await service.start();
  });
  afterEach(() => service.stop());
  const claimOne = (client: Client, deviceId: string, owner = {}): Promise<unknown> =>
    claim(new Api(client, { signal: new Abort(), lane: 'node', ...owner }), {
      claimToken: deviceId,
      tags: [],
      deviceId,
    });
  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  for (const outage of ['status 500', 'status 503', 'reset', 'claims, then reset'] as const) {
    it(`costs hardly more than one request per claim, and all are made: ${outage}`, async () => {
      const client = service.client();
      service.outage = outage;
      const ids = Array.from({ length: 600 }, (_, index) => `device-${index}`);
      const all = ids.map((id) => claimOne(client, id));
      await until(() => client.load().outageSince !== null);
      const requestsBefore = service.requests;
      const waitedBefore = client.load().waiting;
      await new Promise((resolve) => setTimeout(resolve, 2500));
      assert.ok(service.requests - requestsBefore <= 20, `${service.requests - requestsBefore} requests in 2.5 s`);
      assert.ok(waitedBefore > 500);
      service.outage = 'none';
      await Promise.all(all);
      assert.equal(service.claimed.size, ids.length);
      assert.ok(service.requests <= 1.5 * ids.length, `${service.requests} requests for ${ids.length} claims`);
      assert.equal(client.load().outageSince, null);
      assert.equal(client.load().failed, 0);
    });
  }

  it('survives a redeploy of the connection', async () => {
    service.outage = 'reset';
    const first = service.client();
    const failed = Array.from({ length: 100 }, (_, index) => errorOf(claimOne(first, `device-${index}`)));
    await until(() => first.load().outageSince !== null);
    await first.close();
    await Promise.all(failed);
    // What was on its way when the connection was closed still arrives.
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = service.requests;
    const second = service.client();
    assert.notEqual(second.load().outageSince, null);
    const all = Array.from({ length: 100 }, (_, index) => claimOne(second, `device-${index}`));
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.ok(service.requests - before <= 3, `${service.requests - before} requests`);
    service.outage = 'none';
    await Promise.all(all);
  });

  it('is shown by waiting messages, and ends them after outageWait seconds', async () => {
    service.outage = 'status 500';
    const client = service.client({ outageWait: 0.5, retries: 100, concurrency: 50 });
    const shown = new Map<number, boolean[]>();
    const all = Array.from({ length: 100 }, (_, index) => {
      shown.set(index, []);
      const onWaiting = (waiting: boolean): void => void shown.get(index)!.push(waiting);
      return errorOf(claimOne(client, `device-${index}`, { onWaiting }));
    });
    const errors = await Promise.all(all);
    for (const [index, { code, cause }] of errors.entries()) {
      assert.equal(code, 'NRFCLOUD_UNAVAILABLE');
      if (cause.attempts > 0) assert.equal(cause.statusCode, 500);
      assert.equal(cause.mayHaveSucceeded, cause.attempts > 0 ? true : undefined);
      const waits = shown.get(index)!;
      // On a busy computer the time of one that was sent is over as soon as it fails.
      if (waits.length === 0) assert.ok(cause.attempts > 0);
      else assert.deepEqual([waits[0], waits.at(-1)], [true, false]);
    }
    assert.ok([...shown.values()].some((waits) => waits.length > 0));
    assert.equal(client.load().waiting, 0);
  });

  it('fails at once with outageWait 0', async () => {
    service.outage = 'reset';
    const client = service.client({ outageWait: 0, retries: 3, concurrency: 100 });
    const startedAt = performance.now();
    const errors = await Promise.all(
      Array.from({ length: 100 }, (_, index) => errorOf(claimOne(client, `device-${index}`))),
    );
    assert.ok(errors.every(({ code }) => code === 'NRFCLOUD_UNAVAILABLE'));
    assert.ok(performance.now() - startedAt < 5000);
    const late = await errorOf(claimOne(client, 'late'));
    assert.ok(late.cause.attempts <= 1);
  });

  it('counts the wait of a message from when it came in', async () => {
    service.outage = 'reset';
    const client = service.client({ outageWait: 1, retries: 100 });
    const first = Array.from({ length: 60 }, (_, index) => errorOf(claimOne(client, `device-${index}`)));
    await until(() => client.load().outageSince !== null);
    await Promise.all(first);
    const startedAt = performance.now();
    await errorOf(claimOne(client, 'old', { receivedAt: startedAt - 60_000 }));
    assert.ok(performance.now() - startedAt < 500);
  });

  it('counts the wait of a look-up after a lost response with that of its message', async () => {
    service.outage = 'status 503';
    const client = service.client({ outageWait: 1, retries: 100 });
    const first = Array.from({ length: 60 }, (_, index) => errorOf(claimOne(client, `device-${index}`)));
    await until(() => client.load().outageSince !== null);
    await Promise.all(first);
    service.outage = 'reset';
    let error: NrfCloudError;
    let startedAt: number;
    // One of them finds out whether the outage is over, and loses its response.
    do {
      await setImmediate();
      startedAt = performance.now();
      error = await errorOf(claimOne(client, 'old', { receivedAt: startedAt - 60_000 }));
    } while (error.cause.attempts === 0);
    assert.equal(error.cause.mayHaveSucceeded, true);
    assert.ok(performance.now() - startedAt < 500);
  });

  it('ends waits when the flow stops', async () => {
    service.outage = 'status 503';
    const client = service.client();
    const stop = new Abort();
    const all = Array.from({ length: 100 }, (_, index) =>
      errorOf(claimOne(client, `device-${index}`, { signal: stop })),
    );
    await until(() => client.load().outageSince !== null);
    stop.abort();
    assert.ok((await Promise.all(all)).every(({ code }) => code === 'NRFCLOUD_CLOSED'));
    assert.equal(client.load().waiting, 0);
  });
});
