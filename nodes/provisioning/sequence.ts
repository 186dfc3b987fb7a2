/** One of several results, and its place among them; `count` stands on the last one only. */
export interface Numbered<T> {
  value: T;
  part: { index: number; count?: number };
}

/**
 * Numbers results of which nobody knows how many will come; they come, and go on, several at a time. The last one is held
 * until the next one is there, so that the very last can carry the count; if no next one comes because of a failure, it
 * still goes out before that.
 * @throws what `batches` throws
 */
export async function* numbered<T>(batches: AsyncIterable<Iterable<T>>): AsyncGenerator<Numbered<T>[], void> {
  let index = 0;
  let held: { value: T } | undefined;
  try {
    for await (const batch of batches) {
      const pieces: Numbered<T>[] = [];
      for (const value of batch) {
        if (held !== undefined) pieces.push({ value: held.value, part: { index: index++ } });
        held = { value };
      }
      yield pieces;
    }
  } catch (error) {
    if (held !== undefined) yield [{ value: held.value, part: { index } }];
    throw error;
  }
  if (held !== undefined) yield [{ value: held.value, part: { index, count: index + 1 } }];
}
