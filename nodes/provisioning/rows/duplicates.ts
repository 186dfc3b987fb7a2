import { randomInt } from 'node:crypto';

/** The table is cut into so many segments, by the top bits of the hash. */
const SEGMENTS = 256;
/** 32-bit words of an entry: the 16 bytes of a UUID, and a line (0 = free). */
const WORDS = 5;
const FIRST_CAPACITY = 16;
/** A segment grows when it is fuller than this, by half: 27 to 40 bytes a row. */
const MOST_LOAD = 0.75;
const GROWTH = 1.5;

/**
 * Remembers device UUIDs and the line where each was first seen, exactly, in at most 48 bytes a device. (A `Map` takes
 * some 200.) It is a hash table with open addressing; its segments grow one by one, so that growing neither needs room
 * for a second table nor takes long.
 */
export class Duplicates {
  readonly #segments: Segment[] = Array.from({ length: SEGMENTS }, () => new Segment());
  /** Nobody can prepare UUIDs that all meet in one place. */
  readonly #seed = randomInt(0x1_0000_0000);
  readonly #id = new Uint32Array(4);

  /**
   * Looks a device up, and adds it if it is new.
   * @param deviceId UUID as text, in lower case
   * @param line where it is now, from 1 to 2^32 - 1
   * @returns the line where it was first seen, or `undefined` if it is new
   */
  firstLine(deviceId: string, line: number): number | undefined {
    const id = this.#id;
    readUuid(deviceId, id);
    const hash = hashOf(id, this.#seed);
    return this.#segments[hash >>> 24]!.firstLine(id, hash & 0xffffff, line, this.#seed);
  }

  /** Bytes that the entries take. */
  get byteLength(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.byteLength, 0);
  }
}

class Segment {
  #words = new Uint32Array(0);
  #capacity = 0;
  #size = 0;

  get byteLength(): number {
    return this.#words.byteLength;
  }

  firstLine(id: Uint32Array, hash: number, line: number, seed: number): number | undefined {
    if (this.#size >= this.#capacity * MOST_LOAD) this.#grow(seed);
    const at = this.#find(id, hash);
    const known = this.#words[at + 4]!;
    if (known !== 0) return known;
    this.#words.set(id, at);
    this.#words[at + 4] = line;
    this.#size++;
    return undefined;
  }

  /** The index of a UUID's entry, or of the free one where it belongs. */
  #find(id: Uint32Array, hash: number): number {
    const words = this.#words;
    let at = Math.floor((hash * this.#capacity) / 0x1000000) * WORDS;
    while (words[at + 4] !== 0) {
      // UUIDs of one modem firmware begin alike, so the end is compared first.
      const same = words[at + 3] === id[3] && words[at + 2] === id[2] && words[at + 1] === id[1] && words[at] === id[0];
      if (same) break;
      at += WORDS;
      if (at === words.length) at = 0;
    }
    return at;
  }

  #grow(seed: number): void {
    const old = this.#words;
    this.#capacity = Math.max(FIRST_CAPACITY, Math.ceil(this.#capacity * GROWTH));
    this.#words = new Uint32Array(this.#capacity * WORDS);
    for (let at = 0; at < old.length; at += WORDS) {
      if (old[at + 4] === 0) continue;
      const entry = old.subarray(at, at + WORDS);
      this.#words.set(entry, this.#find(entry, hashOf(entry, seed) & 0xffffff));
    }
  }
}

/** Reads a UUID's 16 bytes as four numbers. */
function readUuid(text: string, into: Uint32Array): void {
  let word = 0;
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 45) continue;
    word = (word << 4) | (code <= 57 ? code - 48 : code - 87);
    if (++digits % 8 === 0) into[digits / 8 - 1] = word;
  }
}

/** MurmurHash3 (32 bit) of the first four words. */
function hashOf(words: Uint32Array, seed: number): number {
  let hash = seed;
  for (let at = 0; at < 4; at++) {
    let word = Math.imul(words[at]!, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    hash ^= word;
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64) | 0;
  }
  hash ^= 16;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
