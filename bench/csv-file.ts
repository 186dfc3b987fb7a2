import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { DeviceKeys } from '../simulator/identity/device-keys';
import { Mint } from '../simulator/identity/mint';

const SEED = 'bench';

/**
 * Writes a CSV of as many devices as rows.
 * @param tagsOf what follows the token in a row, its comma included
 */
export async function writeCsv(path: string, rows: number, tagsOf: (row: number) => string): Promise<void> {
  const mint = new Mint(SEED, new DeviceKeys(SEED));
  const file = createWriteStream(path);
  for (let row = 0; row < rows; row++) {
    const text = `${mint.mint({ signed: false }).claimToken}${tagsOf(row)}\n`;
    if (!file.write(text)) await once(file, 'drain');
  }
  file.end();
  await finished(file);
}
