import { derive } from '../identity/seeded';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/**
 * A ULID: ten characters of time, sixteen of (seeded) randomness. The ids of bulk operations are such, and their time is
 * `requestedAt` (nrf-cloud-api.md §4).
 * @param time milliseconds since 1970
 */
export function ulid(seed: string, time: number, count: number): string {
  let head = '';
  for (let rest = time, place = 0; place < 10; place++, rest = Math.floor(rest / 32)) {
    head = CROCKFORD.charAt(rest % 32) + head;
  }
  const random = derive(seed, 'ulid', String(count)).subarray(0, 16);
  return head + Array.from(random, (byte) => CROCKFORD.charAt(byte % 32)).join('');
}
