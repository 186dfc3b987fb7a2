import { randomInt } from 'node:crypto';

/** Tables that share the devices, so that growing one stops other work only briefly. */
const TABLES = 16;
/** Words of 32 bits in a UUID. */
const WORDS = 4;
/** Index in the text of a UUID of both halves of each word. */
const HALVES = [0, 4, 9, 14, 19, 24, 28, 32] as const;
const DIGIT_0 = 48;
const DIGIT_BEFORE_A = 87;
/** Places of an empty table, a power of two. */
const FIRST_PLACES = 256;
/** A table with more than this part of its places taken grows. */
const MAX_TAKEN = 0.75;

/**
 * Remembers device UUIDs and the line where each was first seen, in typed arrays: 27 to 53 bytes a device. A `Map` takes 86,
 * all of it on the JavaScript heap, and V8 lets a larger heap collect more garbage: with a million rows, bulk claim
 * took 226 MiB instead of less than half of it (docs/performance.md).
 */
export class SeenDevices {
  readonly #tables = Array.from({ length: TABLES }, () => new Table());
  readonly #seed = randomInt(2 ** 32);
  readonly #id = new Uint32Array(WORDS);

  /**
   * Looks a device up, and adds it if it is new.
   * @param deviceId UUID as text, in lower case
   * @param line its current line, from 1
   * @returns the line where it was first seen, or `undefined` if it is new
   */
  firstLine(deviceId: string, line: number): number | undefined {
    for (let word = 0; word < WORDS; word++) {
      this.#id[word] = (half(deviceId, HALVES[2 * word]!) << 16) | half(deviceId, HALVES[2 * word + 1]!);
    }
    const hash = hashOf(this.#id, 0, this.#seed);
    return this.#tables[hash % TABLES]!.firstLine(this.#id, line, this.#seed, hash);
  }
}

/** A hash table with open addressing. */
class Table {
  #places = FIRST_PLACES;
  #ids = new Uint32Array(FIRST_PLACES * WORDS);
  /** The line of the device in each place; 0 if there is none. */
  #lines = new Uint32Array(FIRST_PLACES);
  #count = 0;

  firstLine(id: Uint32Array, line: number, seed: number, hash: number): number | undefined {
    if (this.#count >= this.#places * MAX_TAKEN) this.#grow(seed);
    const place = this.#find(id, 0, hash);
    const first = this.#lines[place]!;
    if (first !== 0) return first;
    this.#put(place, id, 0, line);
    this.#count++;
    return undefined;
  }

  /** The place of an id, or the empty place where it belongs. */
  #find(ids: Uint32Array, from: number, hash: number): number {
    const last = this.#places - 1;
    let place = Math.floor(hash / TABLES) & last;
    while (this.#lines[place] !== 0 && !this.#isAt(place, ids, from)) place = (place + 1) & last;
    return place;
  }

  #isAt(place: number, ids: Uint32Array, from: number): boolean {
    for (let word = 0; word < WORDS; word++) {
      if (this.#ids[place * WORDS + word] !== ids[from + word]) return false;
    }
    return true;
  }

  #put(place: number, ids: Uint32Array, from: number, line: number): void {
    for (let word = 0; word < WORDS; word++) this.#ids[place * WORDS + word] = ids[from + word]!;
    this.#lines[place] = line;
  }

  #grow(seed: number): void {
    const [ids, lines] = [this.#ids, this.#lines];
    this.#places *= 2;
    this.#ids = new Uint32Array(this.#places * WORDS);
    this.#lines = new Uint32Array(this.#places);
    for (let place = 0; place < lines.length; place++) {
      if (lines[place] === 0) continue;
      const from = place * WORDS;
      this.#put(this.#find(ids, from, hashOf(ids, from, seed)), ids, from, lines[place]!);
    }
  }
}

/** A hash of 32 bits, each of which depends on all of the id (MurmurHash3's mixing). */
function hashOf(ids: Uint32Array, from: number, seed: number): number {
  let hash = seed;
  for (let word = 0; word < WORDS; word++) {
    hash = Math.imul(hash ^ ids[from + word]!, 0x85ebca6b);
    hash ^= hash >>> 13;
    hash = Math.imul(hash, 0xc2b2ae35);
    hash ^= hash >>> 16;
  }
  return hash >>> 0;
}

/** Four digits as a number of 16 bits. */
function half(uuid: string, at: number): number {
  return (digit(uuid, at) << 12) | (digit(uuid, at + 1) << 8) | (digit(uuid, at + 2) << 4) | digit(uuid, at + 3);
}

function digit(uuid: string, at: number): number {
  const code = uuid.charCodeAt(at);
  return code - (code >= 97 ? DIGIT_BEFORE_A : DIGIT_0);
}
