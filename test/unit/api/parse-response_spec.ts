import assert from 'node:assert/strict';
import type { NrfCloudError } from '../../../nodes/api/errors';
import { anyBody, objectBody, parseResponse } from '../../../nodes/api/parse-response';
import type { RequestContext } from '../../../nodes/api/request';
import type { HttpResponse } from '../../../nodes/http/exchange';
import { Redactor } from '../../../nodes/http/redact';
import { assertSentence } from '../../support/sentences';

describe('parseResponse', () => {
  const context = { operation: 'get device', method: 'GET', path: '/v1/x', attempts: 1 } as RequestContext;
  const redactor = new Redactor('secret-key');
  const parse = (text: string, more: Partial<HttpResponse> = {}, read = anyBody): unknown =>
    parseResponse({ statusCode: 200, headers: {}, text, ...more }, context, read, redactor);

  it('gives the JSON of a success, and undefined for an empty body', () => {
    assert.deepEqual(parse('{"a":1}'), { statusCode: 200, body: { a: 1 } });
    assert.deepEqual(parse('', { statusCode: 204 }), { statusCode: 204, body: undefined });
    assert.deepEqual(parse(' \r\n'), { statusCode: 200, body: undefined });
  });

  it('takes the API key out of a success, too', () => {
    assert.deepEqual(parse('{"a":["\\u0073ecret-key"]}'), { statusCode: 200, body: { a: ['…'] } });
  });

  for (const [what, text, more] of [
    ['a body that is too large', '[]', { truncated: 'size' }],
    ['a body that cannot be decompressed', '', { truncated: 'encoding' }],
    ['a web page', '<html>', {}],
    ['text', 'hello', {}],
    ['levels without end', '['.repeat(2000), {}],
    ['a body that is not what was requested', '[]', {}],
    ['an empty body instead of an object', ' ', {}],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parse(text, more, (body) => objectBody(body, 'a device')),
        ({ code, cause, message }: NrfCloudError) => {
          assertSentence(message);
          return code === 'NRFCLOUD_BAD_RESPONSE' && cause.statusCode === 200;
        },
      );
    });
  }

  it('does not hide a defect', () => {
    const defect = (): never => {
      throw new TypeError('defect');
    };
    assert.throws(() => parse('{}', {}, defect), TypeError);
  });
});
