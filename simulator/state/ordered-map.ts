/** What an entry of an {@link OrderedMap} has to have. */
export interface Entry {
  readonly id: string;
  /** Position in the order of insertion. Never used twice, so that a page can continue after any entry. */
  readonly sequence: number;
  /** No longer in the map, but still in its order until the next compaction. */
  removed: boolean;
}

/** One page; `next` is the sequence number after which the following page starts. */
export interface Page<T> {
  items: T[];
  next?: number;
}

/** A map in the order of insertion, with pages that cost what they hold and not what the map holds. */
export class OrderedMap<T extends Entry> {
  private readonly byId = new Map<string, T>();
  private ordered: T[] = [];
  private sequence = 0;

  get size(): number {
    return this.byId.size;
  }

  find(id: string): T | undefined {
    return this.byId.get(id);
  }

  /** The entries, oldest first. */
  *all(): Generator<T> {
    for (const entry of this.ordered) if (!entry.removed) yield entry;
  }

  /** Adds what `create` makes of the next sequence number. */
  add(create: (sequence: number) => T): T {
    const entry = create(++this.sequence);
    this.byId.set(entry.id, entry);
    this.ordered.push(entry);
    return entry;
  }

  remove(entry: T): void {
    entry.removed = true;
    this.byId.delete(entry.id);
    // Compacting at every removal would make removing all of a large map quadratic.
    if (this.ordered.length > 2 * this.byId.size + 1000) this.ordered = this.ordered.filter((one) => !one.removed);
  }

  /**
   * Entries added after the one with this sequence number.
   * @param limit most entries on the page
   */
  page(after: number, limit: number, matches?: (entry: T) => boolean): Page<T> {
    const items: T[] = [];
    for (let index = this.firstAfter(after); index < this.ordered.length; index++) {
      const entry = this.ordered[index]!;
      if (entry.removed || matches?.(entry) === false) continue;
      if (items.length === limit) return { items, next: items.at(-1)?.sequence ?? after };
      items.push(entry);
    }
    return { items };
  }

  private firstAfter(sequence: number): number {
    let low = 0;
    let high = this.ordered.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ordered[middle]!.sequence > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
