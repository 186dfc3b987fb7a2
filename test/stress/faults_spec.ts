import assert from 'node:assert/strict';
import type { Cell } from '../../stress/faults/cell';
import { allCells, nameOf } from '../../stress/faults/cells';
import { runMatrix } from '../../stress/faults/matrix';

/** Cells that once failed, each by a defect of the product. */
const ONCE_FAILED = [
  'claim [guide] × HTTP 429, Retry-After: 400 digits, once',
  'bulk status, error summary [guide] × HTTP 503, Retry-After: 1, once',
  'device: get [guide] × a number, once',
  'tags: get [guide] × a text, once',
  'tags: device [guide] × a number, once',
];

/** Each fault once for each node, its operations and versions taking turns, and what once failed. */
function shortForm(cells: readonly Cell[]): Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    // Half a gigabyte takes its time; the long form has it.
    if (cell.fault.heavy === true) continue;
    const key = `${cell.operation.node} ${cell.fault.name}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [cell]);
    else group.push(cell);
  }
  const turns = [...groups.values()].map((group, turn) => group[(turn * 7) % group.length]!);
  const shown = cells.filter((cell) => ONCE_FAILED.includes(nameOf(cell)));
  assert.equal(shown.length, ONCE_FAILED.length);
  return [...new Set([...turns, ...shown])];
}

describe('the fault matrix, in short', function () {
  this.timeout(120_000);

  it('ends every message once and rightly, whatever goes wrong', async () => {
    const cells = shortForm(allCells());
    const { failures, problems } = await runMatrix(cells);
    const words = failures.map((failure) => `${nameOf(failure.cell)}: ${failure.problems.join('; ')}`);
    assert.deepEqual([...words, ...problems], []);
    assert.ok(cells.length > 350, `only ${cells.length} cells`);
  });
});
