import assert from 'node:assert/strict';
import { countedAtEnd, type Part } from '../../../nodes/operations/sequence';

describe('countedAtEnd', () => {
  /** The result of batches of these sizes, and the error at their end. */
  const numbered = async (sizes: number[], error?: Error): Promise<{ batches: Part[][]; thrown: unknown }> => {
    const source = async function* (): AsyncGenerator<{ part: Part }[]> {
      let index = 0;
      for (const size of sizes)
        yield await Promise.resolve(Array.from({ length: size }, () => ({ part: { index: index++ } })));
      if (error !== undefined) throw error;
    };
    const batches: Part[][] = [];
    try {
      for await (const batch of countedAtEnd(source())) batches.push(batch.map(({ part }) => part));
    } catch (thrown) {
      return { batches, thrown };
    }
    return { batches, thrown: undefined };
  };

  it('puts the count on the last one alone', async () => {
    const { batches } = await numbered([2, 1, 2]);
    assert.deepEqual(batches, [[{ index: 0 }], [{ index: 1 }], [{ index: 2 }, { index: 3 }], [{ index: 4, count: 5 }]]);
  });

  it('holds the last one over batches without any', async () => {
    const { batches } = await numbered([1, 0, 0]);
    assert.deepEqual(batches.flat(), [{ index: 0, count: 1 }]);
  });

  it('gives nothing of nothing', async () => {
    assert.deepEqual((await numbered([])).batches, []);
    assert.deepEqual((await numbered([0])).batches.flat(), []);
  });

  it('gives the one that it holds before a failure, without a count', async () => {
    const failure = new Error('no next page');
    const { batches, thrown } = await numbered([2], failure);
    assert.deepEqual(batches.flat(), [{ index: 0 }, { index: 1 }]);
    assert.equal(thrown, failure);
    assert.deepEqual(await numbered([], failure), { batches: [], thrown: failure });
  });
});
