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
    it(`takes ${text}`, () =>
      assert.deepEqual(parseBaseUrl(text), { origin, prefix, loopback: origin.startsWith('http:') }));
  }

  for (const [text, reason] of [
    ['', /not a URL/],
    ['api.nrfcloud.com', /not a URL/],
    ['ftp://host/v1', /https:/],
    ['http://host/v1', /plain http:/],
    ['http://127.0.0.1.example/v1', /plain http:/],
    ['http://localhost.example/v1', /plain http:/],
    ['http://xlocalhost/v1', /plain http:/],
    ['https://user@host/v1', /user name or password/],
    ['https://:secret@host/v1', /user name or password/],
    ['https://host/v1?x=1', /query or fragment/],
    ['https://host/v1#x', /query or fragment/],
    ['https://${HOST}/v1', /host name/],
    ['https://$(HOST)/v1', /host name|not a URL/],
    ['https://a b/v1', /not a URL/],
    ['https://-/v1', /host name/],
  ] as const) {
    it(`refuses "${text}"`, () => {
      assert.throws(
        () => parseBaseUrl(text),
        (error: Error) => error instanceof RangeError && reason.test(error.message),
      );
    });
  }
});
