import assert from 'node:assert/strict';
import { rootCauseText, sanitize } from '../../../nodes/util/sanitize';

describe('sanitize', () => {
  it('keeps words and UUIDs, and drops what may be a secret', () => {
    const uuid = '4961c873-408c-45ce-b1ba-7c0d99d88179';
    assert.equal(sanitize(`device ${uuid} is not yours`), `device ${uuid} is not yours`);
    assert.equal(sanitize(`not signed by ${uuid}.`), `not signed by ${uuid}.`);
    assert.equal(sanitize('token 2dn3hQFQSWHIc0CMRc6xunwNmdi is bad'), 'token … is bad');
    assert.equal(
      sanitize('see https://bucket.example/a?X-Amz-Signature=0123456789abcdef'),
      'see https://bucket.example/a?…',
    );
  });

  it('makes one short line', () => {
    assert.equal(sanitize('a\r\n\u2028[fake] b\u0000c'), 'a [fake] b c');
    assert.equal(sanitize('word '.repeat(1000)), `${'word '.repeat(32)}…`);
    assert.equal(sanitize('ab '.repeat(53) + 'c'), 'ab '.repeat(53) + 'c');
    assert.equal(sanitize('  a  '), 'a');
  });

  it('reads only the beginning of a long text', () => {
    assert.equal(sanitize(`${' '.repeat(4096)}a`), '');
    assert.equal(sanitize(`${' '.repeat(4095)}a`), 'a');
  });

  it('keeps a UUID before the end of a sentence, but not as part of a word', () => {
    const uuid = '4961c873-408c-45ce-b1ba-7c0d99d88179';
    assert.equal(sanitize(`${uuid}...`), `${uuid}...`);
    assert.equal(sanitize(`${uuid}.secret`), '…');
  });
});

describe('rootCauseText', () => {
  it('unrolls causes and aggregates to the address', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:8080'), {
      code: 'ECONNREFUSED',
      address: '127.0.0.1',
      port: 8080,
    });
    assert.equal(rootCauseText(new Error('fetch failed', { cause: refused })), 'ECONNREFUSED 127.0.0.1:8080');
    assert.equal(rootCauseText(new AggregateError([new Error('x'), refused])), 'ECONNREFUSED 127.0.0.1:8080');
    assert.equal(rootCauseText(new AggregateError([], 'nothing in it')), 'nothing in it');
  });

  it('names code, address or host name, as far as they are known', () => {
    const failed = (facts: object): string => rootCauseText(Object.assign(new Error('failed'), facts));
    assert.equal(failed({ code: 'EPIPE', address: '/run/socket' }), 'EPIPE /run/socket');
    assert.equal(failed({ code: 'ENOTFOUND', hostname: 'no.example' }), 'ENOTFOUND no.example');
    assert.equal(failed({ address: '127.0.0.1', port: 1 }), 'failed');
    assert.equal(failed({}), 'failed');
    assert.equal(failed({ code: 'failed' }), 'failed');
  });

  it('takes the text of a value that is not an error', () => {
    assert.equal(rootCauseText('just words'), 'just words');
    assert.equal(rootCauseText({ cause: new Error('inside') }), '[object Object]');
    assert.equal(rootCauseText(new Error('outside', { cause: 'words' })), 'outside');
  });

  it('follows at most ten causes', () => {
    let error = new Error('leaf');
    for (let depth = 1; depth <= 11; depth++) error = new Error(`at ${depth}`, { cause: error });
    assert.equal(rootCauseText(error), 'at 1');
    assert.equal(rootCauseText(error.cause), 'leaf');
  });

  it('falls back to code and text, and ends on a circular chain of causes', () => {
    assert.equal(
      rootCauseText(Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' })),
      'UND_ERR_SOCKET: other side closed',
    );
    const loop = new Error('loop');
    loop.cause = loop;
    assert.equal(rootCauseText(loop), 'loop');
  });
});
