import assert from 'node:assert/strict';
import type { NrfCloudError } from '../../../nodes/api/errors';
import type { HttpResponse } from '../../../nodes/http/exchange';
import { parseResponse } from '../../../nodes/api/parse-response';

describe('usable', () => {
  const request = {
    operation: 'get device',
    method: 'GET',
    path: '/v1/x',
    attempts: 1,
    mayHaveSucceeded: false,
  } as const;
  const reply = (text: string, more: Partial<HttpResponse> = {}): HttpResponse => ({
    statusCode: 200,
    headers: {},
    text,
    ...more,
  });
  const complaint = (body: unknown): string | undefined => (body === undefined ? 'its body is empty' : undefined);

  it('gives the JSON of a success, and nothing for an empty body', () => {
    assert.deepEqual(parseResponse(reply('{"a":1}'), request), { statusCode: 200, body: { a: 1 } });
    assert.deepEqual(parseResponse(reply('', { statusCode: 204 }), request), { statusCode: 204, body: undefined });
    assert.deepEqual(parseResponse(reply(' \r\n'), request), { statusCode: 200, body: undefined });
  });

  for (const [what, text, more, why] of [
    ['a cut body', '[]', { truncated: 'size' }, 'its body is too large to be read'],
    ['what is no JSON', '<html>', {}, 'its body is not JSON, or nested too deep'],
    ['levels without end', '['.repeat(2000), {}, 'its body is not JSON, or nested too deep'],
    ['what there is a complaint about', ' ', {}, 'its body is empty'],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseResponse(reply(text, more), request, complaint),
        (error: NrfCloudError) => {
          assert.equal(error.code, 'NRFCLOUD_BAD_RESPONSE');
          assert.equal(
            error.message,
            `get device: the service answers with success (HTTP 200) but ${why}; ` +
              "check the connection's base URL and generation, or ask again later",
          );
          return true;
        },
      );
    });
  }
});
