import assert from 'node:assert/strict';
import { parseBaseUrl } from '../../../nodes/http/base-url';

describe('parseBaseUrl', () => {
  for (const [text, origin, prefix] of [
    ['https://api.provisioning.nrfcloud.com/v1', 'https://api.provisioning.nrfcloud.com', '/v1'],
    [' https://host:8443/a/b// ', 'https://host:8443', '/a/b'],
    ['https://host', 'https://host', ''],
    ['http://localhost:1/v1', 'http://localhost:1', '/v1'],
    ['http://x.localhost/v1', 'http://x.localhost', '/v1'],
    ['http://127.1.2.3/v1', 'http://127.1.2.3', '/v1'],
    ['http://[::1]:9/v1', 'http://[::1]:9', '/v1'],
  ] as const) {
    it(`takes ${text}`, () => assert.deepEqual(parseBaseUrl(text), { origin, prefix }));
  }

  const plain = 'the base URL uses plain http:, which would send the API key readable; write https://';
  const login = 'the base URL holds a user name or password; remove it, the API key has a field of its own';
  const rest = 'the base URL holds a query or fragment; remove what follows the path';
  const none = 'the base URL is not a URL; write something like https://api.provisioning.nrfcloud.com/v1';
  for (const [text, sentence] of [
    ['', none],
    ['api.nrfcloud.com', none],
    ['ftp://host/v1', 'the base URL must begin with https://'],
    ['http://host/v1', plain],
    ['http://127.0.0.1.example/v1', plain],
    ['http://localhost.example/v1', plain],
    ['http://xlocalhost/v1', plain],
    ['https://user@host/v1', login],
    ['https://:secret@host/v1', login],
    ['https://host/v1?x=1', rest],
    ['https://host/v1#x', rest],
  ] as const) {
    it(`refuses "${text}"`, () => {
      assert.throws(
        () => parseBaseUrl(text),
        (error: Error) => error instanceof RangeError && error.message === sentence,
      );
    });
  }
});
