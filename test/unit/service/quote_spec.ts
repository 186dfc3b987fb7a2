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
    assert.ok(quote('word '.repeat(1000)).length <= 161);
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
