import type fc from 'fast-check';

/** One thing that always holds, whatever comes in. */
export interface Property<T> {
  /** What holds, in words. */
  name: string;
  /** Share of all cases, in relation to the other properties'. */
  weight: number;
  /** Most CPU time of one case, in milliseconds. */
  limitMs: number;
  /** What comes in. Hostile values come as recipes, so that a failing case can be printed. */
  arbitrary: fc.Arbitrary<T>;
  /** Throws if it does not hold. */
  check: (value: T) => void | Promise<void>;
  /** How many cases one value stands for; 1 unless told. */
  casesPerValue?: number;
  /** Done once, before the first case and after the last. */
  setUp?: () => Promise<void>;
  tearDown?: () => Promise<void>;
}

/** A property of whatever values, so that many stand in one table. */
export type AnyProperty = Property<unknown>;

/** Takes a property into a table. */
export function property<T>(one: Property<T>): AnyProperty {
  return one as unknown as AnyProperty;
}
