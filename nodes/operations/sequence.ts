/** A result's place among several; only the last one has `count`. */
export interface Part {
  index: number;
  count?: number;
}

/**
 * Puts the count on the last of several results whose number is not known in advance. They arrive and leave in batches.
 * The last one is held until the next one arrives; if a failure comes instead, it leaves before the failure, without a
 * count.
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
