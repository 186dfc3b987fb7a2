import assert from 'node:assert/strict';
import { parseBaseUrl } from '../../../nodes/service/base-url';

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

  for (const text of [
    '',
    'api.nrfcloud.com',
    'ftp://host/v1',
    'http://host/v1',
    'http://127.0.0.1.example/v1',
    'http://localhost.example/v1',
    'https://user@host/v1',
    'https://host/v1?x=1',
    'https://host/v1#x',
  ]) {
    it(`refuses "${text}"`, () => assert.throws(() => parseBaseUrl(text), RangeError));
  }
});
