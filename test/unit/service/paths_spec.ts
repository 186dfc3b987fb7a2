import assert from 'node:assert/strict';
import { pathOf } from '../../../nodes/service/paths';

describe('pathOf', () => {
  it('escapes ids', () => {
    for (const [id, escaped] of [
      ['a/b', 'a%2Fb'],
      ['%2e%2e', '%252e%252e'],
      ['a b?c#d', 'a%20b%3Fc%23d'],
      ['Å$&', '%C3%85%24%26'],
    ] as const) {
      assert.equal(pathOf('get device', 'guide', id), `/claimed-devices/${escaped}`);
    }
  });

  for (const id of ['', '.', '..', '\ud800']) {
    it(`refuses ${JSON.stringify(id)}`, () => assert.throws(() => pathOf('get device', 'guide', id), RangeError));
  }
});
