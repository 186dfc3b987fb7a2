import assert from 'node:assert/strict';
import { leafText, quote } from '../../../nodes/service/quote';

describe('quote', () => {
  it('keeps words and UUIDs, and drops what may be a secret', () => {
    const uuid = '4961c873-408c-45ce-b1ba-7c0d99d88179';
    assert.equal(quote(`device ${uuid} is not yours`), `device ${uuid} is not yours`);
    assert.equal(quote(`not signed by ${uuid}.`), `not signed by ${uuid}.`);
    assert.equal(quote('token 2dn3hQFQSWHIc0CMRc6xunwNmdi is bad'), 'token … is bad');
    assert.equal(
      quote('see https://bucket.example/a?X-Amz-Signature=0123456789abcdef'),
      'see https://bucket.example/a?…',
    );
  });

  it('is one short line', () => {
    assert.equal(quote('a\r\n\u2028[fake] b\u0000c'), 'a [fake] b c');
    assert.equal(quote('word '.repeat(1000)), `${'word '.repeat(32)}…`);
    assert.equal(quote('ab '.repeat(53) + 'c'), 'ab '.repeat(53) + 'c');
    assert.equal(quote('  a  '), 'a');
  });

  it('looks at no more of a text than can stand in a line', () => {
    assert.equal(quote(`${' '.repeat(4096)}a`), '');
    assert.equal(quote(`${' '.repeat(4095)}a`), 'a');
  });

  it('knows a UUID at the end of a sentence only', () => {
    const uuid = '4961c873-408c-45ce-b1ba-7c0d99d88179';
    assert.equal(quote(`${uuid}...`), `${uuid}...`);
    assert.equal(quote(`${uuid}.secret`), '…');
  });
});

describe('leafText', () => {
  it('unrolls causes and aggregates to the address', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8080'), {
      code: 'ECONNREFUSED',
      address: '127.0.0.1',
      port: 8080,
    });
    assert.equal(leafText(new Error('fetch failed', { cause: refused })), 'ECONNREFUSED 127.0.0.1:8080');
    assert.equal(leafText(new AggregateError([new Error('x'), refused])), 'ECONNREFUSED 127.0.0.1:8080');
    assert.equal(leafText(new AggregateError([], 'nothing in it')), 'nothing in it');
  });

  it('names what of the place is known', () => {
    const failed = (facts: object): string => leafText(Object.assign(new Error('failed'), facts));
    assert.equal(failed({ code: 'EPIPE', address: '/run/socket' }), 'EPIPE /run/socket');
    assert.equal(failed({ code: 'ENOTFOUND', hostname: 'no.example' }), 'ENOTFOUND no.example');
    assert.equal(failed({ address: '127.0.0.1', port: 1 }), 'failed');
    assert.equal(failed({}), 'failed');
    assert.equal(failed({ code: 'failed' }), 'failed');
  });

  it('takes what is no error for its text', () => {
    assert.equal(leafText('just words'), 'just words');
    assert.equal(leafText({ cause: new Error('inside') }), '[object Object]');
    assert.equal(leafText(new Error('outside', { cause: 'words' })), 'outside');
  });

  it('follows ten causes, and no more', () => {
    let error = new Error('leaf');
    for (let depth = 1; depth <= 11; depth++) error = new Error(`at ${depth}`, { cause: error });
    assert.equal(leafText(error), 'at 1');
    assert.equal(leafText(error.cause), 'leaf');
  });

  it('falls back to code and text, and ends on a chain without end', () => {
    assert.equal(
      leafText(Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })),
      'UND_ERR_SOCKET: other side closed',
    );
    const loop = new Error('loop');
    loop.cause = loop;
    assert.equal(leafText(loop), 'loop');
  });
});
