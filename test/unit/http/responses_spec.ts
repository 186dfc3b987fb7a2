import assert from 'node:assert/strict';
import { createServer as createTlsServer } from 'node:https';
import { createServer, type Server, type Socket } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { generate } from 'selfsigned';
import { listen } from '../../../harness/ports';
import { Client, type ClientOptions } from '../../../nodes/api/client';
import { anyBody } from '../../../nodes/api/parse-response';
import type { ApiResponse } from '../../../nodes/api/request';
import { Abort } from '../../../nodes/util/abort';
import { errorOf, ScriptedServer } from '../../support/scripted-server';
import { assertSentence } from '../../support/sentences';

const OWNER = { signal: new Abort(), lane: 'node' };
const BODY = { items: [{ id: 'ä€😀' }] };
const JSON_BODY = Buffer.from(JSON.stringify(BODY));
const BOM = Buffer.from('\ufeff');

describe('a response', () => {
  let service: ScriptedServer;
  beforeEach(async () => (service = await ScriptedServer.start({ backOff: false })));
  afterEach(() => service.stop());
  const get = (options: Partial<ClientOptions> = {}): Promise<ApiResponse> =>
    service.client(options).send('list devices', { parse: anyBody }, OWNER);

  for (const [encoding, body] of [
    ['gzip', gzipSync(JSON_BODY)],
    ['x-gzip', gzipSync(JSON_BODY)],
    ['deflate', deflateSync(JSON_BODY)],
    ['deflate', deflateRawSync(JSON_BODY)],
    ['br', brotliCompressSync(JSON_BODY)],
    ['GZIP', gzipSync(Buffer.concat([BOM, JSON_BODY]))],
    ['gzip, br', brotliCompressSync(gzipSync(JSON_BODY))],
    ['identity', JSON_BODY],
    ['identity', Buffer.concat([BOM, JSON_BODY])],
    ['identity', Buffer.from(`\ufeff${JSON_BODY.toString()}`, 'utf16le')],
  ] as const) {
    it(`is decoded: ${encoding}, ${body.length} bytes`, async () => {
      service.respondWith([200, body, { 'content-encoding': encoding }]);
      assert.deepEqual((await get()).body, BODY);
      assert.equal(service.requests[0]!.headers['accept-encoding'], 'gzip, deflate, br');
    });
  }

  it('with an error is decoded, too', async () => {
    service.respondWith([400, gzipSync('{"message":"no"}'), { 'content-encoding': 'gzip' }]);
    assert.deepEqual((await errorOf(get())).cause.body, { message: 'no' });
  });

  for (const [what, encoding, body] of [
    ['damaged', 'gzip', Buffer.from('not gzip')],
    ['in an unknown coding', 'zstd', Buffer.from('x')],
    ['wrapped too often', 'gzip, gzip, gzip', gzipSync(gzipSync(gzipSync(JSON_BODY)))],
  ] as const) {
    it(`that is ${what} cannot be used`, async () => {
      service.respondWith([200, body, { 'content-encoding': encoding }]);
      assert.equal((await errorOf(get())).code, 'NRFCLOUD_BAD_RESPONSE');
    });
  }

  it('that unpacks to a gigabyte is cut at its limit', async () => {
    const gzipped = gzipSync(Buffer.alloc(2 ** 24));
    // What gzip made of several parts is what it makes of all of them.
    const bomb = brotliCompressSync(Buffer.concat(new Array<Buffer>(64).fill(gzipped)));
    const before = process.memoryUsage().rss;
    service.respondWith([200, bomb, { 'content-encoding': 'gzip, br' }]);
    assert.equal((await errorOf(get())).code, 'NRFCLOUD_BAD_RESPONSE');
    assert.ok(process.memoryUsage().rss - before < 400 * 2 ** 20);
    service.respondWith([400, bomb, { 'content-encoding': 'gzip, br' }]);
    assert.ok(((await errorOf(get())).cause.body as string).length <= 65_536);
  }).timeout(120_000);

  for (const [what, bytes] of [
    ['UTF-16LE with a mark', Buffer.from('\ufeffrow,error', 'utf16le')],
    ['UTF-16LE', Buffer.from('row,error', 'utf16le')],
    ['UTF-16BE with a mark', Buffer.from('\ufeffrow,error', 'utf16le').swap16()],
    ['UTF-16BE', Buffer.from('row,error', 'utf16le').swap16()],
    ['UTF-8 with a mark', Buffer.from('\ufeffrow,error')],
    ['gzip', gzipSync('row,error')],
  ] as const) {
    it(`of a download is decoded to text: ${what}`, async () => {
      const headers: Record<string, string> = what === 'gzip' ? { 'content-encoding': 'gzip' } : {};
      service.respondWith([200, bytes, headers]);
      const download = await service.client().download('bulk status', `${service.origin}/rows`, OWNER);
      assert.deepEqual(download, { text: 'row,error' });
    });
  }

  it('408 and 425 are repeated, 413 is not', async () => {
    service.respondWith([408], [425], [200, BODY], [413, { message: 'too large' }]);
    assert.deepEqual((await get()).body, BODY);
    const { code, cause } = await errorOf(get());
    assert.deepEqual([code, cause.statusCode, cause.attempts], ['NRFCLOUD_REJECTED', 413, 1]);
  });
});

