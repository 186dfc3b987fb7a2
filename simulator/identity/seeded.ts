import { hash } from 'node:crypto';

/**
 * 64 bytes that depend on nothing but the seed, the purpose and the parts.
 * All of the simulator's randomness comes from here: the same seed gives the same devices, in every process.
 */
export function derive(seed: string, purpose: string, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const texts = parts.map((part) => (typeof part === 'string' ? part : Buffer.from(part).toString('hex')));
  // A plain hash, three times as fast as an HMAC: nothing here has to withstand an attack.
  return hash('sha512', [seed, purpose, ...texts].join('\0'), 'buffer');
}

/** A source of numbers in [0, 1) for latencies and chances: small, fast and repeatable (mulberry32). */
export function seededRandom(seed: string): () => number {
  let state = derive(seed, 'random').readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
