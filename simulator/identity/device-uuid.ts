import { derive } from './seeded';

const FREE_BYTES = 10;

/**
 * The UUID of the n-th device of a seed.
 *
 * Our choice: its last six bytes are a mark, computed from the seed and the first ten. So every simulator with the same
 * seed recognises a device that another process minted, without a list that they would have to share.
 */
export function deviceUuidOf(seed: string, index: number): Buffer {
  const uuid = derive(seed, 'device', String(index)).subarray(0, 16);
  uuid[6] = 0x40 | (uuid[6]! & 0x0f);
  uuid[8] = 0x80 | (uuid[8]! & 0x3f);
  markOf(seed, uuid).copy(uuid, FREE_BYTES);
  return uuid;
}

/** Whether a device UUID is one that {@link deviceUuidOf} makes from this seed. */
export function isOfSeed(seed: string, uuid: Buffer): boolean {
  return markOf(seed, uuid).equals(uuid.subarray(FREE_BYTES));
}

function markOf(seed: string, uuid: Buffer): Buffer {
  return derive(seed, 'mark', uuid.subarray(0, FREE_BYTES)).subarray(0, 16 - FREE_BYTES);
}