describe('an unasked 100 Continue', () => {
  let server: Server | undefined;
  let client: Client;
  afterEach(async () => {
    await client.close();
    server?.close();
  });

  const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';
  const OK = 'HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}';
  for (const [what, parts] of [
    ['before the response', [CONTINUE, OK]],
    ['in one piece with the response', [CONTINUE + OK]],
    ['twice', [CONTINUE + CONTINUE, OK]],
    [
      'in pieces',
      ['HTT', 'P/1.1 10', '0 Continue\r\nx: y\r\n', '\r', '\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}'],
    ],
    ['before an early hint', [`${CONTINUE}HTTP/1.1 103 Early Hints\r\n\r\n`, OK]],
    ['not at all', [OK]],
    [
      'as the body',
      ['HTTP/1.1 201 Created\r\ncontent-length: 27\r\n\r\n', `"${'HTTP/1.1 100 Continue    '.slice(0, 25)}"`],
    ],
  ] as const) {
    it(`does not fail a request: ${what}`, async () => {
      server = createServer((socket: Socket) => {
        socket.on('error', () => undefined);
        socket.on('data', () => {
          void (async () => {
            for (const part of parts) {
              socket.write(part);
              await new Promise((resolve) => setTimeout(resolve, 15));
            }
          })();
        });
      });
      const port = await listen(server, 0);
      client = new Client({
        baseUrl: `http://127.0.0.1:${port}`,
        api: 'guide',
        apiKey: 'key',
        concurrency: 1,
        rate: 0,
        queueLimit: 10,
        timeout: 5,
        retries: 0,
      });
      // The second request goes over the same socket.
      for (let request = 0; request < 2; request++) {
        const response = await client.send('claim', { json: {}, parse: anyBody }, OWNER);
        assert.equal(response.statusCode, 201);
      }
    });
  }
});

describe('what no retry mends', () => {
  let client: Client | undefined;
  afterEach(async () => {
    await client?.close();
  });
  const options = {
    api: 'guide',
    apiKey: 'key',
    concurrency: 1,
    rate: 0,
    queueLimit: 10,
    timeout: 5,
    retries: 5,
  } as const;

  it('is an unknown certificate authority', async () => {
    const material = await generate([{ name: 'commonName', value: 'localhost' }]);
    const front = createTlsServer({ key: material.private, cert: material.cert });
    const port = await listen(front, 0);
    client = new Client({ ...options, baseUrl: `https://localhost:${port}` });
    const { code, cause, message } = await errorOf(client.send('claim', { json: {}, parse: anyBody }, OWNER));
    assert.deepEqual([code, cause.attempts, cause.mayHaveSucceeded], ['NRFCLOUD_UNAVAILABLE', 1, undefined]);
    assertSentence(message);
    front.close();
  });

  for (const status of [407, 403]) {
    it(`is a proxy that refuses with ${status}`, async () => {
      const proxy = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.on('data', () => socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`));
      });
      const port = await listen(proxy, 0);
      const url = `http://127.0.0.1:${port}`;
      client = new Client({ ...options, baseUrl: 'https://no-such-host.invalid/v1', proxy: { url, noProxy: [] } });
      const { code, cause, message } = await errorOf(client.send('claim', { json: {}, parse: anyBody }, OWNER));
      assert.deepEqual([code, cause.attempts], ['NRFCLOUD_UNAVAILABLE', 1]);
      assertSentence(message);
      proxy.close();
    });
  }
});
