import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { listen } from '../../../harness/ports';
import { loadUndici, type DispatcherOptions } from '../../../nodes/http/dispatcher';
import type { ExchangeError } from '../../../nodes/http/exchange-error';
import { Transport } from '../../../nodes/http/transport';
import { Abort } from '../../../nodes/util/abort';

describe('Transport: a request whose connection fails', () => {
  const servers: Server[] = [];
  const transports: Transport[] = [];
  before(() => loadUndici());
  afterEach(async () => {
    await Promise.all(transports.splice(0).map((transport) => transport.close()));
    for (const server of servers.splice(0)) server.close();
  });

  async function portOf(server: Server): Promise<number> {
    servers.push(server);
    return listen(server, 0);
  }

  async function portOfNobody(): Promise<number> {
    const server = createServer();
    const port = await listen(server, 0);
    server.close();
    await once(server, 'close');
    return port;
  }

  /** What is known of a request that fails: its error's code, and whether it may have been sent. */
  async function fail(
    origin: string,
    options: Partial<DispatcherOptions> = {},
  ): Promise<[code: string | undefined, mayHaveBeenSent: boolean]> {
    const connections = { connections: 1, connectTimeoutMs: 2000, ...options };
    const transport = new Transport({ origin, prefix: '', loopback: true }, 'key', 3000, connections);
    transports.push(transport);
    const sent = transport.send({ method: 'POST', path: '/', isList: false }, { json: {} }, new Abort());
    const { cause, mayHaveBeenSent } = await sent.then(
      () => assert.fail('it succeeded'),
      (thrown: unknown) => thrown as ExchangeError,
    );
    return [(cause as NodeJS.ErrnoException).code, mayHaveBeenSent];
  }

  it('is known not to be sent: the connection is refused', async () => {
    assert.deepEqual(await fail(`http://127.0.0.1:${await portOfNobody()}`), ['ECONNREFUSED', false]);
  });

  it('is known not to be sent: the host has no address', async () => {
    const lookup = (_name: string, _options: object, done: (error: Error, addresses: LookupAddress[]) => void): void =>
      done(Object.assign(new Error('no address'), { code: 'ENOTFOUND' }), []);
    assert.deepEqual(await fail('http://host.example', { tls: { lookup } }), ['ENOTFOUND', false]);
  });

  it('is known not to be sent: no connection is made in time', async () => {
    const tls = { lookup: () => undefined } as ConnectionOptions;
    const outcome = await fail('http://host.example', { tls, connectTimeoutMs: 10 });
    assert.deepEqual(outcome, ['UND_ERR_CONNECT_TIMEOUT', false]);
  });

  it('is known not to be sent: the host does not speak TLS', async () => {
    const port = await portOf(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const [code, mayHaveBeenSent] = await fail(`https://127.0.0.1:${port}`);
    assert.match(code!, /^(ERR_SSL_WRONG_VERSION_NUMBER|EPROTO)$/);
    assert.equal(mayHaveBeenSent, false);
  });

  it('is known not to be sent: the connection is lost in the TLS handshake', async () => {
    const port = await portOf(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    assert.deepEqual(await fail(`https://127.0.0.1:${port}`), ['ECONNRESET', false]);
  });

  it('is known not to be sent: the proxy refuses the tunnel', async () => {
    const reply = 'HTTP/1.1 503 Service Unavailable\r\n\r\n';
    const port = await portOf(createServer((socket) => socket.once('data', () => socket.end(reply))));
    const proxy = { url: `http://127.0.0.1:${port}`, noProxy: [] };
    assert.deepEqual(await fail('https://api.example', { proxy }), ['UND_ERR_ABORTED', false]);
  });

  it('is known not to be sent: the proxy closes the connection instead of opening a tunnel, and is asked once', async () => {
    let asked = 0;
    const server = createServer((socket) =>
      socket.once('data', () => {
        asked++;
        socket.end();
      }),
    );
    const proxy = { url: `http://127.0.0.1:${await portOf(server)}`, noProxy: [] };
    assert.deepEqual(await fail('https://api.example', { proxy }), [undefined, false]);
    assert.equal(asked, 1);
  });

  it('may have been sent: the connection is lost before the response', async () => {
    const port = await portOf(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    assert.deepEqual(await fail(`http://127.0.0.1:${port}`), ['ECONNRESET', true]);
  });

  // No server can cause these failures at will: the operating system or TLS reports them when the connection is read.
  for (const code of ['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EPROTO', 'ERR_SSL_BAD_RECORD_MAC']) {
    it(`may have been sent: a connection that was made fails with ${code}`, async () => {
      const failure = Object.assign(new Error(`read ${code}`), { code, syscall: 'read' });
      let client: Socket;
      const onClient = (message: unknown): void => void ({ socket: client } = message as { socket: Socket });
      const port = await portOf(createServer((socket) => socket.once('data', () => client.destroy(failure))));
      subscribe('net.client.socket', onClient);
      try {
        assert.deepEqual(await fail(`http://127.0.0.1:${port}`), [code, true]);
      } finally {
        unsubscribe('net.client.socket', onClient);
      }
    });
  }
});
