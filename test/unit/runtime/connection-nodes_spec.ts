import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import { connectionNodeOptions } from '../../../nodes/runtime/connection-nodes';
import { InvalidSetting } from '../../../nodes/runtime/settings';

const URL = 'http://proxy.example:3128/';

describe('connectionNodeOptions', () => {
  const optionsWith = (nodes: Record<string, object>, config: Record<string, unknown>): unknown => {
    const RED = { nodes: { getNode: (id: string) => nodes[id] ?? null } } as unknown as NodeAPI;
    return connectionNodeOptions(RED, config);
  };
  const refusedProperty = (nodes: Record<string, object>, config: Record<string, unknown>): string => {
    try {
      optionsWith(nodes, config);
    } catch (error) {
      assert.ok(error instanceof InvalidSetting);
      return error.property;
    }
    return assert.fail('nothing is refused');
  };
  const tls = { valid: true, addTLSOptions: (options: object) => Object.assign(options, { servername: 'host' }) };

  it('a connection without other nodes has no options of them', () => {
    for (const id of [undefined, '', null, 5]) assert.deepEqual(optionsWith({}, { tls: id, proxy: id }), {});
  });

  it('a connection gets the options of its TLS configuration', () => {
    assert.deepEqual(optionsWith({ a: tls }, { tls: 'a' }), { tls: { servername: 'host' } });
  });

  for (const [what, node, proxy] of [
    ['with no more than an address', { url: 'proxy.example:3128' }, { url: URL, noProxy: [] }],
    ['with hosts that need none', { url: URL, noproxy: ['a', 'b'] }, { url: URL, noProxy: ['a', 'b'] }],
    ['without a user', { url: URL, credentials: {} }, { url: URL, noProxy: [] }],
    ['with a blank user', { url: URL, credentials: { username: '', password: 'p' } }, { url: URL, noProxy: [] }],
    [
      'with a user',
      { url: URL, credentials: { username: 'ü' } },
      { url: URL, noProxy: [], authorization: `Basic ${Buffer.from('ü:').toString('base64')}` },
    ],
    [
      'with a user and a password',
      { url: URL, credentials: { username: 'u', password: 'p' } },
      { url: URL, noProxy: [], authorization: `Basic ${Buffer.from('u:p').toString('base64')}` },
    ],
  ] as const) {
    it(`a connection gets the options of a proxy ${what}`, () => {
      assert.deepEqual(optionsWith({ a: node }, { proxy: 'a' }), { proxy });
    });
  }

  it('a node that is missing or cannot be used is refused with the property that names it', () => {
    for (const property of ['tls', 'proxy']) assert.equal(refusedProperty({}, { [property]: 'missing' }), property);
    assert.equal(refusedProperty({ a: { ...tls, valid: false } }, { tls: 'a' }), 'tls');
    assert.equal(refusedProperty({ a: { url: 'ftp://x' } }, { proxy: 'a' }), 'proxy');
  });
});
