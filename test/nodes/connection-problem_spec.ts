import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
// @ts-expect-error -- core nodes have no types
import httpProxyNode from '@node-red/nodes/core/network/06-httpproxy.js';
// @ts-expect-error -- core nodes have no types
import tlsNode from '@node-red/nodes/core/network/05-tls.js';
import claimNode from '../../nodes/nrfcloud-claim';
import { adminRequest, startNodeRig, stopNodeRig, type NodeRigOptions } from '../support/node-rig';
import { assertSentence } from '../support/sentences';

const SECRET = 'the-key-of-the-team';

describe('what the dialog of a connection is told', () => {
  afterEach(stopNodeRig);

  const deploy = (options: Partial<NodeRigOptions> = {}) =>
    startNodeRig({ node: claimNode, type: 'nrfcloud-claim', apiKey: SECRET, ...options });
  const get = async (path: string): Promise<unknown> => {
    const answer = await adminRequest().get(`/nrfcloud-connection/${path}`).expect(200);
    assert.equal(answer.text.includes(SECRET), false);
    return answer.body as unknown;
  };

  const needs = (node: unknown, more: Record<string, unknown>): Partial<NodeRigOptions> => ({
    types: [node as (RED: NodeAPI) => void],
    connection: { [more['type'] === 'tls-config' ? 'tls' : 'proxy']: 'other' },
    nodes: [{ id: 'other', ...more }],
  });
  const problems: [string, Partial<NodeRigOptions>, Record<string, string>][] = [
    ['a key that was never entered', { apiKey: undefined }, { property: 'apiKey' }],
    ['a key of nothing but spaces', { apiKey: ' \n' }, { property: 'apiKey' }],
    ['a key that is an unset variable', { apiKey: '${NOT_SET}' }, { property: 'apiKey', variable: 'NOT_SET' }],
    ['a key that no header can carry', { apiKey: `${SECRET}ä` }, { property: 'apiKey' }],
    ['an unset variable', { connection: { rate: '${NOT_SET}' } }, { property: 'rate', variable: 'NOT_SET' }],
    ['an unusable base URL', { connection: { baseUrl: `http://me:${SECRET}@host/` } }, { property: 'baseUrl' }],
    ['an unusable number', { connection: { timeout: '-1' } }, { property: 'timeout' }],
    ['an unknown API version', { connection: { api: 'newest' } }, { property: 'api' }],
    ['a TLS configuration that is gone', { connection: { tls: 'gone' } }, { property: 'tls' }],
    [
      'a TLS configuration that can not be read',
      needs(tlsNode, { type: 'tls-config', cert: '/not/there', key: '/not/there', ca: '' }),
      { property: 'tls' },
    ],
    ['a proxy that is gone', { connection: { proxy: 'gone' } }, { property: 'proxy' }],
    [
      'a proxy without an address',
      needs(httpProxyNode, { type: 'http proxy', url: 'no address' }),
      { property: 'proxy' },
    ],
  ];
  for (const [what, options, problem] of problems) {
    it(`names ${what}, and no value`, async () => {
      const { send, caught, ended } = await deploy(options);
      assert.deepEqual(await get('problem?id=connection'), { problem });
      send({ payload: 'token' });
      await ended(1);
      assert.equal(caught[0]!['error'].code, 'NRFCLOUD_NOT_CONFIGURED');
      assertSentence(caught[0]!['error'].message);
    });
  }

  it('is nothing if the connection can be used, or is none', async () => {
    await deploy();
    for (const query of ['?id=connection', '', '?id=', '?id=node', '?id=_ADD_', '?id[a]=b']) {
      assert.deepEqual(await get(`problem${query}`), {});
    }
  });

  it('is whether an environment variable is set, and not what it holds', async () => {
    process.env['NRFCLOUD_SPEC_KEY'] = SECRET;
    try {
      await deploy();
      for (const id of ['connection', 'new', 'node']) {
        assert.deepEqual(await get(`variable?id=${id}&name=NRFCLOUD_SPEC_KEY`), { set: true });
        assert.deepEqual(await get(`variable?id=${id}&name=NRFCLOUD_NOT_SET`), { set: false });
      }
      assert.deepEqual(await get('variable?name[a]=b'), { set: false });
    } finally {
      delete process.env['NRFCLOUD_SPEC_KEY'];
    }
  });
});
