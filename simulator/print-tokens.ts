import type { TokensOptions } from './cli';
import { DeviceKeys } from './identity/device-keys';
import { Mint } from './identity/mint';

/**
 * The rows of a CSV of claim tokens, each with its line feed. A simulator with the same seed accepts them, whichever
 * process prints them.
 * @throws TypeError for a device type that cannot be minted
 */
export function* tokenRows(options: TokensOptions): Generator<string> {
  const { count, format, seed, tags, skip, deviceType, signed } = options;
  const mint = new Mint(seed, new DeviceKeys(seed));
  mint.skip(skip);
  const secondColumn = tags === '' ? '' : `,"${tags.replaceAll('"', '""')}"`;
  for (let made = 0; made < count; made++) {
    const minted = mint.mint({ deviceType, signed });
    yield format === 'gather'
      ? `${minted.imei},${minted.deviceUuid},${minted.claimToken},${pythonTime(new Date())}\n`
      : `${minted.claimToken}${secondColumn}\n`;
  }
}

/** Python's `isoformat()` in UTC, as Nordic's tool writes it: microseconds and an offset. */
function pythonTime(date: Date): string {
  return date.toISOString().replace('Z', '000+00:00');
}
