import assert from 'node:assert/strict';
import { parseErrorSummary } from '../../../nodes/parse/error-summary';

describe('parseErrorSummary: large summaries', () => {
  it('error summary: a message is cut after 1000 characters', async () => {
    const text = JSON.stringify({ errors: [`[0]: ${'x'.repeat(1001)}`] });
    assert.deepEqual(await parseErrorSummary(text), [{ row: 1, message: 'x'.repeat(1000) }]);
  });

  it('error summary: of entries that name no row 10,000 are kept, and the others are counted', async () => {
    let omitted = 0;
    const errors = [...Array.from({ length: 10_002 }, () => 'x'), '[0]: y'];
    const failures = await parseErrorSummary(JSON.stringify({ errors }), () => omitted++);
    assert.deepEqual([failures?.length, failures?.at(-1), omitted], [10_001, { row: 1, message: 'y' }, 2]);
  });

  const entries = Array.from({ length: 12_000 }, (_, index) => `[${index}]: x`);
  for (const [form, text, turns] of [
    ['in a list', JSON.stringify({ errors: entries }), 2],
    ['one per line, which are first read and then listed', entries.map((one) => JSON.stringify(one)).join('\n'), 4],
    ['of the older sentence', `(1-based)]: ${JSON.stringify({ x: entries.map((_, index) => index + 1) })}."}`, 2],
  ] as const) {
    it(`error summary: other work runs after every 5000 entries ${form}`, async () => {
      const other = countTurns();
      assert.equal((await parseErrorSummary(text))?.length, 12_000);
      assert.equal(other.stop(), turns);
    });
  }
});

/** Counts the turns of the event loop that other work gets. */
function countTurns(): { stop: () => number } {
  let turns = 0;
  let next: NodeJS.Immediate;
  const count = (): void => {
    turns++;
    next = setImmediate(count);
  };
  next = setImmediate(count);
  return {
    stop: () => {
      clearImmediate(next);
      return turns;
    },
  };
}
