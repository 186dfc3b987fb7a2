import { parseArgs } from 'node:util';

/** What the benches are asked for. */
export interface BenchOptions {
  help: boolean;
  /** Which benches; none = all. */
  names: string[];
  rounds: number;
  /** See `Load`. */
  scale: number;
  profiles?: string | undefined;
  /** Where the figures of all rounds are written. */
  json?: string | undefined;
  /** Where the picture of all ratios is written. */
  svg?: string | undefined;
  /** Folder where the pictures of growth are written, `<name>.svg` each. */
  plots?: string | undefined;
}

/** Rounds that a median is made of. */
const ROUNDS = 3;

export const HELP = `Measures the product beside its peers, and prints one table.

  npm run bench -- [names] [options]
    --rounds <n>         how often the contenders take turns (${ROUNDS})
    --scale <x>          how much of the work is done, 1 for all of it; goals are for all of it
    --json <file>        writes the figures of all rounds
    --svg <file>         draws the product's speed beside that of its peers
    --plots <folder>     draws how cost grows, for each bench with several sizes
    --profiles <folder>  makes the product leave its CPU profiles there (and be slower), and sums them up
    --help               prints this
`;

/**
 * Reads the command line.
 * @param known names of all benches
 * @throws {TypeError} with a sentence for the user
 */
export function readOptions(argv: string[], known: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      rounds: text,
      scale: text,
      json: text,
      svg: text,
      plots: text,
      profiles: text,
    },
  });
  for (const name of positionals) {
    if (!known.includes(name)) throw new TypeError(`There is no bench "${name}", only ${known.join(', ')}.`);
  }
  const { help, json, svg, plots, profiles } = values;
  return {
    help,
    names: positionals,
    rounds: readPositive('rounds', values.rounds ?? String(ROUNDS)),
    scale: readPositive('scale', values.scale ?? '1'),
    json,
    svg,
    plots,
    profiles,
  };
}

function readPositive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new TypeError(`--${name} must be a number above 0, not "${text}".`);
  return number;
}
