import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { listen } from '../../../harness/ports';
import { anyBody } from '../../../nodes/api/parse-response';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer, type ScriptedResponse } from '../../support/scripted-server';

const ANY = { parse: anyBody };
const owner = { signal: new Abort(), lane: 'node' };

describe('Client: its connections', () => {
  let service: ScriptedServer;
  const servers: Server[] = [];
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(async () => {
    await service.stop();
    for (const server of servers.splice(0)) server.close();
  });

  it('are closed with it, those of downloads, too', async function () {
    // Sockets that nobody closes are closed after a few seconds without a request.
    this.timeout(2000);
    const closed: Promise<unknown>[] = [];
    const respond: ScriptedResponse = ({ socket }, response) => {
      closed.push(once(socket, 'close'));
      response.end('[]');
    };
    service.respondWith(respond, respond);
    const client = service.client();
    await client.send('list devices', ANY, owner);
    await client.download('bulk status', `${service.origin}/rows`, owner);
    await client.close();
    assert.equal(closed.length, 2);
    await Promise.all(closed);
  });

  it('go through the proxy of the connection', async () => {
    const asked: string[] = [];
    const proxy = createServer().on('connect', ({ url }, socket: Socket) => {
      asked.push(url!);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
    servers.push(proxy);
    const url = `http://127.0.0.1:${await listen(proxy, 0)}`;
    const client = service.client({ baseUrl: 'https://api.example/v1', proxy: { url, noProxy: [] } });
    const { code, cause } = await errorOf(client.send('list devices', ANY, owner));
    assert.deepEqual([code, cause.attempts, asked], ['NRFCLOUD_UNAVAILABLE', 1, ['api.example:443']]);
  });

  it('use the TLS material of the connection', async () => {
    const names: string[] = [];
    const server = createTcpServer((socket) => {
      socket.once('data', (hello) => {
        if (hello.includes('named.example')) names.push('named.example');
        socket.destroy();
      });
    });
    servers.push(server);
    const baseUrl = `https://127.0.0.1:${await listen(server, 0)}`;
    const client = service.client({ baseUrl, retries: 0, tls: { servername: 'named.example' } });
    assert.equal((await errorOf(client.send('list devices', ANY, owner))).code, 'NRFCLOUD_UNAVAILABLE');
    assert.deepEqual(names, ['named.example']);
  });
});
