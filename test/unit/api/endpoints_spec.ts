import assert from 'node:assert/strict';
import { endpointPath, requestLine } from '../../../nodes/api/endpoints';

describe('endpointPath', () => {
  it('escapes ids', () => {
    for (const [id, escaped] of [
      ['a/b', 'a%2Fb'],
      ['%2e%2e', '%252e%252e'],
      ['a b?c#d', 'a%20b%3Fc%23d'],
      ['Å$&', '%C3%85%24%26'],
    ] as const) {
      assert.equal(endpointPath('get device', 'guide', id), `/claimed-devices/${escaped}`);
    }
  });

  for (const [id, sentence] of [
    ['', 'the id is empty'],
    ['.', 'the id is a dot segment, which no path can carry'],
    ['..', 'the id is a dot segment, which no path can carry'],
    ['\ud800', 'the id holds half of a surrogate pair, which no path can carry'],
    ['x'.repeat(1001), 'the id has 1001 characters, and no id is that long'],
    ['-----BEGIN PRIVATE KEY-----', 'the id is PEM text, which may be a secret'],
  ] as const) {
    it(`refuses ${JSON.stringify(id).slice(0, 20)}`, () => {
      assert.throws(
        () => endpointPath('get device', 'guide', id),
        (error: Error) => error instanceof RangeError && error.message === sentence,
      );
    });
  }

  it('accepts an id of a thousand characters', () => {
    assert.equal(endpointPath('get device', 'guide', 'x'.repeat(1000)).length, '/claimed-devices/'.length + 1000);
  });
});

describe('the paths of the two API versions', () => {
  for (const [operation, method, guide, current] of [
    ['claim', 'POST', '/identities/claimed-devices', '/claimed-devices'],
    ['bulk claim', 'POST', '/claimed-devices/bulk', '/claimed-devices'],
    ['bulk status', 'GET', '/bulk-ops-requests/a%20b', '/bulk-ops-requests/a%20b'],
    ['list tags', 'GET', '/claimed-devices/tags', '/provisioning/tags'],
    ['create tag', 'POST', '/claimed-devices/tags', '/provisioning/tags'],
    ['get tag', 'GET', '/claimed-devices/tags/a%20b', '/provisioning/tags/a%20b'],
    ['update tag', 'PUT', '/claimed-devices/tags/a%20b', '/provisioning/tags/a%20b'],
    ['delete tag', 'DELETE', '/claimed-devices/tags/a%20b', '/provisioning/tags/a%20b'],
    ['tags of device', 'GET', '/claimed-devices/tags/a%20b', '/claimed-devices/a%20b'],
    ['list devices', 'GET', '/claimed-devices', '/claimed-devices'],
    ['get device', 'GET', '/claimed-devices/a%20b', '/claimed-devices/a%20b'],
    ['unclaim device', 'DELETE', '/claimed-devices/a%20b', '/claimed-devices/a%20b'],
    ['block device', 'POST', '/claimed-devices/a%20b/block', '/claimed-devices/a%20b/block'],
    ['unblock device', 'POST', '/claimed-devices/a%20b/unblock', '/claimed-devices/a%20b/unblock'],
  ] as const) {
    it(`of ${operation}`, () => {
      assert.equal(requestLine(operation, 'guide').method, method);
      assert.equal(endpointPath(operation, 'guide', 'a b'), guide);
      assert.equal(endpointPath(operation, 'current', 'a b'), current);
      assert.equal(requestLine(operation, 'current').path, endpointPath(operation, 'current').replace('a%20b', '{id}'));
    });
  }
});
