import { randomInt } from 'node:crypto';

/** 32-bit words of an entry: the 16 bytes of a UUID, its line, and the number of the next entry in its bucket (0 = none). */
const WORDS = 6;
const LINE = 4;
const NEXT = 5;
/** Entries, and buckets, that are allocated at a time; powers of two. */
const ENTRIES_BITS = 12;
const HEADS_BITS = 14;

/**
 * Remembers device UUIDs and the line where each was first seen, exactly, in 28 bytes a device. (A `Map` takes some 200.)
 *
 * It is a hash table that grows by linear hashing: with each new device one bucket is split in two. So it never copies
 * itself, which would need room for a second table and stop all other work meanwhile.
 */
export class SeenDevices {
  /** Entry n (from 1) is in piece n >> ENTRIES_BITS. */
  readonly #entries: Uint32Array[] = [];
  /** The number of each bucket's first entry, 0 = none. */
  readonly #heads: Uint32Array[] = [];
  #size = 0;
  #buckets = 0;
  /** The greatest power of two that is not more than the number of buckets. */
  #level = 1;
  /** Nobody can prepare UUIDs that all meet in one bucket. */
  readonly #seed = randomInt(0x1_0000_0000);
  readonly #id = new Uint32Array(4);

  constructor() {
    this.#addBucket();
  }

  /**
   * Looks a device up, and adds it if it is new.
   * @param deviceId UUID as text, in lower case
   * @param line where it is now, from 1 to 2^32 - 1
   * @returns the line where it was first seen, or `undefined` if it is new
   */
  firstLine(deviceId: string, line: number): number | undefined {
    const id = this.#id;
    readUuid(deviceId, id);
    const bucket = this.#bucketOf(hashOf(id, 0, this.#seed));
    for (let entry = this.#head(bucket); entry !== 0;) {
      const words = this.#piece(entry);
      const at = offset(entry);
      // UUIDs of one modem firmware begin alike, so the end is compared first.
      if (words[at + 3] === id[3] && words[at + 2] === id[2] && words[at + 1] === id[1] && words[at] === id[0]) {
        return words[at + LINE];
      }
      entry = words[at + NEXT]!;
    }
    this.#add(id, line, bucket);
    if (this.#size > this.#buckets) this.#split();
    return undefined;
  }

  /** Bytes that the table takes. */
  get byteLength(): number {
    return [...this.#entries, ...this.#heads].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  #add(id: Uint32Array, line: number, bucket: number): void {
    const entry = ++this.#size;
    if (entry >> ENTRIES_BITS === this.#entries.length) this.#entries.push(new Uint32Array(WORDS << ENTRIES_BITS));
    const words = this.#piece(entry);
    words.set(id, offset(entry));
    words[offset(entry) + LINE] = line;
    this.#link(entry, bucket);
  }

  /** Adds a bucket, and moves into it what belongs there of the one bucket that had it so far. */
  #split(): void {
    const from = this.#buckets - this.#level;
    let entry = this.#head(from);
    this.#setHead(from, 0);
    this.#addBucket();
    while (entry !== 0) {
      const words = this.#piece(entry);
      const at = offset(entry);
      const next = words[at + NEXT]!;
      this.#link(entry, this.#bucketOf(hashOf(words, at, this.#seed)));
      entry = next;
    }
  }

  #addBucket(): void {
    if (this.#buckets >> HEADS_BITS === this.#heads.length) this.#heads.push(new Uint32Array(1 << HEADS_BITS));
    if (++this.#buckets === this.#level * 2) this.#level *= 2;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & (this.#level * 2 - 1);
    return bucket < this.#buckets ? bucket : bucket - this.#level;
  }

  #link(entry: number, bucket: number): void {
    this.#piece(entry)[offset(entry) + NEXT] = this.#head(bucket);
    this.#setHead(bucket, entry);
  }

  #head(bucket: number): number {
    return this.#heads[bucket >> HEADS_BITS]![bucket & ((1 << HEADS_BITS) - 1)]!;
  }

  #setHead(bucket: number, entry: number): void {
    this.#heads[bucket >> HEADS_BITS]![bucket & ((1 << HEADS_BITS) - 1)] = entry;
  }

  #piece(entry: number): Uint32Array {
    return this.#entries[entry >> ENTRIES_BITS]!;
  }
}

/** Where an entry begins in its piece. */
function offset(entry: number): number {
  return (entry & ((1 << ENTRIES_BITS) - 1)) * WORDS;
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

/** MurmurHash3 (32 bit) of four words. */
function hashOf(words: Uint32Array, from: number, seed: number): number {
  let hash = seed;
  for (let at = from; at < from + 4; at++) {
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
