import assert from 'node:assert/strict';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, type LookupFunction, type Server, type Socket } from 'node:net';
import { listen } from '../../../harness/ports';
import { Connections, loadUndici, proxiesFor, type DispatcherOptions } from '../../../nodes/http/dispatcher';

/** The variables that say which proxies there are. */
const VARIABLES = ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'];

/** Replaces the proxy variables until the test ends. */
class ProxyEnvironment {
  readonly #saved = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));

  set(variables: Record<string, string>): void {
    for (const name of VARIABLES) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, variables);
  }

  restore(): void {
    const known = Object.entries(this.#saved).filter((entry): entry is [string, string] => entry[1] !== undefined);
    this.set(Object.fromEntries(known));
  }
}

const HTTP = 'http://proxy.example:1/';
const HTTPS = 'http://secure.example:2/';
const LOOPBACK = 'localhost,127.0.0.1,[::1]';

describe('connections of a client', () => {
  let environment: ProxyEnvironment;
  before(() => loadUndici());
  beforeEach(() => {
    environment = new ProxyEnvironment();
    environment.set({});
  });
  afterEach(() => environment.restore());

  it('proxy settings: count for both schemes, before the environment and for this computer, too', () => {
    environment.set({ http_proxy: HTTP, no_proxy: 'other.example' });
    const settings = { url: HTTPS, noProxy: ['a.example', 'b.example'] };
    const expected = { httpProxy: HTTPS, httpsProxy: HTTPS, noProxy: 'a.example,b.example' };
    assert.deepEqual(proxiesFor(settings), expected);
    assert.deepEqual(proxiesFor(settings, 'localhost'), expected);
    assert.deepEqual(proxiesFor({ ...settings, authorization: 'Basic x' }), { ...expected, token: 'Basic x' });
  });

  for (const [what, variables, expected] of [
    ['none', {}, undefined],
    ['only exceptions', { no_proxy: 'a.example' }, undefined],
    ['for http', { http_proxy: HTTP }, { httpProxy: HTTP, noProxy: LOOPBACK }],
    ['for https', { https_proxy: HTTPS }, { httpsProxy: HTTPS, noProxy: LOOPBACK }],
    ['for both', { HTTP_PROXY: HTTP, HTTPS_PROXY: HTTPS }, { httpProxy: HTTP, httpsProxy: HTTPS, noProxy: LOOPBACK }],
    ['exceptions', { http_proxy: HTTP, no_proxy: 'a,b' }, { httpProxy: HTTP, noProxy: `a,b,${LOOPBACK}` }],
    ['exceptions in capitals', { http_proxy: HTTP, NO_PROXY: 'c' }, { httpProxy: HTTP, noProxy: `c,${LOOPBACK}` }],
    [
      'exceptions in both spellings',
      { http_proxy: HTTP, no_proxy: 'a', NO_PROXY: 'c' },
      { httpProxy: HTTP, noProxy: `a,${LOOPBACK}` },
    ],
    ['empty exceptions', { http_proxy: HTTP, no_proxy: '' }, { httpProxy: HTTP, noProxy: LOOPBACK }],
  ] as const) {
    it(`proxies of the environment: ${what}`, () => {
      environment.set(variables);
      assert.deepEqual(proxiesFor(undefined), expected);
      assert.deepEqual(proxiesFor(undefined, 'api.example'), expected);
      for (const hostname of ['localhost', '127.0.0.1', '[::1]'])
        assert.equal(proxiesFor(undefined, hostname), undefined);
    });
  }

  it('proxies of the environment: an unusable one shows when the connections are made, unless it does not apply', () => {
    environment.set({ https_proxy: 'htp://proxy.example' });
    const make = (origin?: string): Connections => new Connections({ connections: 1, connectTimeoutMs: 1000 }, origin);
    assert.throws(() => make('https://api.example'), RangeError);
    assert.throws(() => make(), RangeError);
    assert.doesNotThrow(() => make('http://localhost:1234'));
  });

  describe('to a server', () => {
    let server: HttpServer;
    let port: number;
    let connections: Connections | undefined;
    let sockets: number;
    beforeEach(async () => {
      sockets = 0;
      server = createHttpServer((request, response) => response.end(request.url));
      server.on('connection', () => sockets++);
      port = await listen(server, 0);
    });
    afterEach(async () => {
      await connections?.close();
      server.closeAllConnections();
      server.close();
    });

    const toThisComputer: LookupFunction = (_hostname, { all }, callback) => {
      if (all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
      else callback(null, '127.0.0.1', 4);
    };

    async function get(origin: string): Promise<string> {
      const { body } = await connections!.dispatcher.request({ origin, path: '/path', method: 'GET' });
      return body.text();
    }

    const options = (more: Partial<DispatcherOptions> = {}): DispatcherOptions => ({
      connections: 2,
      connectTimeoutMs: 2000,
      ...more,
    });

    for (const [what, isOnly] of [
      ['its only origin', true],
      ['any origin', false],
    ] as const) {
      it(`connections: use the given TLS and lookup options, and no more sockets than allowed: ${what}`, async () => {
        const origin = `http://api.example:${port}`;
        // net.connect takes it, as tls.connect takes everything else.
        const tls = { lookup: toThisComputer };
        connections = new Connections(options({ tls }), isOnly ? origin : undefined);
        const responses = await Promise.all([1, 2, 3, 4, 5].map(() => get(origin)));
        assert.deepEqual(responses, Array(5).fill('/path'));
        assert.equal(sockets, 2);
      });
    }

    it('connections: go to this computer directly, whatever proxy the environment names', async () => {
      environment.set({ http_proxy: 'http://127.0.0.1:1', no_proxy: 'other.example' });
      const origin = `http://127.0.0.1:${port}`;
      connections = new Connections(options(), origin);
      assert.equal(await get(origin), '/path');
      await connections.close();
      connections = new Connections(options());
      assert.equal(await get(origin), '/path');
    });

    it('connections: without a request none is made, and closing closes nothing', async () => {
      connections = new Connections(options(), `http://127.0.0.1:${port}`);
      await connections.close();
      assert.equal(sockets, 0);
    });

    it('connections: a closed one sends nothing more', async () => {
      const origin = `http://127.0.0.1:${port}`;
      connections = new Connections(options(), origin);
      await get(origin);
      await connections.close();
      await assert.rejects(get(origin), { code: 'UND_ERR_DESTROYED' });
    });
  });

  describe('with an interim response', () => {
    let server: Server;
    let connections: Connections;
    afterEach(async () => {
      await connections.close();
      server.close();
    });

    for (const isOnly of [true, false]) {
      it(`connections: an unasked 100 Continue is dropped: ${isOnly ? 'only' : 'any'} origin`, async () => {
        server = createServer((socket: Socket) => {
          socket.on('error', () => undefined);
          const response = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
          socket.on('data', () => socket.write(response));
        });
        const origin = `http://127.0.0.1:${await listen(server, 0)}`;
        connections = new Connections({ connections: 1, connectTimeoutMs: 2000 }, isOnly ? origin : undefined);
        const { body } = await connections.dispatcher.request({ origin, path: '/', method: 'GET' });
        assert.equal(await body.text(), 'ok');
      });
    }

    it('connections: a proxy is asked for a tunnel with the login', async () => {
      const asked: string[] = [];
      server = createServer((socket: Socket) => {
        socket.on('error', () => undefined);
        socket.on('data', (data) => {
          asked.push(data.toString());
          socket.end('HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n');
        });
      });
      const url = `http://127.0.0.1:${await listen(server, 0)}`;
      const proxy = { url, noProxy: [], authorization: 'Basic abc' };
      connections = new Connections({ connections: 1, connectTimeoutMs: 2000, proxy }, 'https://api.example');
      const request = { origin: 'https://api.example', path: '/', method: 'GET' } as const;
      await assert.rejects(connections.dispatcher.request(request), /Proxy response \(403\)/);
      assert.match(asked[0]!, /^CONNECT api\.example:443 HTTP\/1\.1\r\n/);
      assert.match(asked[0]!, /\r\nproxy-authorization: Basic abc\r\n/i);
    });
  });
});
