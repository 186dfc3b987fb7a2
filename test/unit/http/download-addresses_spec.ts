import assert from 'node:assert/strict';
import dns from 'node:dns';
import { createServer, type Server } from 'node:http';
import { freePort, listen } from '../../../harness/ports';
import { loadUndici } from '../../../nodes/http/dispatcher';
import { Downloader, type Download } from '../../../nodes/http/downloads';
import { assertSentence } from '../../support/sentences';

const PUBLIC_SERVICE = 'https://api.example';
/** Back-offs take no time. */
const noWait = (): Promise<void> => Promise.resolve();

/** What a name server says of every name, while a test runs. */
function nameServerSays(...addresses: string[]): () => void {
  const real = dns.lookup;
  dns.lookup = ((_name: string, { all }: dns.LookupOptions, callback: (...args: unknown[]) => void) => {
    const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    if (all === true) process.nextTick(callback, null, found);
    else process.nextTick(callback, null, found[0]!.address, found[0]!.family);
  }) as typeof dns.lookup;
  return () => (dns.lookup = real);
}

describe('a document that an answer of the service names', () => {
  before(() => loadUndici());
  let downloads: Downloader | undefined;
  let restore: (() => void) | undefined;
  const fetch = (url: string, service = PUBLIC_SERVICE): Promise<Download> => {
    downloads = new Downloader(service, { connections: 1, connectTimeoutMs: 2000 }, 'test/1', noWait);
    return downloads.fetch(url, 2000, new AbortController().signal);
  };
  afterEach(async () => {
    restore?.();
    restore = undefined;
    await downloads?.close();
  });

  for (const url of [
    'http://files.example/x.csv',
    'ftp://files.example/x.csv',
    'file:///etc/passwd',
    'no address at all',
    'https://user@files.example/x',
    'https://:secret@files.example/x',
    'https://10.1.2.3/x',
    'https://127.0.0.1/x',
    'https://localhost/x',
    'https://0.0.0.0/x',
    'https://169.254.169.254/latest/meta-data',
    'https://172.31.0.1/x',
    'https://192.168.0.1/x',
    'https://100.64.0.1/x',
    'https://192.0.0.8/x',
    'https://198.18.0.1/x',
    'https://224.0.0.1/x',
    'https://255.255.255.255/x',
    'https://[::1]/x',
    'https://[::]/x',
    'https://[fd12::1]/x',
    'https://[fe80::1]/x',
    'https://[ff02::1]/x',
    'https://[64:ff9b::10.0.0.1]/x',
    'https://[::ffff:10.0.0.1]/x',
    'https://[::ffff:7f00:1]/x',
    // Other spellings of 127.0.0.1 and 10.0.0.1.
    'https://2130706433/x',
    'https://0x7f.1/x',
    'https://012.0.0.1/x',
  ] as const) {
    it(`is not fetched from ${url}`, async () => {
      const result = await fetch(url);
      assert.ok('problem' in result);
      assertSentence(result.problem);
    });
  }

  for (const address of ['10.0.0.1', '127.0.0.1', '169.254.169.254', '::1', 'fd00::1', '::ffff:192.168.1.1']) {
    it(`is not fetched from a public name that stands for ${address}`, async () => {
      restore = nameServerSays(address);
      const result = await fetch('https://files.example/x.csv');
      assert.ok('problem' in result);
      assertSentence(result.problem);
    });
  }

  describe('while the service is on this computer', () => {
    let server: Server;
    let port: number;
    beforeEach(async () => {
      server = createServer((request, response) => response.end(JSON.stringify([request.url, request.headers])));
      port = await listen(server, 0);
    });
    afterEach(() => {
      server.closeAllConnections();
      server.close();
    });

    it('is fetched from another port of it, without any credentials', async () => {
      const result = await fetch(`http://127.0.0.1:${port}/x.csv?a=b`, 'http://127.0.0.1:1');
      assert.ok('text' in result);
      const [url, headers] = JSON.parse(result.text) as [string, Record<string, string>];
      assert.equal(url, '/x.csv?a=b');
      assert.deepEqual(Object.keys(headers).sort(), ['accept', 'accept-encoding', 'connection', 'host', 'user-agent']);
    });

    it('is fetched from the one allowed address of a name, when others are not', async () => {
      restore = nameServerSays('10.255.255.1', '127.0.0.1');
      const result = await fetch(`http://localhost:${port}/x`, 'http://127.0.0.1:1');
      assert.ok('text' in result, JSON.stringify(result));
    });

    it('is not fetched from a private network', async () => {
      const result = await fetch('https://10.0.0.1/x', 'http://127.0.0.1:1');
      assert.ok('problem' in result);
      assertSentence(result.problem);
    });
  });

  describe('may be asked for', () => {
    const tried = (url: string, service = PUBLIC_SERVICE): Promise<Download> => {
      downloads = new Downloader(service, { connections: 1, connectTimeoutMs: 2000 }, 'test/1');
      return downloads.fetch(url, 2000, AbortSignal.abort(new Error('would be fetched')));
    };

    for (const url of [
      'https://files.example/x',
      'https://1.1.1.1/x',
      'https://172.15.0.1/x',
      'https://172.32.0.1/x',
      'https://100.63.0.1/x',
      'https://192.0.1.1/x',
      'https://198.20.0.1/x',
      'https://223.255.255.255/x',
      'https://[2606:4700::1111]/x',
      'https://[::ffff:1.1.1.1]/x',
    ]) {
      it(`at ${url}`, () => assert.rejects(tried(url), /would be fetched/));
    }

    it('on this computer without TLS only if the service is there, too', async () => {
      await assert.rejects(tried('http://127.0.0.1/x', 'http://127.0.0.1:1'), /would be fetched/);
      for (const [url, service] of [
        ['http://127.0.0.1/x', PUBLIC_SERVICE],
        ['http://files.example/x', 'http://127.0.0.1:1'],
        ['ftp://127.0.0.1/x', 'http://127.0.0.1:1'],
      ] as const) {
        assert.deepEqual(await tried(url, service), { problem: 'its address does not begin with https://' });
      }
    });

    it("on the service's own host, wherever that is", async () => {
      await assert.rejects(tried('https://10.0.0.1:8443/x', 'https://10.0.0.1'), /would be fetched/);
      await assert.rejects(tried('https://[fd00::1]/x', 'https://[fd00::1]:2'), /would be fetched/);
    });
  });

  it("is asked for at the service's own host, whatever its name stands for", async () => {
    const port = await freePort(0);
    restore = nameServerSays('127.0.0.1');
    const result = await fetch(`https://api.example:${port}/x`);
    assert.deepEqual(result, { problem: `it could not be fetched (ECONNREFUSED 127.0.0.1:${port})` });
  });

  it('tells when its host has no address', async () => {
    const real = dns.lookup;
    restore = () => (dns.lookup = real);
    dns.lookup = ((name: string, _options: object, callback: (...args: unknown[]) => void) => {
      const error = Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND', hostname: name });
      process.nextTick(callback, error, []);
    }) as typeof dns.lookup;
    const result = await fetch('https://files.example/x.csv');
    assert.deepEqual(result, { problem: 'it could not be fetched (ENOTFOUND files.example)' });
  });
});

