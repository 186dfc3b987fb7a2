import assert from 'node:assert/strict';
import { environmentProxies, parseProxyUrl } from '../../../nodes/http/proxy';
import { assertSentence } from '../../support/sentences';

/** The error that reading an address of a proxy throws. */
function errorOf(read: () => unknown): RangeError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof RangeError);
    return error;
  }
  return assert.fail('it was read');
}

describe('parseProxyUrl', () => {
  const SOURCE = 'the address of the proxy';

  for (const [text, url] of [
    ['http://proxy.example:3128', 'http://proxy.example:3128/'],
    ['  https://proxy.example\n', 'https://proxy.example/'],
    ['HTTP://Proxy.Example:8080/', 'http://proxy.example:8080/'],
    ['proxy.example:3128', 'http://proxy.example:3128/'],
    ['10.0.0.1', 'http://10.0.0.1/'],
    ['user:pass@proxy.example:3128', 'http://user:pass@proxy.example:3128/'],
    ['http://user:p%40ss%2f%23@proxy.example', 'http://user:p%40ss%2f%23@proxy.example/'],
    ['http://user:%C3%A4@proxy.example', 'http://user:%C3%A4@proxy.example/'],
    // Only the last @ ends the password.
    ['http://user:p@ss@proxy.example', 'http://user:p%40ss@proxy.example/'],
    // What follows the host belongs to no password.
    ['http://user@proxy.example/path?query#hash', 'http://user@proxy.example/path?query#hash'],
    ['http://proxy.example/a/b?c', 'http://proxy.example/a/b?c'],
    // A scheme is one only at the beginning.
    ['proxy.example/http://', 'http://proxy.example/http://'],
    ['socks5://proxy.example:1080', 'socks5://proxy.example:1080'],
    ['socks://proxy.example:1080', 'socks://proxy.example:1080'],
  ] as const) {
    it(`proxy address: is read: ${JSON.stringify(text)}`, () => assert.equal(parseProxyUrl(text, SOURCE), url));
  }

  for (const [text, bare, escaped] of [
    ['http://user:100%@proxy.example', '%', '%25'],
    ['http://user:%4@proxy.example', '%', '%25'],
    ['http://user:%4g@proxy.example', '%', '%25'],
    ['http://user:%g4@proxy.example', '%', '%25'],
    ['http://user:a#b@proxy.example', '#', '%23'],
    ['http://user:a/b@proxy.example', '/', '%2F'],
    ['us/er:a@proxy.example', '/', '%2F'],
    ['http://user:a?b@proxy.example', '?', '%3F'],
    ['http://user:a#b@c@proxy.example', '#', '%23'],
  ] as const) {
    it(`proxy address: a bare ${bare} in a login is named, with what to write instead: ${text}`, () => {
      const { message } = errorOf(() => parseProxyUrl(text, SOURCE));
      assert.ok(message.startsWith(`${SOURCE} has a bare ${bare} `), message);
      assert.ok(message.endsWith(` ${escaped}`), message);
      assertSentence(message);
    });
  }

  for (const text of [
    '',
    ' ',
    'http://',
    'http://proxy example',
    'http://proxy:port',
    'socks5://',
    'file:///etc',
    'ftp://proxy.example',
    'htp://proxy.example',
    'http+tls://proxy.example',
    'xhttp://proxy.example',
    'https-://proxy.example',
    'http:/proxy.example',
    'http:/proxy.example:3128',
    '://proxy.example',
  ]) {
    it(`proxy address: is not usable: ${JSON.stringify(text)}`, () => {
      const { message } = errorOf(() => parseProxyUrl(text, SOURCE));
      assert.ok(message.startsWith(`${SOURCE} is not a usable address`), message);
      assertSentence(message);
    });
  }

  it('proxy address: a password whose escapes are not UTF-8 is not usable', () => {
    assertSentence(errorOf(() => parseProxyUrl('http://user:%ff@proxy.example', SOURCE)).message);
  });
});

describe('environmentProxies', () => {
  const HTTP = 'http://proxy.example:1';
  const HTTPS = 'http://secure.example:2';

  for (const [what, env, proxies] of [
    ['no variable', {}, {}],
    ['empty variables', { http_proxy: '', https_proxy: ' ', HTTP_PROXY: '\t' }, {}],
    ['http only', { http_proxy: HTTP }, { httpProxy: `${HTTP}/` }],
    ['https only', { https_proxy: HTTPS }, { httpsProxy: `${HTTPS}/` }],
    ['capitals', { HTTP_PROXY: HTTP, HTTPS_PROXY: HTTPS }, { httpProxy: `${HTTP}/`, httpsProxy: `${HTTPS}/` }],
    ['both spellings', { HTTP_PROXY: HTTPS, http_proxy: HTTP }, { httpProxy: `${HTTP}/` }],
    ['an empty lower-case variable', { HTTPS_PROXY: HTTPS, https_proxy: ' ' }, { httpsProxy: `${HTTPS}/` }],
    ['no scheme', { http_proxy: 'proxy.example:1' }, { httpProxy: `${HTTP}/` }],
  ] as const) {
    it(`proxies of the environment: ${what}`, () => assert.deepEqual(environmentProxies(env), proxies));
  }

  it('proxies of the environment: an error names the variable', () => {
    const { message } = errorOf(() => environmentProxies({ HTTPS_PROXY: 'http://' }));
    assert.ok(message.startsWith('the environment variable HTTPS_PROXY is not a usable address'), message);
    assertSentence(message);
  });
});
