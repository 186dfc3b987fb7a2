import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { DeviceKeys } from '../simulator/identity/device-keys';
import { Mint } from '../simulator/identity/mint';

/** Where the device UUID stands in a token's first part, in bytes. */
const UUID = { at: 6, length: 16 };
const ROWS_AT_ONCE = 1000;

/**
 * Writes a CSV of as many devices as rows. The tokens are one that was minted, with another device UUID each: minting a
 * million would take longer than most of what is measured.
 * @param rest what follows the token in each row, its comma included
 */
export async function writeCsv(path: string, rows: number, rest: string): Promise<void> {
  const { claimToken } = new Mint('bench', new DeviceKeys('bench')).mint({ signed: false });
  const [first, second] = claimToken.split('.') as [string, string];
  const message = Buffer.from(first, 'base64url');
  const file = createWriteStream(path);
  for (let left = rows; left > 0; left -= ROWS_AT_ONCE) {
    const count = Math.min(left, ROWS_AT_ONCE);
    const uuids = randomBytes(count * UUID.length);
    let text = '';
    for (let row = 0; row < count; row++) {
      uuids.copy(message, UUID.at, row * UUID.length, (row + 1) * UUID.length);
      text += `${message.toString('base64url')}.${second}${rest}\n`;
    }
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}
