/** A result's place among several; `count` stands on the last one only. */
export interface Part {
  index: number;
  count?: number;
}

/**
 * Puts the count on the last of several results of which nobody knows how many will come; they come, and go on, several at
 * a time. The last one is held until the next one is there; if no next one comes because of a failure, it still goes out
 * before that, without a count.
 * @param batches results with their indices, from 0
 * @throws what `batches` throws
 */
export async function* countedAtEnd<T extends { part: Part }>(batches: AsyncIterable<T[]>): AsyncGenerator<T[], void> {
  let held: T | undefined;
  try {
    for await (const batch of batches) {
      if (held !== undefined) batch.unshift(held);
      held = batch.pop();
      yield batch;
    }
  } catch (error) {
    if (held !== undefined) yield [held];
    throw error;
  }
  if (held === undefined) return;
  held.part.count = held.part.index + 1;
  yield [held];
}
