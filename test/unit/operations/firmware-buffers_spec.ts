import assert from 'node:assert/strict';
import { firmwareBufferWarning } from '../../../nodes/operations/firmware-buffers';

describe('firmwareBufferWarning', () => {
  for (const [length, fits] of [
    [1791, 'everywhere'],
    [1792, 'into the Asset Tracker Template'],
    [2047, 'into the Asset Tracker Template'],
    [2048, 'nowhere'],
  ] as const) {
    it(`firmwareBufferWarning: certificates of ${length} characters fit ${fits}`, () => {
      const warning = firmwareBufferWarning('x'.repeat(length));
      if (fits === 'everywhere') assert.equal(warning, undefined);
      else
        assert.match(
          warning!,
          fits === 'nowhere' ? new RegExp(`${length}.*nor into`) : new RegExp(`${length}.*but into`),
        );
    });
  }
});