describe('a document behind a proxy', () => {
  let proxy: Server;
  let proxyUrl: string;
  let visits: string[];
  let status: number;
  let downloads: Downloader | undefined;
  let restore: (() => void) | undefined;
  beforeEach(async () => {
    visits = [];
    status = 502;
    proxy = createServer();
    proxy.on('connect', (request, socket) => {
      visits.push(request.url ?? '');
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    });
    proxyUrl = `http://127.0.0.1:${await listen(proxy, 0)}`;
  });
  afterEach(async () => {
    restore?.();
    restore = undefined;
    await downloads?.close();
    proxy.closeAllConnections();
    proxy.close();
  });

  const fetch = (url: string, service = PUBLIC_SERVICE): Promise<Download> => {
    const options = { connections: 1, connectTimeoutMs: 2000, proxy: { url: proxyUrl, noProxy: [] } };
    downloads = new Downloader(service, options, 'test/1', noWait);
    return downloads.fetch(url, 2000, new AbortController().signal);
  };
  const resolveTo = (...addresses: string[]): void => {
    const real = dns.promises.lookup;
    dns.promises.lookup = ((_name: string, { all }: dns.LookupOptions) => {
      if (addresses.length === 0) return Promise.reject(new Error('ENOTFOUND'));
      const found = addresses.map((address) => ({ address, family: 4 }));
      return Promise.resolve(all === true ? found : found[0]);
    }) as typeof dns.promises.lookup;
    restore = () => (dns.promises.lookup = real);
  };

  it('is requested if its name stands for public addresses, or cannot be resolved but is public', async () => {
    resolveTo('1.1.1.1');
    await fetch('https://files.nrfcloud.com/x');
    restore!();
    resolveTo();
    await fetch('https://other.nrfcloud.com/x');
    assert.deepEqual([...new Set(visits)], ['files.nrfcloud.com:443', 'other.nrfcloud.com:443']);
  });

  for (const [url, addresses] of [
    ['https://files.nrfcloud.com/x', ['10.0.0.1']],
    ['https://files.nrfcloud.com/x', ['1.1.1.1', '192.168.0.1']],
    ['https://intranet/x', []],
    ['https://files.internal/x', []],
    ['https://nas.local/x', []],
    ['https://router.lan/x', []],
    ['https://10.0.0.1/x', []],
    ['https://localhost/x', []],
  ] as const) {
    it(`is not requested from ${url} at ${addresses.join() || 'an unknown address'}`, async () => {
      resolveTo(...addresses);
      const result = await fetch(url);
      assert.ok('problem' in result);
      assertSentence(result.problem);
      assert.deepEqual(visits, []);
    });
  }

  for (const [what, url, service] of [
    ["the service's own host", 'https://api.example:1/x', PUBLIC_SERVICE],
    ['this computer, where the service is, too', 'https://localhost:1/x', 'http://127.0.0.1:2'],
  ] as const) {
    it(`document behind a proxy: may be on ${what}, whatever its name resolves to`, async () => {
      resolveTo('10.0.0.1');
      await fetch(url, service);
      assert.deepEqual([...new Set(visits)], [new URL(url).host]);
    });
  }

  it('document behind a proxy: a public address needs no name', async () => {
    resolveTo();
    await fetch('https://1.1.1.1:1/x');
    await downloads!.close();
    await fetch('https://[2606:4700::1111]:1/x');
    assert.deepEqual([...new Set(visits)], ['1.1.1.1:1', '[2606:4700::1111]:1']);
  });

  for (const [refusal, times] of [
    [403, 1],
    [502, 3],
  ] as const) {
    it(`document behind a proxy: is requested ${times} times if the proxy refuses with ${refusal}`, async () => {
      resolveTo('1.1.1.1');
      status = refusal;
      const result = await fetch('https://files.nrfcloud.com/x');
      assert.ok('problem' in result);
      assertSentence(result.problem);
      assert.equal(visits.length, times);
    });
  }
});
