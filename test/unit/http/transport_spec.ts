import assert from 'node:assert/strict';
import { loadUndici } from '../../../nodes/http/dispatcher';
import { Transport, USER_AGENT, type RequestContent } from '../../../nodes/http/transport';
import type { HttpResponse } from '../../../nodes/http/exchange';
import { Abort } from '../../../nodes/util/abort';
import { ScriptedServer } from '../../support/scripted-server';

describe('Transport', () => {
  let service: ScriptedServer;
  let transport: Transport;
  before(() => loadUndici());
  beforeEach(async () => {
    service = await ScriptedServer.start();
    const base = { origin: service.origin, prefix: '/v1', loopback: true };
    transport = new Transport(base, 'key', 5000, { connections: 1, connectTimeoutMs: 2000 });
  });
  afterEach(async () => {
    await transport.close();
    await service.stop();
  });

  function send(method: string, isList = false, content: RequestContent = {}): Promise<HttpResponse> {
    return transport.send({ method, path: '/path', isList }, content, new Abort());
  }

  for (const [what, content, body, type] of [
    ['nothing', {}, '', undefined],
    ['JSON', { json: { a: 1 } }, '{"a":1}', 'application/json'],
    ['JSON that is null', { json: null }, 'null', 'application/json'],
    ['CSV', { csv: 'a,b' }, 'a,b', 'text/csv'],
    ['CSV as bytes', { csv: Buffer.from('a,b') }, 'a,b', 'text/csv'],
  ] as const) {
    it(`transport: sends the API key, and ${what} with its type`, async () => {
      service.respondWith([200, '{}']);
      assert.equal((await send('POST', false, content)).text, '{}');
      const [request] = service.requests;
      assert.deepEqual(service.lines, ['POST /v1/path']);
      assert.equal(request!.body, body);
      const { authorization, accept, 'user-agent': agent, 'content-type': contentType } = request!.headers;
      assert.deepEqual([authorization, accept, agent], ['Bearer key', 'application/json', USER_AGENT]);
      assert.equal(contentType, type);
    });
  }

  it('transport: sends a query only if it has parts', async () => {
    service.respondWith([200], [200]);
    await send('GET', false, { query: new URLSearchParams({ a: 'b c' }) });
    await send('GET', false, { query: new URLSearchParams() });
    assert.deepEqual(service.lines, ['GET /v1/path?a=b+c', 'GET /v1/path']);
  });

  const MIB = 2 ** 20;
  for (const [what, method, isList, status, bytes, kept] of [
    ['a mebibyte about one thing', 'GET', false, 200, MIB, MIB],
    ['more about one thing', 'GET', false, 200, MIB + 1, 65_536],
    ['a list of more than a mebibyte', 'GET', true, 200, MIB + 1, MIB + 1],
    ['an error of 64 KiB', 'GET', false, 400, 65_536, 65_536],
    ['a larger error', 'GET', false, 400, 65_537, 65_536],
    ['a larger error of a list', 'GET', true, 400, 65_537, 65_536],
    ['a larger error of an upload, with the results of its rows', 'POST', true, 400, MIB + 1, MIB + 1],
    ['a larger error of a change', 'POST', false, 400, 65_537, 65_536],
  ] as const) {
    it(`transport: keeps ${kept} of ${bytes} bytes: ${what}`, async () => {
      service.respondWith([status, Buffer.alloc(bytes, 'x')]);
      const { text, truncated } = await send(method, isList);
      assert.deepEqual([text.length, truncated], [kept, kept < bytes ? 'size' : undefined]);
    });
  }

  it('transport: the end of a turn is one for all, and another one in the next turn', async () => {
    let ended = false;
    const end = transport.endOfTurn();
    void end.then(() => (ended = true));
    assert.equal(transport.endOfTurn(), end);
    await Promise.resolve();
    assert.equal(ended, false);
    await end;
    assert.notEqual(transport.endOfTurn(), end);
    await transport.endOfTurn();
  });

  it('transport: sends nothing once it is closed', async () => {
    service.respondWith([200]);
    await send('GET');
    await transport.close();
    await assert.rejects(send('GET'), { kind: 'network', mayHaveBeenSent: false });
    assert.equal(service.requests.length, 1);
  });
});
