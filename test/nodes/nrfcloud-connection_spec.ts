import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { NodeAPI } from 'node-red';
// @ts-expect-error -- core nodes have no types
import httpProxyNode from '@node-red/nodes/core/network/06-httpproxy.js';
// @ts-expect-error -- core nodes have no types
import tlsNode from '@node-red/nodes/core/network/05-tls.js';
import { createProxy } from 'proxy';
import { generate } from 'selfsigned';
import { listen } from '../../harness/ports';
import claimNode from '../../nodes/nrfcloud-claim';
import { startSimulator, type Simulator } from '../../simulator';
import { adminRequest, startNodeRig, stopNodeRig, type NodeRig, type NodeRigOptions } from '../support/node-rig';
import { assertSentence } from '../support/sentences';
import { useSimulator } from '../support/use-simulator';

const close = (server: Server): Promise<void> => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
};

describe('nrfcloud-connection', () => {
  let simulator: Simulator;
  useSimulator((started) => (simulator = started));

  const rig = (connection: Record<string, unknown> = {}, more: Partial<NodeRigOptions> = {}): Promise<NodeRig> =>
    startNodeRig({
      node: claimNode,
      type: 'nrfcloud-claim',
      connection: { baseUrl: simulator.url, retries: 0, ...connection },
      ...more,
    });
  const claimOne = async (flow: NodeRig): Promise<void> => {
    flow.send({ payload: simulator.mint().claimToken });
    await flow.ended(1);
    assert.deepEqual(
      flow.caught.map((msg) => msg['error'].message as string),
      [],
    );
  };

  describe('the test button', () => {
    const test = async (body: object): Promise<Record<string, any>> => {
      const answer = await adminRequest().post('/nrfcloud-connection/test').send(body).expect(200);
      return answer.body as Record<string, any>;
    };

    it('reports which API version answers, without saving anything', async () => {
      await rig({}, { connection: null });
      for (const [api, generations] of [
        ['both', ['guide', 'current']],
        ['guide', ['guide']],
        ['current', ['current']],
      ] as const) {
        simulator.set({ api });
        const result = await test({ config: { baseUrl: simulator.url, api: 'guide' }, apiKey: 'sim-key' });
        assert.deepEqual(result, { reachable: true, keyAccepted: true, generations });
      }
      assert.equal(
        simulator.requests.every(({ method }) => method === 'GET'),
        true,
      );
    });

    it('says what is wrong: the key, the address, the URL, the environment', async () => {
      await rig({}, { connection: null });
      const wrong = await test({ config: { baseUrl: simulator.url }, apiKey: 'wrong' });
      assert.deepEqual([wrong['reachable'], wrong['keyAccepted']], [true, false]);
      const dead = await test({ config: { baseUrl: 'http://127.0.0.1:1/v1' }, apiKey: 'x' });
      assert.equal(dead['reachable'], false);
      assert.match(dead['problem'] as string, /ECONNREFUSED/);
      assertSentence((await test({ config: { baseUrl: 'nonsense' }, apiKey: 'x' }))['problem']);
      assert.match((await test({ config: {}, apiKey: '${NOT_THERE}' }))['problem'] as string, /NOT_THERE/);
      assertSentence((await test({}))['problem']);
    });

    it('accepts any body, and reports what is wrong', async () => {
      await rig({}, { connection: null });
      for (const body of [
        { config: null },
        { config: 'text' },
        { config: {}, id: 5 },
        { id: 'connection', config: {} },
      ]) {
        assert.deepEqual(await test(body), {
          reachable: false,
          generations: [],
          problem: 'the connection has no API key; enter it in its dialog',
        });
      }
    });

    it('uses the stored key for its own host, and for no other', async () => {
      await rig();
      assert.equal((await test({ id: 'connection', config: { baseUrl: simulator.url } }))['keyAccepted'], true);
      const other = await startSimulator();
      const refused = await test({ id: 'connection', config: { baseUrl: other.url } });
      assertSentence(refused['problem']);
      assert.equal(other.requestCount, 0);
      await other.close();
    });

    it('never gives the key back', async () => {
      await rig({}, { apiKey: 'very-secret' });
      simulator.faults.add({ status: 401, body: { message: 'key very-secret is wrong' } });
      const result = await test({ id: 'connection', config: { baseUrl: simulator.url } });
      assert.equal(JSON.stringify(result).includes('very-secret'), false);
    });
  });

  it('trims the key', async () => {
    await claimOne(await rig({}, { apiKey: ' sim-key\n' }));
    assert.equal(simulator.requests.at(-1)!.headers['authorization'], 'Bearer sim-key');
  });

  it('uses a changed key with the next request', async () => {
    await claimOne(await rig());
    simulator.setApiKey('rotated');
    await stopNodeRig();
    await claimOne(await rig({}, { apiKey: 'rotated' }));
    assert.equal(simulator.requests.at(-1)!.headers['authorization'], 'Bearer rotated');
  });

  describe('TLS', () => {
    let front: Server;
    let baseUrl: string;
    let certificate: string;
    let device: ReturnType<Simulator['mint']>;
    beforeEach(async () => {
      device = simulator.mint();
      const extensions = [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }];
      const material = await generate([{ name: 'commonName', value: '127.0.0.1' }], { extensions } as never);
      certificate = material.cert;
      front = createSecureServer({ key: material.private, cert: certificate }, (request, response) => {
        response.writeHead(201, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ id: device.deviceUuid, url: request.url }));
      });
      baseUrl = `https://127.0.0.1:${await listen(front, 0)}/v1`;
    });
    afterEach(() => close(front));

    it('refuses a certificate of an unknown authority', async () => {
      const flow = await rig({ baseUrl });
      flow.send({ payload: simulator.mint().claimToken });
      await flow.ended(1);
      assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_UNAVAILABLE');
      assert.match(flow.caught[0]!['error'].message, /SELF_SIGNED|self-signed/i);
    });

    it('uses the certificates of a core tls-config node', async () => {
      const flow = await rig(
        { baseUrl, tls: 'tls' },
        {
          types: [tlsNode as (RED: NodeAPI) => void],
          nodes: [{ id: 'tls', type: 'tls-config', cert: '', key: '', ca: '', verifyservercert: true }],
          credentials: { tls: { cadata: certificate, certdata: '', keydata: '' } },
        },
      );
      flow.send({ payload: device.claimToken });
      await flow.ended(1);
      assert.equal(flow.outputs[0]![0]!['payload'].id, device.deviceUuid);
    });
  });

  describe('a proxy', () => {
    let proxy: Server;
    let proxyUrl: string;
    let visits: string[];
    beforeEach(async () => {
      visits = [];
      proxy = createProxy(createServer());
      proxy.on('connect', ({ url }) => visits.push(url ?? ''));
      proxy.on('request', ({ url }) => visits.push(url ?? ''));
      proxyUrl = `http://127.0.0.1:${await listen(proxy, 0)}`;
    });
    afterEach(async () => {
      // A tunnel that is still open would keep the proxy from closing.
      await stopNodeRig();
      await close(proxy);
    });

    it('is taken from a core http proxy node, except for the hosts it leaves out', async () => {
      const withProxy = (noproxy: string[]): Promise<NodeRig> =>
        rig(
          { proxy: 'proxy' },
          {
            types: [httpProxyNode as (RED: NodeAPI) => void],
            nodes: [{ id: 'proxy', type: 'http proxy', url: proxyUrl, noproxy }],
          },
        );
      await claimOne(await withProxy([]));
      assert.equal(visits.length, 1);
      await stopNodeRig();
      await claimOne(await withProxy(['127.0.0.1']));
      assert.equal(visits.length, 1);
    });

    it('gets the user of a core http proxy node', async () => {
      const sent: (string | undefined)[] = [];
      proxy.on('connect', ({ headers }) => sent.push(headers['proxy-authorization']));
      proxy.on('request', ({ headers }) => sent.push(headers['proxy-authorization']));
      for (const credentials of [
        { username: 'me@work', password: 'a:b/c' },
        { username: 'me@work' },
        { username: '' },
      ]) {
        const flow = await rig(
          { proxy: 'proxy' },
          {
            types: [httpProxyNode as (RED: NodeAPI) => void],
            nodes: [{ id: 'proxy', type: 'http proxy', url: proxyUrl }],
            credentials: { proxy: credentials },
          },
        );
        await claimOne(flow);
        await stopNodeRig();
      }
      const basic = (user: string): string => `Basic ${Buffer.from(user).toString('base64')}`;
      assert.deepEqual(sent, [basic('me@work:a:b/c'), basic('me@work:'), undefined]);
    });

    it("is taken from the environment's variables, with or without a scheme", async () => {
      for (const value of [proxyUrl, proxyUrl.replace('http://', '')]) {
        process.env['https_proxy'] = value;
        try {
          const flow = await rig({ baseUrl: 'https://no-such-host.invalid/v1' });
          flow.send({ payload: simulator.mint().claimToken });
          await flow.ended(1);
          assert.equal(flow.caught[0]!['error'].code, 'NRFCLOUD_UNAVAILABLE');
          await stopNodeRig();
        } finally {
          delete process.env['https_proxy'];
        }
      }
      assert.deepEqual(visits, ['no-such-host.invalid:443', 'no-such-host.invalid:443']);
    });

    it('of the environment is not used for this computer, as it would see the key', async () => {
      process.env['http_proxy'] = proxyUrl;
      try {
        await claimOne(await rig());
      } finally {
        delete process.env['http_proxy'];
      }
      assert.equal(visits.length, 0);
      assert.equal(simulator.claims.size, 1);
    });

    for (const [name, value] of [
      ['%', 'http://me:50%@proxy:3128'],
      ['#', 'http://me:a#b@proxy:3128'],
      ['address', 'http://'],
    ] as const) {
      it(`that cannot be used is named: ${value}`, async () => {
        process.env['https_proxy'] = value;
        try {
          const flow = await rig({ baseUrl: 'https://no-such-host.invalid/v1' });
          flow.send({ payload: simulator.mint().claimToken });
          await flow.ended(1);
          const { code, message } = flow.caught[0]!['error'];
          assert.equal(code, 'NRFCLOUD_NOT_CONFIGURED');
          assert.ok(message.includes('https_proxy') && message.includes(name));
          assert.ok(!message.includes('me:'));
        } finally {
          delete process.env['https_proxy'];
        }
      });
    }
  });
});
