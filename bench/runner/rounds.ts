import type { Bench, Figures, Goal, Load, Stage } from './bench';
import { format } from './format';
import { median } from './median';

/** A goal, and what came of it. */
export interface Verdict extends Goal {
  contender: string;
  /** Median over the rounds of the figure, or of its ratio to the peer's in the same round, or of the difference. */
  value: number;
  met: boolean;
}

/** What a bench gave. */
export interface Result {
  name: string;
  work: string;
  /** By contender, one entry per round. */
  rounds: Record<string, Figures[]>;
  verdicts: Verdict[];
}

/**
 * Lets the contenders of a bench take turns, A B C A B C …, so that other work of the computer affects all alike.
 * @param onRound called after each round, with a line to print
 * @throws {Error} when a contender can't do its work
 */
export async function runRounds(
  bench: Bench,
  load: Load,
  rounds: number,
  onRound: (words: string) => void,
): Promise<Result> {
  const stage = await bench.start(load);
  const result: Result = { name: bench.name, work: bench.work(load.scale), rounds: {}, verdicts: [] };
  try {
    for (let round = 1; round <= rounds; round++) {
      for (const [contender, play] of Object.entries(stage.contenders)) {
        const figures = await play();
        (result.rounds[contender] ??= []).push(figures);
        onRound(`${bench.name}: round ${round} of ${rounds}, ${contender}: ${wordsOf(figures)}`);
      }
    }
  } finally {
    await stage.stop();
  }
  return { ...result, verdicts: verdictsOf(stage, result.rounds) };
}

function wordsOf(figures: Figures): string {
  return Object.entries(figures)
    .map(([name, value]) => `${format(value)} ${name}`)
    .join(', ');
}

/** Median over the rounds of one figure of one contender; `NaN` if it has none. */
export function medianOf(rounds: Result['rounds'], contender: string, figure: string): number {
  return median(valuesOf(rounds, contender, figure));
}

/**
 * Median over the rounds of one contender's figure divided by another's in the same round: what slows a round down slows
 * both, so that this says more than a ratio of medians.
 */
export function ratioOf(rounds: Result['rounds'], contender: string, peer: string, figure: string): number {
  return medianOfPairs(rounds, [contender, peer], figure, (own, other) => own / other);
}

function medianOfPairs(
  rounds: Result['rounds'],
  [contender, peer]: readonly [string, string],
  figure: string,
  compare: (own: number, other: number) => number,
): number {
  const others = valuesOf(rounds, peer, figure);
  return median(valuesOf(rounds, contender, figure).map((own, round) => compare(own, others[round]!)));
}

function valuesOf(rounds: Result['rounds'], contender: string, figure: string): number[] {
  return (rounds[contender] ?? []).flatMap((figures) => figures[figure] ?? []);
}

function verdictsOf(stage: Stage, rounds: Result['rounds']): Verdict[] {
  const product = Object.keys(stage.contenders)[0]!;
  return stage.goals.map((goal) => {
    const { contender = product, atLeast = -Infinity, atMost = Infinity } = goal;
    const value = valueOf(rounds, contender, goal);
    return { ...goal, contender, value, met: value >= atLeast && value <= atMost };
  });
}

function valueOf(rounds: Result['rounds'], contender: string, { figure, against, above }: Goal): number {
  if (against !== undefined) return ratioOf(rounds, contender, against, figure);
  if (above === undefined) return medianOf(rounds, contender, figure);
  return medianOfPairs(rounds, [contender, above], figure, (own, other) => own - other);
}
