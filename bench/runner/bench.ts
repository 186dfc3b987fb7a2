/** What one contender was measured at in one round: figures by name; the name says the unit. */
export type Figures = Readonly<Record<string, number>>;

/** The figure that everything is compared by: units of work in a second. */
export const SPEED = 'per second';

/** What one figure of the product has to come to. */
export interface Goal {
  /** Whose figure; by default that of the first contender, which is the product. */
  contender?: string;
  figure: string;
  /** The peer that it is divided by, round by round; without one the figure itself counts. */
  against?: string;
  /** The peer whose figure is taken off it, round by round. */
  above?: string;
  atLeast?: number;
  atMost?: number;
}

/** A bench that is set up, with its processes running. */
export interface Stage {
  /** By name, in the order in which they take turns; the first is the product. Each call is one round of one contender. */
  contenders: Readonly<Record<string, () => Promise<Figures>>>;
  goals: readonly Goal[];
  stop: () => Promise<void>;
}

/** How much a bench does, as chosen on the command line. */
export interface Load {
  /** 1 for what the goals are about; less for a look whether a bench still works. */
  scale: number;
  /** Folder where Node-RED leaves its CPU profiles; nothing is profiled without one. */
  profiles?: string | undefined;
}

/** One piece of work that the product and its peers do side by side. */
export interface Bench {
  /** What it is called on the command line. */
  name: string;
  /** What is done, in a few words for the table. */
  work: (scale: number) => string;
  start: (load: Load) => Promise<Stage>;
  /** Most rounds; fewer do where nothing is compared. */
  mostRounds?: number;
  /** Some contenders are the same work in several sizes: how a picture shows the growth of what it costs. */
  growth?: Growth;
}

/** A picture of cost against size. */
export interface Growth {
  /** What is counted along the bottom, e.g. `messages`. */
  of: string;
  /** Which figures are drawn, one panel each. */
  figures: readonly string[];
  /** The size behind the name of a contender; `undefined` for one that is not drawn. */
  sizeOf: (contender: string) => number | undefined;
}

/** A count at this scale, at least one. */
export function scaled(count: number, scale: number): number {
  return Math.max(1, Math.round(count * scale));
}
