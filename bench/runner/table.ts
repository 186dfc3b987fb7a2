import { SPEED } from './bench';
import { format } from './format';
import { median } from './median';
import { ratioOf, type Result, type Verdict } from './rounds';

const HEAD = ['work', 'who', 'figure', 'median', 'range', 'ratio', 'goal', 'result'];
/** Columns that hold words, and so begin at the left. */
const WORDS = new Set(['work', 'who', 'figure', 'goal', 'result']);

/**
 * One table of all benches. `ratio` is the product's speed divided by this peer's, a median over the rounds. A goal
 * stands in the row of the figure it is about: in the peer's row if it is about a ratio.
 */
export function tableOf(results: readonly Result[]): string {
  const rows = results.flatMap(rowsOf);
  const widths = HEAD.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (WORDS.has(HEAD[column]!) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(HEAD), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

function rowsOf({ name, work, rounds, verdicts }: Result): string[][] {
  const product = Object.keys(rounds)[0]!;
  const rows: string[][] = [];
  for (const [contender, played] of Object.entries(rounds)) {
    for (const figure of Object.keys(played[0]!)) {
      const values = played.flatMap((figures) => figures[figure] ?? []);
      const isPeer = figure === SPEED && contender !== product;
      const placed = verdicts.filter((one) => one.figure === figure && placeOf(one) === contender);
      const join = (textOf: (verdict: Verdict) => string): string =>
        placed.map((one) => textOf(one) + whoseOf(one, product)).join('; ');
      rows.push([
        rows.length === 0 ? `${name}: ${work}` : '',
        contender === rows.findLast((row) => row[1] !== '')?.[1] ? '' : contender,
        figure,
        format(median(values)),
        `${format(Math.min(...values))} - ${format(Math.max(...values))}`,
        isPeer ? format(ratioOf(rounds, product, contender, SPEED)) : '',
        join(goalOf),
        join(resultOf),
      ]);
    }
  }
  return rows;
}

/** In whose row a goal stands: the peer's if it is about one. */
function placeOf({ against, above, contender }: Verdict): string {
  return against ?? above ?? contender;
}

/** Names the contender of a goal that stands in a peer's row, if it is not the product. */
function whoseOf({ against, above, contender }: Verdict, product: string): string {
  return (against ?? above) === undefined || contender === product ? '' : ` (${contender})`;
}

/** A goal in signs: `≤ 96`, or `≥ 0.6 ×` or `≤ 150 more` than the peer in whose row it stands. */
function goalOf({ atLeast, atMost, against, above }: Verdict): string {
  const bounds = [
    ...(atLeast === undefined ? [] : [`≥ ${format(atLeast)}`]),
    ...(atMost === undefined ? [] : [`≤ ${format(atMost)}`]),
  ];
  return bounds.join(', ') + (against === undefined ? '' : ' ×') + (above === undefined ? '' : ' more');
}

/** Whether a goal was met, or by how much it was missed. */
function resultOf({ value, met, atLeast, atMost, above }: Verdict): string {
  const told = above === undefined ? '' : ` (${format(value)} more)`;
  if (met) return `met${told}`;
  const bound = atLeast !== undefined && !(value >= atLeast) ? atLeast : atMost!;
  const miss = Math.abs(value - bound);
  return `missed by ${bound === 0 ? format(miss) : `${format((miss / bound) * 100)} %`}${told}`;
}
